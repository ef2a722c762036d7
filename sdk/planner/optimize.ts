// Applies the rewrite rules until none applies, and checks what each of them did.

import { AssertionError, assert } from "../../proto/errors.ts";
import { planNodes } from "../../proto/plan/inputs.ts";
import type { Action, LogicalNode } from "../../proto/plan/logical.ts";
import { dropUnseenSort } from "../rules/drop-unseen-sort.ts";
import { limitIntoSort } from "../rules/limit-into-sort.ts";
import { mergeLimits } from "../rules/merge-limits.ts";
import { pushLimitBelowMap } from "../rules/push-limit-below-map.ts";
import type { Rule } from "../rules/rule.ts";

export const allRules: readonly Rule[] = [
  mergeLimits,
  pushLimitBelowMap,
  limitIntoSort,
  dropUnseenSort,
];

export function optimize(action: Action, rules: readonly Rule[] = allRules): Action {
  const nodes = planNodes(action.input).length;
  // Each limit sinks past each node at most once, and each removal shortens the plan.
  const rewritesMax = nodes * nodes + rules.length;
  let plan = action;
  for (let rewrites = 0; rewrites <= rewritesMax; rewrites++) {
    const next = applyFirst(plan, rules);
    if (next === undefined) return plan;
    plan = next;
  }
  throw new AssertionError(`the rules did not settle within ${rewritesMax} rewrites`);
}

function applyFirst(plan: Action, rules: readonly Rule[]): Action | undefined {
  for (const rule of rules) {
    const next = rule.apply(plan);
    if (next === undefined) continue;
    checkRewrite(rule.name, plan, next);
    return next;
  }
  return undefined;
}

/** A rule may reorder and drop nodes, never invent one, lose the source or change the action. */
function checkRewrite(rule: string, before: Action, after: Action): void {
  assert(before.kind === after.kind, `${rule} changed the action`);
  const kinds = new Map(planNodes(before.input).map((node) => [node.id, node.kind]));
  const nodes = planNodes(after.input);
  for (const node of nodes) {
    assert(kinds.get(node.id) === node.kind, `${rule} invented ${node.kind}#${node.id}`);
  }
  assert(new Set(nodes.map((node) => node.id)).size === nodes.length, `${rule} doubled a node`);
  assert(sourceOf(before) === sourceOf(after), `${rule} changed the source`);
}

function sourceOf(action: Action): LogicalNode | undefined {
  return planNodes(action.input)[0];
}
