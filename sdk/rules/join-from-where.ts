// Equalities of columns of both sides, said above a join or in its condition, become keys of the join.

import type { Expr } from "../../proto/plan/expr.ts";
import type { JoinKey, JoinNode, LogicalNode } from "../../proto/plan/logical.ts";
import { commonType, findField, type Schema } from "../../proto/plan/types.ts";
import { allOf, conjunctsOf } from "./conjuncts.ts";
import type { NodeRule, RuleContext } from "./rule.ts";

/** The equality as a key of the join; undefined where it is none. */
function keyOf(part: Expr, node: JoinNode, left: Schema, right: Schema): JoinKey | undefined {
  if (part.kind !== "call" || part.name !== "eq") return undefined;
  const [a, b] = part.args;
  if (a?.kind !== "column" || b?.kind !== "column") return undefined;
  const onRight = (to: string) => {
    const from = node.rightNames.find((names) => names.to === to)?.from ?? to;
    // A name that both sides have means the left one's, unless it was renamed.
    if (from === to && findField(left, to) !== undefined) return undefined;
    return findField(right, from);
  };
  for (const [mine, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const from = findField(left, mine.name);
    const to = onRight(other.name);
    if (from === undefined || to === undefined || onRight(mine.name) !== undefined) continue;
    if (commonType(from.type, to.type) === undefined) continue;
    return { left: mine, right: { kind: "column", name: to.name } };
  }
  return undefined;
}

/** Keys of equal names would drop the right column, which is still wanted under its new name. */
function keepsColumns(key: JoinKey): boolean {
  return !(
    key.left.kind === "column" &&
    key.right.kind === "column" &&
    key.left.name === key.right.name
  );
}

function withKeys(
  node: JoinNode,
  parts: readonly Expr[],
  context: RuleContext,
): { readonly join: JoinNode; readonly kept: readonly Expr[] } | undefined {
  if (node.type !== "inner" && node.type !== "cross") return undefined;
  const left = context.schemaOf(node.left);
  const right = context.schemaOf(node.right);
  if (left === undefined || right === undefined) return undefined;
  const keys: JoinKey[] = [];
  const kept: Expr[] = [];
  for (const part of parts) {
    const key = keyOf(part, node, left, right);
    if (key !== undefined && keepsColumns(key)) keys.push(key);
    else kept.push(part);
  }
  if (keys.length === 0) return undefined;
  return { join: { ...node, type: "inner", on: [...node.on, ...keys] }, kept };
}

function rewritten(node: LogicalNode, context: RuleContext): LogicalNode | undefined {
  if (node.kind === "where" && node.input.kind === "join" && !context.isShared(node.input)) {
    const answer = withKeys(node.input, conjunctsOf(node.predicate), context);
    if (answer === undefined) return undefined;
    const predicate = allOf(answer.kept);
    return predicate === undefined ? answer.join : { ...node, input: answer.join, predicate };
  }
  if (node.kind !== "join" || node.condition === undefined) return undefined;
  const answer = withKeys(node, conjunctsOf(node.condition), context);
  if (answer === undefined) return undefined;
  const { condition: _, ...join } = answer.join;
  const kept = allOf(answer.kept);
  return kept === undefined ? join : { ...join, condition: kept };
}

export const joinFromWhere: NodeRule = {
  name: "join-from-where",
  rewrite: rewritten,
};
