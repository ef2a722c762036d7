// Numbers are found by bits exactly where a set has them, of 32 and of 64 bits, in batches of several pieces.

import fc from "fast-check";
import { expect, test } from "vitest";
import { NumberBits } from "./number-bits.ts";
import { rangeOf } from "./rows-by-number.ts";

const least = -(2 ** 31);
const most = 2 ** 31 - 1;

function bitsOf(values: Int32Array, outside?: Uint8Array): NumberBits {
  const keys = { values, outside };
  return NumberBits.of(keys, rangeOf(keys))!;
}

const areEqual = (found: Uint8Array, wanted: Uint8Array): boolean =>
  found.length === wanted.length && found.every((flag, row) => flag === wanted[row]);

test("what a set has, and nothing of what is outside", () => {
  const near = fc.integer({ min: -40, max: 40 });
  const asked = fc.oneof(near, fc.constantFrom(least, most, 2 ** 32, -(2 ** 32) - 7, 2 ** 53));
  fc.assert(
    fc.property(
      fc.array(fc.record({ value: near, outside: fc.constantFrom(0, 0, 1) })),
      fc.constantFrom(0, 1000, least + 40, most - 40),
      fc.array(asked, { maxLength: 40 }),
      fc.boolean(),
      (rows, from, numbers, hasOutside) => {
        const values = Int32Array.from(rows, ({ value }) => from + value);
        const outside = hasOutside ? Uint8Array.from(rows, (row) => row.outside) : undefined;
        const set = new Set(values.filter((_, row) => outside?.[row] !== 1));
        const bits = bitsOf(values, outside);
        const longs = numbers.map((number) => from + number);
        const truths = longs.map((number) => (set.has(number) ? 1 : 0));
        expect(Array.from(bits.find(BigInt64Array.from(longs, BigInt)))).toEqual(truths);
        const ints = Int32Array.from(longs);
        const ofInts = Array.from(ints, (number) => (set.has(number) ? 1 : 0));
        expect(Array.from(bits.find(ints))).toEqual(ofInts);
        bits.close();
      },
    ),
  );
});

test("more rows than a piece, of a memory that held other bits, and from the middle of a buffer", () => {
  const rows = 40_001;
  for (const step of [1, 3, 7]) {
    const values = Int32Array.from({ length: rows }, (_, row) => step * row - 5000);
    const bits = bitsOf(values);
    const set = new Set(values);
    const ints = Int32Array.from({ length: rows }, (_, row) => ((row * 7919) % 300_000) - 9000);
    const wanted = Uint8Array.from(ints, (number) => (set.has(number) ? 1 : 0));
    const longs = BigInt64Array.from(ints, BigInt);
    expect(areEqual(bits.find(ints), wanted)).toBe(true);
    expect(areEqual(bits.find(longs), wanted)).toBe(true);
    const some = bits.find(longs.subarray(17, 33_001));
    expect(areEqual(some, wanted.subarray(17, 33_001))).toBe(true);
    bits.close();
  }
});

test("no number at all, and a range beyond what places can say", () => {
  const bits = bitsOf(new Int32Array(0));
  expect(bits.find(Int32Array.of(0, most, least))).toEqual(new Uint8Array(3));
  expect(bits.find(new BigInt64Array(0))).toEqual(new Uint8Array(0));
  const keys = { values: Int32Array.of(least, most), outside: undefined };
  expect(NumberBits.of(keys, rangeOf(keys))).toBeUndefined();
});
