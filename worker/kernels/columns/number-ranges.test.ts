// Ranges by the kernel against a search by comparison of the words that a sort orders by.

import fc from "fast-check";
import { expect, test } from "vitest";
import { columnOfValues } from "../testing/arbitrary-columns.ts";
import { argsort } from "./argsort.ts";
import { concat } from "./concat.ts";
import { gather, slice } from "./gather.ts";
import { numberRanges, wordRanges } from "./number-ranges.ts";
import { sortSteps } from "./sort-words.ts";

const kinds = {
  float64: fc.oneof(fc.double(), fc.constantFrom(0, -0, Number.NaN, 1, -1, 0.25)),
  int53: fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -3, max: 3 })),
  int64: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constant(7n)),
} as const;

test.each(Object.entries(kinds))("%s", (kind, value) => {
  const values = fc.array<unknown>(value, { minLength: 600, maxLength: 600 });
  const bounds = fc.array<unknown>(value, { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(values, bounds, fc.constantFrom("asc", "desc"), (rows, some, direction) => {
      // A value that is a bound as well.
      const column = columnOfValues("v", kind, [...rows.slice(1), some[0]]);
      const anyOrder = columnOfValues("v", kind, some);
      const order = argsort(some.length, sortSteps(anyOrder, direction, "first"));
      const ordered = gather(anyOrder, order);
      const found = numberRanges(column, ordered, direction)!;
      const [high, low] = sortSteps(concat("v", [ordered, column]), direction, "first");
      if (high?.kind !== "words" || low?.kind !== "words") throw new Error("no words");
      const keys = [...high.words].map(
        (word, at) => BigInt(word) * 2n ** 32n + BigInt(low.words[at]!),
      );
      const boundKeys = keys.slice(0, some.length);
      const rowKeys = keys.slice(some.length);
      const ranges = rowKeys.map((key) => boundKeys.filter((bound) => bound < key).length);
      expect([...found.ranges]).toEqual(ranges);
      const open = rowKeys.flatMap((key, row) => (boundKeys[ranges[row]!] === key ? [row] : []));
      expect([...found.open]).toEqual(open);
      expect(open).toContain(rows.length - 1);
    }),
    { numRuns: 30 },
  );
});

test("few rows, nulls and other types are left to words", () => {
  const column = columnOfValues(
    "v",
    "float64",
    Array.from({ length: 600 }, (_, i) => i),
  );
  const bounds = slice(column, 3, 4);
  expect(numberRanges(column, bounds, "asc")).toBeDefined();
  expect(numberRanges(slice(column, 0, 100), bounds, "asc")).toBeUndefined();
  expect(numberRanges(column, columnOfValues("v", "int64", [3n]), "asc")).toBeUndefined();
  const withNull = columnOfValues("v", "float64", [null, ...Array.from({ length: 600 }, () => 1)]);
  expect(numberRanges(withNull, bounds, "asc")).toBeUndefined();
});

test("words of any keys", () => {
  const word = fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.constantFrom(0, 0x8000_0000));
  const key = fc.tuple(word, word).map(([high, low]) => BigInt(high) * 2n ** 32n + BigInt(low));
  const words = (keys: readonly bigint[]) => ({
    high: Uint32Array.from(keys, (each) => Number(each >> 32n)),
    low: Uint32Array.from(keys, (each) => Number(each & 0xffff_ffffn)),
    areAll: true,
  });
  const keys = fc.array(key, { minLength: 600, maxLength: 600 });
  fc.assert(
    fc.property(keys, fc.array(key, { minLength: 1, maxLength: 9 }), (some, bounds) => {
      const rows = [...some.slice(1), bounds[0]!];
      const ordered = bounds.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      const found = wordRanges(words(rows), words(ordered))!;
      const ranges = rows.map((row) => ordered.filter((bound) => bound < row).length);
      expect([...found.ranges]).toEqual(ranges);
      const open = ranges.flatMap((range, row) => (ordered[range] === rows[row] ? [row] : []));
      expect([...found.open]).toEqual(open);
    }),
    { numRuns: 30 },
  );
  expect(wordRanges(words([1n]), words([1n]))).toBeUndefined();
});
