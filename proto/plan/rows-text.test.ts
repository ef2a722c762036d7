// Rows that travel as text come back as they were, whichever of them went by columns.

import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeResult, RowsText } from "./rows-text.ts";
import { decodeValue, encodeValue } from "./values.ts";

const cell = fc.oneof(
  fc.string(),
  fc.constantFrom("red", "green", "\ud800", "\\u0041", "$millrace"),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.date({ noInvalidDate: true }),
  fc.array(fc.oneof(fc.integer(), fc.constantFrom("red", -0)), { maxLength: 2 }),
  fc.record(
    { $millrace: fc.constantFrom("nan", "rows"), v: fc.integer() },
    { noNullPrototype: true },
  ),
);
const key = fc.oneof(
  fc.constantFrom("$millrace", "__proto__", "toString", "", "0", "columns", "words"),
  fc.string(),
);

function recordOf(keys: readonly string[], values: readonly unknown[]): unknown {
  return Object.fromEntries(keys.map((name, at) => [name, values[at]]));
}

/** Rows of the same keys, as results mostly are; now and then one of others. */
const rows = fc
  .tuple(fc.uniqueArray(key, { maxLength: 4 }), fc.nat({ max: 3 }), fc.boolean())
  .chain(([keys, kinds, mixed]) => {
    const values = fc.array(kinds === 0 ? fc.constantFrom("red", "green", "blue") : cell, {
      minLength: keys.length,
      maxLength: keys.length,
    });
    const record = values.map((of) => recordOf(keys, of));
    const row = mixed ? fc.oneof({ weight: 60, arbitrary: record }, cell) : record;
    return fc.array(row, { maxLength: 120 });
  });

test("whatever a program returns comes back as it was", () => {
  fc.assert(
    fc.property(rows, (given) => {
      expect(decodeValue(encodeResult(given))).toStrictEqual(given);
    }),
    { numRuns: 400 },
  );
});

test("rows come back in order, however they came in pieces", () => {
  fc.assert(
    fc.property(fc.array(rows, { maxLength: 4 }), (pieces) => {
      const text = new RowsText();
      for (const piece of pieces) text.add(piece);
      expect(text.rows).toBe(pieces.flat().length);
      expect(decodeValue(text.text())).toStrictEqual(pieces.flat());
    }),
    { numRuns: 200 },
  );
});

test("few rows stand there as JSON says them", () => {
  const few = [{ name: "a" }, { name: "b" }];
  const text = new RowsText();
  text.add(few);
  expect(text.text()).toBe(JSON.stringify(few));
  expect(encodeResult(few)).toBe(JSON.stringify(few));
});

test("many records name their keys once, and texts that repeat once each", () => {
  const many = Array.from({ length: 40 }, (_, at) => ({ brand: at % 2 === 0 ? "x" : "y", at }));
  const text = encodeResult(many);
  expect(text.match(/brand/g)).toHaveLength(1);
  expect(text.match(/"x"/g)).toHaveLength(1);
  expect(text.length).toBeLessThan(encodeValue(many).length / 2);
  expect(decodeValue(text)).toStrictEqual(many);
});

test("records come back as objects of their own", () => {
  const many = Array.from({ length: 40 }, () => ({ of: [1], also: null as unknown }));
  const back = decodeValue(encodeResult(many)) as { of: number[]; also: unknown }[];
  back[0]!.also = 1;
  back[0]!.of.push(2);
  expect(back[1]).toStrictEqual({ of: [1], also: null });
});

test("no text grows much longer than it may be", () => {
  const text = new RowsText();
  text.add(
    Array.from({ length: 1000 }, () => "x".repeat(100)),
    1000,
  );
  expect(text.units).toBeLessThan(1200);
});
