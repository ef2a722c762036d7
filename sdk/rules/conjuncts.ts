// Conditions as lists of parts that all must hold, and what becomes of them over other columns.

import { columnsOf, type Expr, mapParts } from "../../proto/plan/expr.ts";

/** `a and (b and c)` to `[a, b, c]`. */
export function conjunctsOf(predicate: Expr): readonly Expr[] {
  if (predicate.kind !== "call" || predicate.name !== "and") return [predicate];
  return predicate.args.flatMap(conjunctsOf);
}

/** The parts as one condition; undefined where there are none. */
export function allOf(conjuncts: readonly Expr[]): Expr | undefined {
  const [first, ...others] = conjuncts;
  return others.reduce(
    (left, right) => left && { kind: "call", name: "and", args: [left, right] },
    first,
  );
}

export function readsOnly(expr: Expr, names: ReadonlySet<string>): boolean {
  return [...columnsOf(expr)].every((name) => names.has(name));
}

/** The expression with columns replaced by what they are made of. */
export function substitute(expr: Expr, made: ReadonlyMap<string, Expr>): Expr {
  if (expr.kind === "column") return made.get(expr.name) ?? expr;
  return mapParts(expr, (part) => substitute(part, made));
}
