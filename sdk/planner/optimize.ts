// Applies the rewrite rules until none applies, and checks what each of them did.

import { AssertionError, assert } from "../../proto/errors.ts";
import { planNodes } from "../../proto/plan/inputs.ts";
import type { Action, LogicalNode } from "../../proto/plan/logical.ts";
import { type Schema, sameType, schemaText } from "../../proto/plan/types.ts";
import { dropUnseenSort } from "../rules/drop-unseen-sort.ts";
import { foldConstants } from "../rules/fold-constants.ts";
import { joinFromWhere } from "../rules/join-from-where.ts";
import { limitIntoSort } from "../rules/limit-into-sort.ts";
import { mergeLimits } from "../rules/merge-limits.ts";
import { mergeSelects } from "../rules/merge-selects.ts";
import { neededColumns } from "../rules/needed-columns.ts";
import { pruneReads } from "../rules/prune-reads.ts";
import { pushLimitBelowMap } from "../rules/push-limit-below-map.ts";
import { pushWhereDown } from "../rules/push-where-down.ts";
import { reuseEqualPlans } from "../rules/reuse-equal-plans.ts";
import { type Rule, type RuleContext, withReaders } from "../rules/rule.ts";
import { sortDecimals } from "../rules/sort-decimals.ts";
import { type KnownSchema, type SourceSchemas, schemasOf } from "./schema-of.ts";

export const allRules: readonly Rule[] = [
  mergeLimits,
  pushLimitBelowMap,
  limitIntoSort,
  dropUnseenSort,
  foldConstants,
  joinFromWhere,
  pushWhereDown,
  mergeSelects,
  neededColumns,
  pruneReads,
  reuseEqualPlans,
  sortDecimals,
];

export interface OptimizeOptions {
  /** Of sources that did not declare one. */
  readonly schemas?: SourceSchemas;
  readonly rules?: readonly Rule[];
}

const noSchemas: SourceSchemas = new Map();

/** Throws PLAN_INVALID where an expression does not fit the columns that are known. */
export function optimize(action: Action, options: OptimizeOptions = {}): Action {
  const { rules = allRules, schemas = noSchemas } = options;
  const nodes = planNodes(action.input).length;
  // Each step sinks past each node at most once, and each removal shortens the plan.
  const rewritesMax = 4 * nodes * nodes + rules.length;
  let plan = action;
  let known = schemasOf(plan.input, schemas);
  for (let rewrites = 0; rewrites <= rewritesMax; rewrites++) {
    const next = applyFirst(plan, rules, withReaders(plan, known));
    if (next === undefined) return plan;
    const nextKnown = schemasOf(next.plan.input, schemas);
    // A count sees rows, not columns.
    if (plan.kind !== "count") {
      checkSchema(next.rule, known.get(plan.input), nextKnown.get(next.plan.input));
    }
    plan = next.plan;
    known = nextKnown;
  }
  throw new AssertionError(`the rules did not settle within ${rewritesMax} rewrites`);
}

interface Rewritten {
  readonly rule: string;
  readonly plan: Action;
}

function applyFirst(
  plan: Action,
  rules: readonly Rule[],
  context: RuleContext,
): Rewritten | undefined {
  for (const rule of rules) {
    const next = rule.apply(plan, context);
    if (next === undefined) continue;
    checkRewrite(rule.name, plan, next);
    return { rule: rule.name, plan: next };
  }
  return undefined;
}

/** Kinds whose work is not all said in the node: the function of its id belongs to it. */
function hasClosure(node: LogicalNode): boolean {
  switch (node.kind) {
    case "map":
    case "flatMap":
    case "filter":
    case "mapPartitions":
    case "mapBatches":
    case "mapAsync":
    case "reduceByKey":
    case "aggregateByKey":
    case "groupByKey":
      return true;
    case "repartition":
      return node.by === "closure";
    case "orderBy":
      return node.key.by.kind === "closure";
    default:
      return false;
  }
}

/** A rule may reorder and drop steps, and split those on columns; it never invents or doubles a function. */
function checkRewrite(rule: string, before: Action, after: Action): void {
  assert(before.kind === after.kind, `${rule} changed the action`);
  const kinds = new Map(planNodes(before.input).map((node) => [node.id, node.kind]));
  const nodes = planNodes(after.input);
  const functions = nodes.filter(hasClosure);
  for (const node of nodes) assert(kinds.has(node.id), `${rule} invented ${node.kind}#${node.id}`);
  for (const node of functions) {
    assert(kinds.get(node.id) === node.kind, `${rule} moved the function of #${node.id}`);
  }
  assert(
    new Set(functions.map(({ id }) => id)).size === functions.length,
    `${rule} doubled a node`,
  );
}

function checkSchema(rule: string, before: KnownSchema, after: KnownSchema): void {
  if (before === undefined || after === undefined) return;
  assert(isSame(before, after), `${rule} made ${schemaText(after)} of ${schemaText(before)}`);
}

function isSame(before: Schema, after: Schema): boolean {
  return (
    before.fields.length === after.fields.length &&
    before.fields.every(({ name, type }, index) => {
      const field = after.fields[index]!;
      return field.name === name && sameType(field.type, type);
    })
  );
}
