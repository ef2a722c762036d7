// Numbers of pairs, against a map of their texts: of few numbers, of more and more, and of many.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type CountedGroups, PairTable } from "./pair-table.ts";

/** Codes run the other way than the numbers they stand for. */
function asGroups(numbers: Int32Array, count: number, isCoded: boolean): CountedGroups {
  if (!isCoded) return { numbers, codes: undefined, count };
  const ofCodes = Int32Array.from({ length: count }, (_, code) => count - 1 - code);
  return { numbers: ofCodes, codes: numbers.map((number) => count - 1 - number), count };
}

test("equal pairs have one number, by order of coming, however many numbers there are", () => {
  const side = fc.constantFrom(1, 3, 40, 5000);
  const coded = fc.tuple(fc.boolean(), fc.boolean());
  const rowsMax = { min: 1, max: 400 };
  const batch = fc.tuple(side, side, fc.integer(rowsMax), fc.nat({ max: 1000 }), coded);
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 6 }), (batches) => {
      const table = new PairTable();
      const known = new Map<string, number>();
      const wrong: string[] = [];
      let [lefts, rights] = [0, 0];
      for (const [leftMax, rightMax, rows, seed, [isLeft, isRight]] of batches) {
        const left = Int32Array.from({ length: rows }, (_, i) => (i * 7919 + seed) % leftMax);
        const right = Int32Array.from({ length: rows }, (_, i) => (i * 104_729 + seed) % rightMax);
        lefts = Math.max(lefts, leftMax);
        rights = Math.max(rights, rightMax);
        const texts = Array.from(left, (own, i) => `${own} ${right[i]}`);
        const before = table.find(left, right);
        const expected = texts.map((text) => known.get(text) ?? -1);
        for (const text of texts) if (!known.has(text)) known.set(text, known.size);
        const sides = [asGroups(left, lefts, isLeft), asGroups(right, rights, isRight)] as const;
        const numbers = table.add(rows, ...sides);
        for (const [i, text] of texts.entries()) {
          if (numbers[i] !== known.get(text) || before[i] !== expected[i]) wrong.push(text);
        }
      }
      expect(wrong).toEqual([]);
      expect(table.size).toBe(known.size);
      expect(Array.from(table.find(Int32Array.of(-1, 0), Int32Array.of(0, -1)))).toEqual([-1, -1]);
    }),
    { numRuns: 150 },
  );
});
