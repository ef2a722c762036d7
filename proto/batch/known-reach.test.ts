// What words are said to reach is never less than any of them.
import fc from "fast-check";
import { expect, test } from "vitest";
import { findReach, noteReach, reachOfWords } from "./known-reach.ts";

test("no word is further from zero, and twice the furthest is as far", () => {
  const words = fc.array(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), { minLength: 1 });
  const near = fc.array(fc.integer({ min: -1000, max: 1000 }).map(BigInt), { minLength: 1 });
  fc.assert(
    fc.property(fc.oneof(words, near), (values) => {
      const reach = findReach(BigInt64Array.from(values));
      const furthest = Math.max(...values.map((value) => Math.abs(Number(value))));
      expect(reach).toBeGreaterThanOrEqual(furthest);
      // Bits of several values may come together, and one of both signs is one more.
      expect(reach).toBeLessThanOrEqual(Math.max(1, 2 * furthest));
    }),
  );
});

test("what was noted is not looked for", () => {
  const words = BigInt64Array.of(5n);
  noteReach(words, 8);
  expect(reachOfWords(words.subarray(0, 1))).toBe(8);
  expect(reachOfWords(BigInt64Array.of(5n))).toBe(6);
});
