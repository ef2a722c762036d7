// Digits as doubles: exact where they are given, refused where one is too large; and back.
import fc from "fast-check";
import { expect, test } from "vitest";
import { buildColumnAs } from "../../../proto/batch/build-column.ts";
import { decimalType, int53Type, int64Type } from "../../../proto/plan/types.ts";
import { exactDoubles, wordsOfDoubles } from "./exact-doubles.ts";
import { bigintAt } from "./numeric.ts";
import { vectorOfRaws } from "./raw.ts";
import { type NumberVector, vectorOfColumn } from "./vector.ts";

const limit = 2n ** 53n;
const types = [int64Type, decimalType(18, 2), decimalType(38, 4)];

test("whole numbers of all sizes, with nulls", () => {
  const value = fc.oneof(
    fc.bigInt({ min: -1000n, max: 1000n }),
    fc.bigInt({ min: -limit, max: limit - 1n }),
    fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n }),
    fc.constantFrom(limit, limit - 1n, -limit, -limit - 1n, 2n ** 32n, -(2n ** 32n), 0n),
    fc.constant(null),
  );
  const cases = fc.tuple(fc.constantFrom(...types), fc.array(value));
  fc.assert(
    fc.property(cases, ([type, values]) => {
      const doubles = exactDoubles(vectorOfRaws(type, values));
      const fits = values.every((one) => one === null || (one < limit && one >= -limit));
      expect(doubles !== undefined).toBe(fits);
      if (doubles === undefined) return;
      for (const [i, one] of values.entries())
        if (one !== null) expect(doubles[i]).toBe(Number(one));
      const back = wordsOfDoubles(type, Float64Array.from(doubles), undefined);
      for (const [i, one] of values.entries()) {
        if (one !== null) expect(bigintAt(back, i)).toBe(one);
      }
    }),
  );
});

test("copies of vectors have the values that nobody asked for yet", () => {
  const words = wordsOfDoubles(int64Type, Float64Array.of(1, -2), undefined);
  expect({ ...words }.values).toEqual(BigInt64Array.of(1n, -2n));
  expect(words.values).toBe(words.values);
  const column = buildColumnAs("n", int53Type, [3, 4], "null");
  const numbers = vectorOfColumn(column) as NumberVector;
  expect({ ...numbers }.values).toEqual(Float64Array.of(3, 4));
  expect(numbers.values).toBe(numbers.values);
});

test("what stands at the nulls of one vector may be a value of another", () => {
  const large = 10n ** 17n + 1n;
  for (const type of types) {
    const all = vectorOfRaws(type, [1n, large]);
    const first = { ...all, valid: Uint8Array.of(0b01) };
    expect(exactDoubles(first)![0]).toBe(1);
    expect(exactDoubles(all)).toBeUndefined();
    const small = vectorOfRaws(type, [1n, 2n]);
    const known = exactDoubles({ ...small, valid: Uint8Array.of(0b01) } as typeof small);
    expect(exactDoubles(small)).toBe(known);
  }
});
