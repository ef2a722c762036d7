// What a rewrite of a logical plan is, and the walk that most of them share.

import { inputsOf, mapPlan, planNodes } from "../../proto/plan/inputs.ts";
import type { Action, LogicalNode } from "../../proto/plan/logical.ts";
import type { Schema } from "../../proto/plan/types.ts";

/** What a rule may ask of the plan that it looks at. */
export interface RuleContext {
  /** Columns of a node's result, where they are known before the run. */
  schemaOf(node: LogicalNode): Schema | undefined;
  /** Whether several nodes read it: what one of them does not need, another may. */
  isShared(node: LogicalNode): boolean;
}

/** Pure: answers a better plan with the same result, or undefined where it does not apply. */
export interface Rule {
  readonly name: string;
  apply(action: Action, context: RuleContext): Action | undefined;
}

export function withReaders(
  action: Action,
  schemas: ReadonlyMap<LogicalNode, Schema | undefined>,
): RuleContext {
  const readers = new Map<LogicalNode, number>();
  for (const node of planNodes(action.input)) {
    for (const input of inputsOf(node)) readers.set(input, (readers.get(input) ?? 0) + 1);
  }
  return {
    schemaOf: (node) => schemas.get(node),
    isShared: (node) => (readers.get(node) ?? 0) > 1,
  };
}

/** Rewrites the first node, from the action down, for which `rewrite` has an answer. */
export function rewriteFirst(
  action: Action,
  rewrite: (node: LogicalNode) => LogicalNode | undefined,
): Action | undefined {
  for (const node of [...planNodes(action.input)].reverse()) {
    const better = rewrite(node);
    if (better === undefined) continue;
    const input = mapPlan(action.input, (seen) => (seen === node ? better : seen));
    return { ...action, input };
  }
  return undefined;
}
