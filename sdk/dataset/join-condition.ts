// Takes the condition of a join apart: into keys that must be equal, and what else must hold.

import { EngineError } from "../../proto/errors.ts";
import { columnsOf, type Expr, mapParts } from "../../proto/plan/expr.ts";
import type { JoinKey } from "../../proto/plan/logical.ts";
import { columnsProxy } from "../columns/build.ts";
import { checkedColumn } from "../columns/free.ts";

/** No column of a job begins with it: tells the columns of the right dataset from those of the left. */
const rightMark = "\u0000right ";

export interface JoinCondition {
  readonly keys: readonly JoinKey[];
  /** What is no equality of left and right, over columns of both. */
  readonly rest: Expr | undefined;
  /** Columns of the right dataset that are used, by their names there. */
  readonly rightNames: readonly string[];
}

/** `nameOf` answers the name in the result of a column of the right dataset. Throws PLAN_INVALID. */
export function joinCondition(
  on: (left: never, right: never) => unknown,
  nameOf: (rightName: string) => string,
): JoinCondition {
  const condition = on(columnsProxy() as never, columnsProxy(rightMark) as never);
  const { expr, layers } = checkedColumn("join", condition);
  if (layers.length > 0) {
    throw new EngineError("PLAN_INVALID", "join: a window cannot be part of a condition");
  }
  const parts = conjuncts(expr).map((part) => ({ part, key: keyOf(part) }));
  const rename = (part: Expr): Expr => unmarked(part, nameOf);
  const keys = parts.flatMap(({ key }) =>
    key === undefined ? [] : [{ left: key.left, right: rename(key.right) }],
  );
  const others = parts.filter(({ key }) => key === undefined).map(({ part }) => rename(part));
  const rest = others.length === 0 ? undefined : others.reduce(conjunction);
  const used = [...columnsOf(expr)].filter((name) => name.startsWith(rightMark));
  return { keys, rest, rightNames: used.map((name) => name.slice(rightMark.length)) };
}

function conjunction(left: Expr, right: Expr): Expr {
  return { kind: "call", name: "and", args: [left, right] };
}

function conjuncts(expr: Expr): readonly Expr[] {
  return expr.kind === "call" && expr.name === "and" ? expr.args.flatMap(conjuncts) : [expr];
}

type Side = "left" | "right" | "both" | "none";

function sideOf(expr: Expr): Side {
  const names = [...columnsOf(expr)];
  const right = names.filter((name) => name.startsWith(rightMark)).length;
  if (names.length === 0) return "none";
  if (right === 0) return "left";
  return right === names.length ? "right" : "both";
}

function keyOf(expr: Expr): JoinKey | undefined {
  if (expr.kind !== "call" || expr.name !== "eq") return undefined;
  const [a, b] = expr.args as readonly [Expr, Expr];
  const sides = `${sideOf(a)} ${sideOf(b)}`;
  if (sides === "left right") return { left: a, right: b };
  return sides === "right left" ? { left: b, right: a } : undefined;
}

function unmarked(expr: Expr, nameOf: (rightName: string) => string): Expr {
  if (expr.kind === "column" && expr.name.startsWith(rightMark)) {
    return { kind: "column", name: nameOf(expr.name.slice(rightMark.length)) };
  }
  return mapParts(expr, (part) => unmarked(part, nameOf));
}
