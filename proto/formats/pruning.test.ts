// Pruning against rows: a piece is left out only where the predicate is true of none of its rows.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Expr } from "../plan/expr.ts";
import { boolType, int32Type } from "../plan/types.ts";
import { mayBeTrue } from "./pruning.ts";

const column: Expr = { kind: "column", name: "a" };
const literal = fc.option(fc.integer({ min: -3, max: 3 })).map(
  (value): Expr => ({
    kind: "literal",
    type: int32Type,
    text: value === null ? null : String(value),
  }),
);
const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", name, args });
const operand = fc.oneof(fc.constant(column), literal);
const names = ["eq", "ne", "lt", "le", "gt", "ge"];
const leaf = fc.oneof(
  fc.tuple(fc.constantFrom(...names), operand, operand).map(([name, a, b]) => call(name, a, b)),
  fc.constantFrom("isNull", "isNotNull").map((name) => call(name, column)),
  fc.array(literal, { minLength: 1, maxLength: 3 }).map((list) => call("isIn", column, ...list)),
  fc
    .constantFrom(null, "true", "false")
    .map((text): Expr => ({ kind: "literal", type: boolType, text })),
);
const { tree } = fc.letrec<{ tree: Expr; node: Expr }>((tie) => ({
  tree: fc.oneof({ maxDepth: 4 }, leaf, tie("node")),
  node: fc.oneof(
    fc
      .tuple(fc.constantFrom("and", "or"), tie("tree"), tie("tree"))
      .map(([name, a, b]) => call(name, a, b)),
    tie("tree").map((inner) => call("not", inner)),
  ),
}));

/** The obvious evaluation of one row. */
function answerOf(expr: Expr, row: number | null): number | boolean | null {
  if (expr.kind === "column") return row;
  if (expr.kind === "literal") {
    if (expr.text === null) return null;
    return expr.type.kind === "bool" ? expr.text === "true" : Number(expr.text);
  }
  if (expr.kind !== "call") throw new Error("not in this test");
  const args = expr.args.map((arg) => answerOf(arg, row));
  const [a, b] = args as [number, number];
  const anyNull = args.some((arg) => arg === null);
  switch (expr.name) {
    case "and":
      return args.includes(false) ? false : anyNull ? null : true;
    case "or":
      return args.includes(true) ? true : anyNull ? null : false;
    case "not":
      return anyNull ? null : !args[0];
    case "isNull":
      return args[0] === null;
    case "isNotNull":
      return args[0] !== null;
    case "isIn":
      if (args[0] === null) return null;
      return args.slice(1).includes(args[0]!) ? true : anyNull ? null : false;
    default:
      break;
  }
  if (anyNull) return null;
  const answers: Record<string, boolean> = {
    eq: a === b,
    ne: a !== b,
    lt: a < b,
    le: a <= b,
    gt: a > b,
    ge: a >= b,
  };
  return answers[expr.name]!;
}

test("a piece that is left out has no row of which the predicate is true", () => {
  const rows = fc.array(fc.option(fc.integer({ min: -4, max: 4 })), { minLength: 1, maxLength: 6 });
  const knows = fc.record({ min: fc.boolean(), max: fc.boolean(), nulls: fc.boolean() });
  let leftOut = 0;
  fc.assert(
    fc.property(tree, rows, knows, (predicate, values, known) => {
      const numbers = values.filter((value) => value !== null);
      const range = {
        type: int32Type,
        min: known.min && numbers.length > 0 ? Math.min(...numbers) : undefined,
        max: known.max && numbers.length > 0 ? Math.max(...numbers) : undefined,
        mayHaveNulls: !known.nulls || values.includes(null),
        mayHaveValues: !known.nulls || numbers.length > 0,
      };
      const isTrueOfOne = values.some((row) => answerOf(predicate, row) === true);
      const may = mayBeTrue(predicate, () => range);
      if (isTrueOfOne) expect(may).toBe(true);
      if (!may) leftOut++;
    }),
    { numRuns: 3000 },
  );
  expect(leftOut).toBeGreaterThan(100);
});

test("what is not understood leaves nothing out", () => {
  const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", name, args });
  const one: Expr = { kind: "literal", type: int32Type, text: "1" };
  expect(mayBeTrue(call("gt", call("add", column, one), one), () => undefined)).toBe(true);
  expect(mayBeTrue(call("gt", column, one), () => undefined)).toBe(true);
});
