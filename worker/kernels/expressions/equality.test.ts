// A value that is looked for among constants at once is found as by comparing it with each.

import fc from "fast-check";
import { expect, test } from "vitest";
import { call, column, evaluate, literal } from "./testing/expr.ts";

const text = fc.constantFrom("", "a", "b", "ab", "é", "abc");
const number = fc.constantFrom(0, -0, 1, 1.5, Number.NaN, -7, 2 ** 31);

function isIn(values: readonly (string | number | null)[], wanted: readonly (string | number)[]) {
  const isEqual = (a: unknown, b: unknown) => a === b || (Number.isNaN(a) && Number.isNaN(b));
  return values.map((value) =>
    value === null ? null : wanted.some((other) => isEqual(value, other)),
  );
}

test.each([
  ["texts", text],
  ["numbers", number],
])("among %s", (_, value: fc.Arbitrary<string | number>) => {
  const values = fc.array(fc.option(value), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(values, fc.array(value, { minLength: 1, maxLength: 5 }), (found, wanted) => {
      const rows = found.map((v) => ({ v }));
      const expr = call("isIn", column("v"), ...wanted.map(literal));
      if (found.every((each) => each === null)) return;
      expect(evaluate(expr, rows)).toEqual(isIn(found, wanted));
    }),
  );
});

test("a null among the constants leaves open what is not found", () => {
  const rows = [{ v: "a" }, { v: "b" }, { v: null }];
  const expr = call("isIn", column("v"), literal("a"), literal(null));
  expect(evaluate(expr, rows)).toEqual([true, null, null]);
});
