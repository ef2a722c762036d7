// How many groups there are at most, where the keys themselves tell: there are 24 hours, whatever the rows are.

import type { AggregateCall, Expr } from "../../proto/plan/expr.ts";
import type { ColumnNode } from "../../proto/plan/logical.ts";

type AggregateNode = Extract<ColumnNode, { readonly kind: "aggregate" }>;

/** Different values of functions, without null. */
const valuesOf: ReadonlyMap<string, number> = new Map([
  ...(["eq", "ne", "lt", "le", "gt", "ge", "isNull", "isNotNull", "isLeapYear"] as const).map(
    (name): [string, number] => [name, 2],
  ),
  ["quarter", 4],
  ["dayOfWeek", 7],
  ["month", 12],
  ["hour", 24],
  ["day", 31],
  ["weekOfYear", 53],
  ["minute", 60],
  ["second", 60],
  ["dayOfYear", 366],
]);

/** Aggregates whose states are of a bounded size: others would bring values of all rows with them. */
const ofBoundedStates: ReadonlySet<string> = new Set([
  ...(["count", "sum", "avg", "min", "max", "first", "last"] as const),
  ...(["variance", "stddev", "anyTrue", "allTrue"] as const),
]);

function keyValues(expr: Expr): number {
  if (expr.kind === "literal") return 1;
  const values = expr.kind === "call" ? valuesOf.get(expr.name) : undefined;
  return values === undefined ? Number.POSITIVE_INFINITY : values + 1;
}

function isBounded({ function: name, distinct }: AggregateCall): boolean {
  return ofBoundedStates.has(name) && !distinct;
}

/** Infinity where nothing is known of a key, or where groups bring along more than a few values. */
export function groupsMax({ keys, aggregates }: AggregateNode): number {
  if (!aggregates.every(({ call }) => isBounded(call))) return Number.POSITIVE_INFINITY;
  return keys.reduce((groups, { expr }) => groups * keyValues(expr), 1);
}
