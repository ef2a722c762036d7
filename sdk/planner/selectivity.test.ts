// Shares that conditions are taken to keep.

import { expect, test } from "vitest";
import type { Expr } from "../../proto/plan/expr.ts";
import { int32Type } from "../../proto/plan/types.ts";
import { shareKept } from "./selectivity.ts";

const a: Expr = { kind: "column", name: "a" };
const b: Expr = { kind: "column", name: "b" };
const one: Expr = { kind: "literal", type: int32Type, text: "1" };
const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", name, args });
const eq = call("eq", a, one);

test.each([
  ["an equality", eq, 0.1],
  ["its opposite", call("not", eq), 0.9],
  ["a range", call("lt", a, one), 1 / 3],
  ["two columns compared", call("lt", a, b), 0.5],
  ["both ends of a range", call("and", call("ge", a, one), call("lt", a, one)), 1 / 9],
  ["one of three", call("isIn", a, one, one, one), 0.3],
  ["one of very many", call("isIn", a, ...Array.from({ length: 50 }, () => one)), 0.5],
  ["either", call("or", eq, eq), 0.2],
  ["a call that nothing is known of", call("isNaN", a), 0.5],
  ["a column", a, 0.5],
])("%s", (_, predicate, share) => {
  expect(shareKept(predicate)).toBeCloseTo(share);
});

test("no number of conditions makes nothing of everything", () => {
  expect(shareKept(Array.from({ length: 9 }, () => eq).reduce((x, y) => call("and", x, y)))).toBe(
    0.001,
  );
});
