// What a rewrite of a logical plan is, and what it may ask of the plan that it looks at.

import { inputsOf, planNodes } from "../../proto/plan/inputs.ts";
import type { Action, LogicalNode } from "../../proto/plan/logical.ts";
import type { Schema } from "../../proto/plan/types.ts";

export interface RuleContext {
  /** Columns of a node's result, where they are known before the run. */
  schemaOf(node: LogicalNode): Schema | undefined;
  /** Whether several nodes read it: what one of them does not need, another may. */
  isShared(node: LogicalNode): boolean;
  /** Whether all rows of the node are looked at, for columns that steps name and only the run tells. */
  isWatched(node: LogicalNode): boolean;
}

/** Looks at one node, whose inputs are as good as they get: answers a better node with the same rows, or undefined. */
export interface NodeRule {
  readonly name: string;
  rewrite(node: LogicalNode, context: RuleContext): LogicalNode | undefined;
}

/** Looks at the whole plan at once: answers a better one with the same result, or undefined. */
export interface PlanRule {
  readonly name: string;
  apply(action: Action, context: RuleContext): Action | undefined;
}

/** Both kinds are pure. */
export type Rule = NodeRule | PlanRule;

/** How many nodes read each node of a plan, the action not counted. */
export function readersOf(last: LogicalNode): Map<LogicalNode, number> {
  const readers = new Map<LogicalNode, number>();
  for (const node of planNodes(last)) {
    for (const input of inputsOf(node)) readers.set(input, (readers.get(input) ?? 0) + 1);
  }
  return readers;
}
