// The order of values is total, and that of strings is the order of their UTF-8 bytes.
import fc from "fast-check";
import { expect, test } from "vitest";
import { stableHash32 } from "../kernels/stable-hash.ts";
import { hashKey } from "./canonical.ts";
import { compareStrings, compareValues } from "./order.ts";

const unit = fc.constantFrom("a", "b", "\u007f", "é", "\ue000", "\uffff", "😀", "𐀀");
const text = fc.array(unit, { maxLength: 4 }).map((units) => units.join(""));
const value = fc.oneof(
  fc.constantFrom(null, undefined, true, false, 0, -0, Number.NaN, 1, 1n, new Date(0), new Date(5)),
  text,
  fc.array(fc.constantFrom(1, "a", null), { maxLength: 2 }),
  fc.record({ a: fc.constantFrom(1, 2), b: text }, { requiredKeys: [] }),
);

test("strings are ordered by code points", () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
      expect(Math.sign(compareStrings(a, b))).toBe(bytes);
    }),
  );
});

test("any values are ordered totally", () => {
  fc.assert(
    fc.property(value, value, value, (a, b, c) => {
      expect(Math.sign(compareValues(a, b)) + Math.sign(compareValues(b, a))).toBe(0);
      expect(compareValues(a, a)).toBe(0);
      if (compareValues(a, b) <= 0 && compareValues(b, c) <= 0) {
        expect(compareValues(a, c)).toBeLessThanOrEqual(0);
      }
    }),
  );
});

test("types come in a fixed order", () => {
  // Array.sort itself puts undefined last, whatever it is told.
  expect(compareValues(undefined, null)).toBeLessThan(0);
  const ordered = [null, false, true, -1, 7, Number.NaN, 3n, new Date(0), "", "a", [], {}];
  expect([...ordered].reverse().sort((a, b) => compareValues(a, b))).toEqual(ordered);
});

test("a key that is undefined is one that is missing", () => {
  const pairs = [
    [{ a: undefined, b: 1 }, { b: 1 }],
    [{ a: undefined }, {}],
    [{ x: { a: undefined } }, { x: {} }],
  ] as const;
  for (const [left, right] of pairs) {
    expect(compareValues(left, right)).toBe(0);
    expect(hashKey(left)).toBe(hashKey(right));
  }
  expect(compareValues({ a: undefined, b: 1 }, { b: 0 })).toBeGreaterThan(0);
  expect(hashKey([undefined])).not.toBe(hashKey([]));
});

test("strings hash as their bare UTF-8 bytes", () => {
  fc.assert(
    fc.property(text, (key) => {
      expect(hashKey(key)).toBe(stableHash32(new TextEncoder().encode(key)));
    }),
  );
  expect(hashKey("x".repeat(10_000))).toBe(stableHash32(Buffer.from("x".repeat(10_000))));
});
