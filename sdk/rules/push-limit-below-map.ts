// `map` keeps the number and order of rows: a limit above it may stand below it, if it meets its like there.

import type { LogicalNode } from "../../proto/plan/logical.ts";
import { type Rule, rewriteFirst } from "./rule.ts";

/** Elsewhere a limit is better off late: `take` of a plan that ends in it needs no stage of its own. */
function meetsSortOrLimit(node: LogicalNode): boolean {
  let below = node;
  while (below.kind === "map") below = below.input;
  return below.kind === "orderBy" || below.kind === "limit";
}

export const pushLimitBelowMap: Rule = {
  name: "push-limit-below-map",
  apply: (action) =>
    rewriteFirst(action, (node) => {
      if (node.kind !== "limit" || node.input.kind !== "map") return undefined;
      if (!meetsSortOrLimit(node.input)) return undefined;
      return { ...node.input, input: { ...node, input: node.input.input } };
    }),
};
