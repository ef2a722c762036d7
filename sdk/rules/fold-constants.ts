// What follows from literals alone is worked out before the run; conditions that always hold are dropped.

import { type Expr, mapParts } from "../../proto/plan/expr.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import { boolType } from "../../proto/plan/types.ts";
import { foldCast } from "./fold-cast.ts";
import { hasExprs, withExprs } from "./node-exprs.ts";
import type { NodeRule } from "./rule.ts";

const literalBool = (value: boolean): Expr => ({
  kind: "literal",
  type: boolType,
  text: String(value),
});

function boolOf(expr: Expr | undefined): boolean | undefined {
  if (expr?.kind !== "literal" || expr.type.kind !== "bool" || expr.text === null) return undefined;
  return expr.text === "true";
}

/** `deciding`: false for `and`, true for `or`; where one side is it, so is the whole. */
function foldLogic(expr: Extract<Expr, { kind: "call" }>, deciding: boolean): Expr {
  const [left, right] = expr.args;
  if (boolOf(left) === deciding || boolOf(right) === deciding) return literalBool(deciding);
  if (boolOf(left) === !deciding) return right!;
  if (boolOf(right) === !deciding) return left!;
  return expr;
}

/** Numbers of float64 literals; their arithmetic is that of JavaScript. */
function floatOf(expr: Expr | undefined): number | undefined {
  if (expr?.kind !== "literal" || expr.type.kind !== "float64" || expr.text === null) {
    return undefined;
  }
  return Number(expr.text);
}

function foldNumbers(expr: Extract<Expr, { kind: "call" }>): Expr {
  const [left, right] = expr.args;
  const a = floatOf(left);
  const b = floatOf(right);
  if (a === undefined || b === undefined || left?.kind !== "literal") return expr;
  const number = (value: number): Expr => ({
    ...left,
    text: Object.is(value, -0) ? "-0" : String(value),
  });
  switch (expr.name) {
    case "add":
      return number(a + b);
    case "subtract":
      return number(a - b);
    case "multiply":
      return number(a * b);
    case "divide":
      return number(a / b);
    case "eq":
      return literalBool(a === b || (Number.isNaN(a) && Number.isNaN(b)));
    case "lt":
      return literalBool(a < b || (Number.isNaN(b) && !Number.isNaN(a)));
    case "gt":
      return literalBool(a > b || (Number.isNaN(a) && !Number.isNaN(b)));
    default:
      return expr;
  }
}

export function foldExpr(expr: Expr): Expr {
  const folded = mapParts(expr, foldExpr);
  if (folded.kind === "cast" && folded.input.kind === "literal") {
    return foldCast(folded.input, folded.to) ?? folded;
  }
  if (folded.kind !== "call") return folded;
  switch (folded.name) {
    case "and":
      return foldLogic(folded, false);
    case "or":
      return foldLogic(folded, true);
    case "not": {
      const value = boolOf(folded.args[0]);
      return value === undefined ? folded : literalBool(!value);
    }
    default:
      return foldNumbers(folded);
  }
}

function foldedNode(node: LogicalNode): LogicalNode | undefined {
  if (!hasExprs(node)) return undefined;
  const better = withExprs(node, foldExpr);
  if (better?.kind === "where" && boolOf(better.predicate) === true) return better.input;
  if (node.kind === "where" && boolOf(node.predicate) === true) return node.input;
  return better;
}

export const foldConstants: NodeRule = {
  name: "fold-constants",
  rewrite: foldedNode,
};
