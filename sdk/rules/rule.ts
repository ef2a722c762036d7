// What a rewrite of a logical plan is, and the walk that most of them share.

import type { Action, LogicalNode } from "../../proto/plan/logical.ts";

/** Pure: answers a better plan with the same result, or undefined where it does not apply. */
export interface Rule {
  readonly name: string;
  apply(action: Action): Action | undefined;
}

/** The node over another input. Sources have none and stay as they are. */
export function withInput(node: LogicalNode, input: LogicalNode): LogicalNode {
  return "input" in node ? { ...node, input } : node;
}

/** Rewrites the first node, from the action down, for which `rewrite` has an answer. */
export function rewriteFirst(
  action: Action,
  rewrite: (node: LogicalNode) => LogicalNode | undefined,
): Action | undefined {
  const above: LogicalNode[] = [];
  for (let node: LogicalNode | undefined = action.input; node !== undefined; ) {
    const better = rewrite(node);
    if (better !== undefined) {
      const input = above.reduceRight((below, upper) => withInput(upper, below), better);
      return { ...action, input };
    }
    above.push(node);
    node = "input" in node ? node.input : undefined;
  }
  return undefined;
}
