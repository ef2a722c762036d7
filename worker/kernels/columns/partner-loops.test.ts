// Loops over partners in the kernel, against plain ones.

import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { bitAt } from "./bits.ts";
import { listFound, PartnerTable, packFound, placesWithin, presentRows } from "./partner-loops.ts";

const random = (i: number): number => Math.imul(i + 1, 0x9e3779b1);
/** Around the rows of one piece, and of eight rows that share a byte. */
const counts = [0, 1, 7, 8, 9, 16_384, 16_393];

/** Quicker than a comparison that could show the difference. */
const areEqual = (a: readonly number[], b: readonly number[]) =>
  expect(isDeepStrictEqual(a, b)).toBe(true);

/** Of three rows one has no partner. */
const partnersOf = (count: number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => (random(i) % 3 === 0 ? -1 : random(i) >>> 1));

test("rows with a partner are listed, and packed with it", () => {
  for (const count of counts) {
    const partners = partnersOf(count);
    const rows = [...partners.keys()].filter((row) => partners[row]! >= 0);
    const listed = new Int32Array(count);
    areEqual([...listed.subarray(0, listFound(partners, listed))], rows);
    const [packed, beside] = [partners.slice(), new Int32Array(count)];
    const found = packFound(packed, beside);
    areEqual([...beside.subarray(0, found)], rows);
    areEqual(
      [...packed.subarray(0, found)],
      rows.map((row) => partners[row]!),
    );
  }
});

test("a bit says of each row whether it has a partner, and no bit is set behind the last", () => {
  for (const count of counts) {
    const partners = partnersOf(count);
    const { valid, inside } = presentRows(partners);
    const bits = Array.from({ length: 8 * valid.length }, (_, row) => bitAt(valid, row));
    areEqual(
      bits,
      bits.map((_, row) => (row < count && partners[row]! >= 0 ? 1 : 0)),
    );
    areEqual(
      [...inside],
      [...partners].map((partner) => Math.max(partner, 0)),
    );
  }
});

test("numbers find their place, and their partner in a table, from any least number on", () => {
  for (const least of [0, -0x8000_0000, 0x7fff_fff0, -5]) {
    for (const count of counts) {
      const near = (i: number): number => (least + (random(i) % 20)) | 0;
      const numbers = Int32Array.from({ length: count }, (_, i) => (i % 9 ? near(i) : random(i)));
      const table = partnersOf(12);
      const places = [...numbers].map((number) => {
        const place = number - least;
        return place >= 0 && place < table.length ? place : -1;
      });
      const into = new Int32Array(count);
      const within = placesWithin(numbers, least, table.length, into);
      areEqual([...into], places);
      expect(within).toBe(places.filter((place) => place >= 0).length);
      const partners = places.map((place) => (place < 0 ? -1 : table[place]!));
      const kernel = new PartnerTable(table, least);
      const found = kernel.find(numbers, into);
      kernel.close();
      areEqual([...into], partners);
      expect(found).toBe(partners.filter((partner) => partner >= 0).length);
    }
  }
});
