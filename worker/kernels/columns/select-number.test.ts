// Numbers of a rank, against sorted numbers.
import fc from "fast-check";
import { expect, test } from "vitest";
import { selectNumber } from "./select-number.ts";

const numbers = fc.oneof(
  fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 100 }),
  fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 100 }),
);

function isSelected(values: readonly number[], from: number, to: number, place: number): boolean {
  const own = Float64Array.from(values);
  const found = selectNumber(own, from, to, place);
  const sorted = Float64Array.from(values.slice(from, to)).sort();
  const isBetween =
    own.subarray(from, place).every((value) => value <= found) &&
    own.subarray(place, to).every((value) => value >= found);
  const others = (of: ArrayLike<number>) => [
    Array.from(of).slice(0, from),
    Array.from(of).slice(to),
  ];
  expect(others(own)).toEqual(others(values));
  return found === sorted[place - from] && own[place] === found && isBetween;
}

test("the number of a place is there, and others around it", () => {
  fc.assert(
    fc.property(numbers, fc.nat(), fc.nat(), fc.nat(), (values, a, b, c) => {
      const from = a % values.length;
      const to = from + 1 + (b % (values.length - from));
      expect(isSelected(values, from, to, from + (c % (to - from)))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("numbers in any order take no quadratic time", () => {
  const rows = 200_000;
  const orders: readonly ((row: number) => number)[] = [
    (row) => row,
    (row) => -row,
    () => 1,
    (row) => Math.min(row, rows - row),
    (row) => (row % 2 === 0 ? row : -row),
  ];
  for (const order of orders) {
    const values = Array.from({ length: rows }, (_, row) => order(row));
    expect(isSelected(values, 0, rows, rows >> 1)).toBe(true);
  }
});
