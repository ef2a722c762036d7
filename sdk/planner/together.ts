// Rows that a shuffle brought together stay so while their columns do: what asks for equal keys in one task behind a
// join or an aggregate by the same keys needs no shuffle of its own.

import type { Expr, NamedExpr } from "../../proto/plan/expr.ts";
import type { JoinNode, LogicalNode } from "../../proto/plan/logical.ts";
import type { OpenStage } from "./open-stage.ts";

/**
 * Rows that are equal in all of these are in one task. Each is the names of columns that have the same values in every
 * row.
 */
export type Together = readonly (readonly string[])[];

const columnName = (expr: Expr): string | undefined =>
  expr.kind === "column" ? expr.name : undefined;

/** Whether rows with equal keys are in one task already. */
export function areTogether(open: OpenStage, keys: readonly Expr[]): boolean {
  if (open.taskCount === 1) return true;
  const names = new Set(keys.map(columnName));
  return open.together?.every((same) => same.some((name) => names.has(name))) === true;
}

/** By the keys of a shuffle, as columns are called behind it; undefined where one is none. */
export function togetherBy(keys: readonly Expr[]): Together | undefined {
  const names = keys.map(columnName);
  const known = names.filter((name) => name !== undefined);
  return known.length < names.length ? undefined : known.map((name) => [name]);
}

/** Under their new names; undefined where one of them has none. */
function renamed(together: Together, columns: readonly NamedExpr[]): Together | undefined {
  const kept = together.map((same) =>
    columns.flatMap(({ name, expr }) => (same.includes(columnName(expr) ?? "") ? [name] : [])),
  );
  return kept.every((same) => same.length > 0) ? kept : undefined;
}

/** What is left of it behind a step that looks at each row for itself. */
export function togetherBehind(node: LogicalNode, together: Together | undefined) {
  if (together === undefined) return undefined;
  switch (node.kind) {
    case "where":
    case "filter":
    case "sample":
    case "window":
      return together;
    case "select":
      return renamed(together, node.columns);
    case "aggregate":
      return renamed(together, node.keys);
    default:
      return undefined;
  }
}

/** Behind a join whose sides were cut by its keys. */
export function togetherOfJoin({ type, on, rightNames }: JoinNode): Together | undefined {
  const left = togetherBy(on.map((key) => key.left));
  const right = togetherBy(on.map((key) => key.right));
  switch (type) {
    case "left":
    case "semi":
    case "anti":
      return left;
    case "inner": {
      const nameOf = (name: string) => rightNames.find(({ from }) => from === name)?.to ?? name;
      return left?.map((same, at) => [...same, ...(right?.[at] ?? []).map(nameOf)]);
    }
    // Rows without a partner have no key on the other side.
    default:
      return undefined;
  }
}
