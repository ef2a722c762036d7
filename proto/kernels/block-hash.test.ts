// The hash of blocks against vectors of XXH64, and its independence of how the bytes are cut.
import fc from "fast-check";
import { expect, test } from "vitest";
import { blockHash32, blockHashText } from "./block-hash.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

test("equals XXH64 for known inputs", () => {
  const known: readonly (readonly [string, string])[] = [
    ["a", "d24ec4f1a98c6e5b"],
    ["abc", "44bc2cf5ad770999"],
    ["Nobody inspects the spammish repetition", "fbcea83c8a378bf1"],
  ];
  for (const [text, hash] of known) expect(blockHashText([bytesOf(text)]), text).toBe(hash);
});

test("does not depend on how the bytes are cut, and changes with each of them", () => {
  const cases = fc.tuple(
    fc.integer({ min: 1, max: 200_000 }),
    fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }),
    fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  );
  fc.assert(
    fc.property(cases, ([length, cuts, spoiled]) => {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);
      const whole = blockHash32([bytes]);
      const ends = [...cuts.map((cut) => Math.floor(cut * length)).sort((a, b) => a - b), length];
      const parts = ends.map((end, at) => bytes.subarray(at === 0 ? 0 : ends[at - 1], end));
      expect(blockHash32(parts)).toBe(whole);
      const at = Math.floor(spoiled * length);
      bytes[at] = bytes[at]! ^ 0x10;
      expect(blockHash32([bytes])).not.toBe(whole);
    }),
    { numRuns: 50 },
  );
});
