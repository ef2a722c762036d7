// An order that nothing above can see is not made: under a count, under counts by value, under another sort.

import type { Action, LogicalNode } from "../../proto/plan/logical.ts";
import { type Rule, rewriteFirst, withInput } from "./rule.ts";

/** The plan without its uppermost full sort, unless a node above it depends on the order. */
function withoutSort(node: LogicalNode): LogicalNode | undefined {
  switch (node.kind) {
    case "orderBy":
      return node.rowsMax === undefined ? node.input : undefined;
    case "map":
    case "flatMap":
    case "filter": {
      const input = withoutSort(node.input);
      return input === undefined ? undefined : withInput(node, input);
    }
    default:
      return undefined;
  }
}

function isBlindToOrder(node: LogicalNode): boolean {
  // Sorts break ties by the whole row, so what order rows came in never shows.
  return node.kind === "countByValue" || node.kind === "orderBy";
}

export const dropUnseenSort: Rule = {
  name: "drop-unseen-sort",
  apply: (action: Action) => {
    if (action.kind === "count") {
      const input = withoutSort(action.input);
      if (input !== undefined) return { ...action, input };
    }
    return rewriteFirst(action, (node) => {
      if (!isBlindToOrder(node) || !("input" in node)) return undefined;
      const input = withoutSort(node.input);
      return input === undefined ? undefined : withInput(node, input);
    });
  },
};
