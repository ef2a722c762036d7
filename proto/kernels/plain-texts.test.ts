// Texts of any lengths come out end to end; pages that end early are told.
import fc from "fast-check";
import { expect, test } from "vitest";
import { readPlainTexts, takeTexts } from "./plain-texts.ts";

function pageOf(texts: readonly Uint8Array[]): Uint8Array {
  const pieces = texts.flatMap((text) => [Buffer.alloc(4), text]);
  for (const [at, text] of texts.entries()) (pieces[2 * at] as Buffer).writeUInt32LE(text.length);
  return Uint8Array.from(Buffer.concat(pieces));
}

const lengths = fc.oneof(fc.integer({ min: 0, max: 80 }), fc.constantFrom(15, 16, 17, 64, 65, 300));
const texts = fc.array(
  lengths.chain((length) => fc.uint8Array({ minLength: length, maxLength: length })),
  { maxLength: 30 },
);

test("texts of any lengths come out as they went in", () => {
  fc.assert(
    fc.property(texts, fc.nat(30), (all, wanted) => {
      const count = Math.min(wanted, all.length);
      const { offsets, values } = readPlainTexts(pageOf(all), count)!;
      const own = all.slice(0, count);
      expect(offsets).toHaveLength(count + 1);
      expect(Array.from(offsets, (end, at) => end - (offsets[at - 1] ?? 0)).slice(1)).toEqual(
        own.map(({ length }) => length),
      );
      expect(Buffer.concat(own).equals(values)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test("a page that ends within a text or its length is told, whatever lay in memory before", () => {
  fc.assert(
    fc.property(texts, fc.nat(), (all, seed) => {
      if (all.length === 0) return;
      const page = pageOf(all);
      readPlainTexts(page, all.length);
      expect(readPlainTexts(page.subarray(0, seed % page.length), all.length)).toBeUndefined();
    }),
    { numRuns: 200 },
  );
});

test("counts and lengths that are none are told before any memory is asked for", () => {
  expect(readPlainTexts(new Uint8Array(16), 2 ** 31)).toBeUndefined();
  expect(readPlainTexts(Uint8Array.of(255, 255, 255, 255, 1, 2, 3, 4), 1)).toBeUndefined();
  expect(readPlainTexts(Uint8Array.of(0, 0, 0, 128, 1, 2, 3, 4), 1)).toBeUndefined();
});

test("texts of a dictionary stand for their codes, wherever its first one begins", () => {
  fc.assert(
    fc.property(texts, fc.array(fc.nat(), { maxLength: 400 }), fc.nat(5), (all, picks, skipped) => {
      if (all.length <= skipped) return;
      const { offsets, values } = readPlainTexts(pageOf(all), all.length)!;
      const known = all.slice(skipped);
      const codes = Int32Array.from(picks, (pick) => pick % known.length);
      const taken = takeTexts({ offsets: offsets.subarray(skipped), values }, codes);
      if (known.length + 1 > 8 * codes.length) {
        expect(taken).toBeUndefined();
        return;
      }
      const own = Array.from(codes, (code) => known[code]!);
      expect(Buffer.concat(own).equals(taken!.values)).toBe(true);
      let end = 0;
      expect(Array.from(taken!.offsets)).toEqual([0, ...own.map(({ length }) => (end += length))]);
    }),
    { numRuns: 100 },
  );
});
