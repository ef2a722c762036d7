// Digits of whole numbers are those that the language writes.
import fc from "fast-check";
import { expect, test } from "vitest";
import { int53Type, utf8Type } from "../../../proto/plan/types.ts";
import { castVector } from "./cast.ts";
import { rawsOf } from "./raw.ts";
import { cast, column, evaluate } from "./testing/expr.ts";
import { numberVector } from "./vector.ts";

const powers = Array.from({ length: 16 }, (_, at) => 10 ** at);
const edges = [...powers, 2 ** 31, 2 ** 32, 2 ** 53].flatMap((n) => [n - 1, n, -n, 1 - n]);
const safe = (n: number) => Number.isSafeInteger(n);

test("whole numbers as texts", () => {
  const whole = fc.oneof(
    fc.integer(),
    fc.maxSafeInteger(),
    fc.constantFrom(...edges.filter(safe), 0, -0),
  );
  fc.assert(
    fc.property(fc.array(fc.option(whole), { minLength: 1, maxLength: 30 }), (values) => {
      const found = evaluate(
        cast(column("n"), utf8Type),
        values.map((n) => ({ n })),
      );
      expect(found).toEqual(values.map((n) => (n === null ? null : String(n))));
    }),
  );
});

test("whatever stands at nulls", () => {
  const values = Float64Array.of(7, Number.POSITIVE_INFINITY, -12, 1e300, Number.NaN, 345);
  const vector = numberVector(int53Type, values, Uint8Array.of(0b100101));
  expect(rawsOf(castVector(vector, utf8Type, "error", ""))).toEqual([
    "7",
    null,
    "-12",
    null,
    null,
    "345",
  ]);
});
