// A select over a select is one, unless an expression would be computed more often than before.

import { columnsOf, type Expr, mapParts } from "../../proto/plan/expr.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import { substitute } from "./conjuncts.ts";
import type { NodeRule, RuleContext } from "./rule.ts";

type Select = Extract<LogicalNode, { readonly kind: "select" }>;

function countUses(expr: Expr, uses: Map<string, number>): void {
  if (expr.kind === "column") uses.set(expr.name, (uses.get(expr.name) ?? 0) + 1);
  mapParts(expr, (part) => {
    countUses(part, uses);
    return part;
  });
}

const isCheap = (expr: Expr): boolean => expr.kind === "column" || expr.kind === "literal";

function merged(outer: Select, inner: Select): Select | undefined {
  const uses = new Map<string, number>();
  for (const { expr } of outer.columns) countUses(expr, uses);
  const made = new Map(inner.columns.map(({ name, expr }) => [name, expr]));
  for (const [name, expr] of made) {
    if ((uses.get(name) ?? 0) > 1 && !isCheap(expr)) return undefined;
  }
  const columns = outer.columns.map(({ name, expr }) => ({ name, expr: substitute(expr, made) }));
  return { ...outer, input: inner.input, columns };
}

/** A select that names the columns that there are, in their order. */
function isIdle(node: Select, context: RuleContext): boolean {
  const schema = context.schemaOf(node.input);
  if (schema?.fields.length !== node.columns.length) return false;
  return node.columns.every(
    ({ name, expr }, index) =>
      expr.kind === "column" && expr.name === name && schema.fields[index]!.name === name,
  );
}

/** What a condition may have moved past: its columns are there below. */
function isColumnsOnly(node: Select): boolean {
  return node.columns.every(({ expr }) => columnsOf(expr).size <= 1 && isCheap(expr));
}

export const mergeSelects: NodeRule = {
  name: "merge-selects",
  rewrite: (node, context) => {
    if (node.kind !== "select") return undefined;
    if (isColumnsOnly(node) && isIdle(node, context)) return node.input;
    if (node.input.kind !== "select" || context.isShared(node.input)) return undefined;
    return merged(node, node.input);
  },
};
