// Equal keys of any types have one division; close whole numbers have neighbouring ones.
import fc from "fast-check";
import { expect, test } from "vitest";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import { canonicalText } from "../../kernels/canonical-text.ts";
import { placeOf } from "../../kernels/columns/small-integer-table.ts";
import { arbitraryColumn, columnOfValues } from "../../kernels/testing/arbitrary-columns.ts";
import { divisionBits, divisionByHash, divisionByRange } from "./division.ts";

const numbers = (values: readonly number[]) => columnOfValues("k", "int32", values);

test("equal keys meet, whatever the types of their columns", () => {
  const sample = fc.array(fc.integer({ min: -3, max: 40 }), { minLength: 20, maxLength: 40 });
  const batches = fc.array(
    fc.integer({ min: 1, max: 12 }).chain((rows) => arbitraryColumn("k", rows)),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(sample, batches, fc.boolean(), (values, parts, byRange) => {
      const divisionOf = byRange ? divisionByRange([numbers(values)])! : divisionByHash(1);
      const known = new Map<string, number>();
      for (const column of [numbers(values), ...parts.map((part) => part.column)]) {
        const places = divisionOf([column], column.length);
        for (const [row, value] of columnValues(column).entries()) {
          // Decimals are text in rows, and equal numbers as keys.
          const isDigits = column.type === "decimal" && value !== null && value !== undefined;
          const key = canonicalText(isDigits ? Number(value) : (value ?? null));
          if (isDigits && !Number.isSafeInteger(Number(value))) continue;
          expect(places[row]).toBeGreaterThanOrEqual(0);
          expect(places[row]).toBeLessThan(1 << divisionBits);
          if (!known.has(key)) known.set(key, places[row]!);
          expect(places[row], key).toBe(known.get(key));
        }
      }
    }),
  );
});

test("a range is divided evenly, and what lies near belongs to its ends", () => {
  const keys = Array.from({ length: 6400 }, (_, i) => i - 100);
  const divisionOf = divisionByRange([numbers(keys)])!;
  const places = divisionOf([numbers(keys)], keys.length);
  const counts = new Map<number, number>();
  for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
  expect(counts.size).toBeGreaterThan(32);
  expect(Math.max(...counts.values())).toBeLessThanOrEqual(128);
  const outside = numbers([-900, -101, 6300, 7099]);
  expect(Array.from(divisionOf([outside], 4))).toEqual([0, 0, 63, 63]);
});

test("what lies far from the first keys is divided evenly too", () => {
  const divisionOf = divisionByRange([numbers(Array.from({ length: 1000 }, (_, i) => i))])!;
  const later = numbers(Array.from({ length: 64_000 }, (_, i) => 100_000 + i));
  const counts = new Int32Array(1 << divisionBits);
  for (const place of divisionOf([later], later.length)) counts[place]!++;
  expect(Math.min(...counts)).toBeGreaterThan(500);
  expect(Math.max(...counts)).toBeLessThan(2000);
});

test("keys of one division lie apart in a table of small whole numbers", () => {
  const divisionOf = divisionByRange([numbers(Array.from({ length: 1000 }, (_, i) => i))])!;
  const later = Array.from({ length: 64_000 }, (_, i) => 100_000 + i);
  const places = divisionOf([numbers(later)], later.length);
  const own = later.filter((_, row) => places[row] === 5);
  const parts = new Set(own.map((key) => placeOf(key) >>> (32 - divisionBits)));
  expect(parts.size).toBe(1 << divisionBits);
});

test("keys that lie far apart, texts and pairs have no range", () => {
  expect(divisionByRange([numbers([1, 1000])])).toBeUndefined();
  expect(divisionByRange([columnOfValues("k", "utf8", ["a"])])).toBeUndefined();
  expect(divisionByRange([numbers([1, 2]), numbers([1, 2])])).toBeUndefined();
});
