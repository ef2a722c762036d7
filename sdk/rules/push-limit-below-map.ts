// Steps that keep the number and order of rows: a limit above them may stand below, if it meets its like there.

import type { LogicalNode } from "../../proto/plan/logical.ts";
import type { NodeRule, RuleContext } from "./rule.ts";

function keepsRows(node: LogicalNode): node is Extract<LogicalNode, { kind: "map" | "select" }> {
  return node.kind === "map" || node.kind === "select";
}

/** Elsewhere a limit is better off late: `take` of a plan that ends in it needs no stage of its own. */
function meetsSortOrLimit(node: LogicalNode, context: RuleContext): boolean {
  let below = node;
  while (keepsRows(below) && !context.isShared(below)) below = below.input;
  if (context.isShared(below)) return false;
  return below.kind === "orderBy" || below.kind === "sortBy" || below.kind === "limit";
}

export const pushLimitBelowMap: NodeRule = {
  name: "push-limit-below-map",
  rewrite: (node, context) => {
    if (node.kind !== "limit" || !keepsRows(node.input)) return undefined;
    if (context.isWatched(node.input) || !meetsSortOrLimit(node.input, context)) return undefined;
    return { ...node.input, input: { ...node, input: node.input.input } };
  },
};
