// The expressions of steps that compute or ask something of each row.

import type { Expr, NamedAggregate, NamedExpr, NamedWindow } from "../../proto/plan/expr.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";

type WithExprs = Extract<LogicalNode, { readonly kind: "where" | "select" | "aggregate" }>;

export function hasExprs(node: LogicalNode): node is WithExprs {
  return node.kind === "where" || node.kind === "select" || node.kind === "aggregate";
}

/** The node with each expression replaced; undefined where nothing changed. */
export function withExprs(node: WithExprs, change: (expr: Expr) => Expr): WithExprs | undefined {
  let isChanged = false;
  const changed = (expr: Expr): Expr => {
    const better = change(expr);
    isChanged ||= better !== expr;
    return better;
  };
  const better = mapped(node, changed);
  return isChanged ? better : undefined;
}

function mapped(node: WithExprs, change: (expr: Expr) => Expr): WithExprs {
  const named = (part: NamedExpr): NamedExpr => ({ ...part, expr: change(part.expr) });
  switch (node.kind) {
    case "where":
      return { ...node, predicate: change(node.predicate) };
    case "select":
      return { ...node, columns: node.columns.map(named) };
    case "aggregate":
      return {
        ...node,
        keys: node.keys.map(named),
        aggregates: node.aggregates.map((each) => changedAggregate(each, change)),
      };
  }
}

function changedAggregate(each: NamedAggregate, change: (expr: Expr) => Expr): NamedAggregate {
  const { args, filter } = each.call;
  const call = { ...each.call, args: args.map(change) };
  return { ...each, call: filter === undefined ? call : { ...call, filter: change(filter) } };
}

/** All that a window reads. */
export const windowExprs = ({ call }: NamedWindow): readonly Expr[] => [
  ...call.args,
  ...call.partitionBy,
  ...call.orderBy.map(({ expr }) => expr),
];
