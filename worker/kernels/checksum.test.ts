// Known sums, and that neither cuts nor places in a buffer matter, but each bit does.

import fc from "fast-check";
import { expect, test } from "vitest";
import { checksumOf, checksumOfAll } from "./checksum.ts";

test.each([
  ["", 0],
  ["123456789", 0xcbf43926],
  ["The quick brown fox jumps over the lazy dog", 0x414fa339],
])("knows the sum of %j", (text, sum) => {
  expect(checksumOf(new TextEncoder().encode(text))).toBe(sum);
});

test("goes on over parts without bytes", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const sum = checksumOf(bytes);
  expect(checksumOf(new Uint8Array(0), sum)).toBe(sum);
  expect(checksumOfAll([bytes.subarray(0, 1), new Uint8Array(0), bytes.subarray(1)])).toBe(sum);
});

test("does not depend on how the bytes are cut, and changes with each bit", () => {
  const cases = fc.tuple(
    fc.integer({ min: 1, max: 3000 }),
    fc.array(fc.nat(3000), { maxLength: 5 }),
    fc.nat(),
    fc.nat(7),
  );
  fc.assert(
    fc.property(cases, ([length, cuts, place, bit]) => {
      const bytes = Uint8Array.from({ length: length + 3 }, (_, i) => (i * 31 + (i >> 8)) & 255);
      const whole = bytes.subarray(3);
      const ends = [...cuts.map((cut) => cut % length).sort((a, b) => a - b), length];
      const parts = ends.map((end, at) => whole.subarray(at === 0 ? 0 : ends[at - 1], end));
      const sum = checksumOf(whole.slice());
      expect(checksumOfAll(parts)).toBe(sum);
      expect(checksumOf(new Uint8Array(new SharedArrayBuffer(length)).fill(7))).toBe(
        checksumOf(new Uint8Array(length).fill(7)),
      );
      const spoiled = place % length;
      whole[spoiled] = whole[spoiled]! ^ (1 << bit);
      expect(checksumOf(whole)).not.toBe(sum);
    }),
    { numRuns: 100 },
  );
});
