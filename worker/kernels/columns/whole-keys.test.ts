// Keys as whole numbers, against the values that they were made of.

import fc from "fast-check";
import { expect, test } from "vitest";
import { columnOfValues } from "../testing/arbitrary-columns.ts";
import { KeyPacking, type WholeKeys, wholeKeys } from "./whole-keys.ts";

const shown = ({ values, outside }: WholeKeys) =>
  [...values].map((value, row) => (outside?.[row] === 1 ? "-" : value));

test("what equals no whole number of 32 bits is outside", () => {
  const cases = [
    ["int32", [7, null, -8]],
    ["float64", [7, 0.5, -0, null, Number.NaN, 2 ** 31, -(2 ** 31), Number.POSITIVE_INFINITY]],
    ["int64", [7n, 2n ** 31n, -(2n ** 31n), null, 2n ** 40n + 7n]],
    ["utf8", ["7"]],
  ] as const;
  const found = cases.map(([kind, values]) => wholeKeys(columnOfValues("k", kind, values)));
  expect(found.map((keys) => keys && shown(keys))).toEqual([
    [7, "-", -8],
    [7, "-", 0, "-", "-", "-", -2147483648, "-"],
    [7, "-", -2147483648, "-", "-"],
    undefined,
  ]);
});

test("several columns are one number where and only where all of them are equal", () => {
  const value = fc.option(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(100_000)));
  const rows = fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 12 });
  const columnsOf = (own: readonly (readonly (number | null)[])[]) =>
    [0, 1, 2].map((at) =>
      columnOfValues(
        `k${at}`,
        at === 1 ? "float64" : "int32",
        own.map((row) => row[at]!),
      ),
    );
  let packed = 0;
  fc.assert(
    fc.property(rows, rows, (kept, probe) => {
      const answer = KeyPacking.of(columnsOf(kept));
      if (answer === undefined) return;
      packed++;
      const keptNumbers = shown(answer.keys);
      const probeNumbers = shown(answer.packing.pack(columnsOf(probe))!);
      for (const [i, own] of probe.entries()) {
        for (const [j, other] of kept.entries()) {
          const isEqual = own.every((part, at) => part !== null && part === other[at]);
          expect(probeNumbers[i] !== "-" && probeNumbers[i] === keptNumbers[j]).toBe(isEqual);
        }
      }
    }),
    { numRuns: 300 },
  );
  expect(packed).toBeGreaterThan(50);
});

test("kept keys with a fraction, or of too large a range, are left to another table", () => {
  const ints = (...values: number[]) => columnOfValues("k", "int32", values);
  const half = columnOfValues("k", "float64", [0.5, 1]);
  const wide = ints(-(2 ** 31), 2 ** 31 - 1);
  expect(KeyPacking.of([half])).toBe(undefined);
  expect(KeyPacking.of([wide, wide])).toBe(undefined);
  expect(KeyPacking.of([])).toBe(undefined);
  expect(KeyPacking.of([wide])).toBeDefined();
  expect(KeyPacking.of([ints(0, 46_339), ints(0, 46_339)])).toBeDefined();
  const { packing } = KeyPacking.of([ints(1), ints(2)])!;
  expect(packing.pack([ints(1), columnOfValues("k", "utf8", ["2"])])).toBe(undefined);
});
