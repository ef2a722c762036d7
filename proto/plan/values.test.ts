// Values of rows and results: whatever is encoded comes back as it was, and as JSON where JSON can say it.

import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeValue, encodeValue } from "./values.ts";

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.constant(undefined),
      fc.double(),
      fc.integer(),
      fc.bigInt(),
      fc.date({ noInvalidDate: true }),
      fc.uint8Array({ maxLength: 3 }),
    ),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom("$millrace", "v", "a", "__proto__"), fc.string()),
      tie("value"),
      { maxKeys: 3, noNullPrototype: true },
    ),
  ),
})).value;

test("any value comes back as it was", () => {
  fc.assert(
    fc.property(value, (given) => {
      expect(decodeValue(encodeValue(given))).toStrictEqual(given);
    }),
    { numRuns: 2000 },
  );
});

test("what JSON can say stands there as it is", () => {
  const rows = [{ name: "a", count: 1, of: [0.5, null, true], deep: { x: "\ud800" } }, []];
  expect(encodeValue(rows)).toBe(JSON.stringify(rows));
});

test("what an object says of itself by a method of its class is not asked", () => {
  class Point {
    x = 1;
    toJSON() {
      return "other";
    }
  }
  expect(encodeValue([new Point()])).toBe('[{"x":1}]');
});

test("what JSON would leave out or alter is tagged, however deep it stands", () => {
  const encoded = encodeValue([{ plain: 1, odd: [Number.NaN, -0, undefined, 1n, new Date(5)] }]);
  expect(encoded).toBe(
    '[{"plain":1,"odd":[{"$millrace":"nan"},{"$millrace":"-0"},{"$millrace":"undefined"},' +
      '{"$millrace":"bigint","v":"1"},{"$millrace":"date","v":5}]}]',
  );
});

test("functions, maps and cycles are refused", () => {
  const cycle: unknown[] = [];
  cycle.push({ cycle });
  for (const refused of [() => 1, new Map(), Symbol("s"), [{ at: new Set() }]]) {
    expect(() => encodeValue(refused)).toThrow("cannot be a row");
  }
  expect(() => encodeValue(cycle)).toThrow("nested deeper than 64 levels or circular");
});
