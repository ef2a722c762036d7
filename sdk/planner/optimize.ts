// Applies the rewrite rules until none applies, and checks what each of them did.

import { AssertionError, assert } from "../../proto/errors.ts";
import { planNodes } from "../../proto/plan/inputs.ts";
import type { Action, LogicalNode } from "../../proto/plan/logical.ts";
import { type Schema, sameType, schemaText } from "../../proto/plan/types.ts";
import { compareAsColumn } from "../rules/compare-as-column.ts";
import { dropSortOfCount, dropUnseenSort } from "../rules/drop-unseen-sort.ts";
import { foldConstants } from "../rules/fold-constants.ts";
import { joinFromWhere } from "../rules/join-from-where.ts";
import { limitIntoSort } from "../rules/limit-into-sort.ts";
import { limitIntoWindow } from "../rules/limit-into-window.ts";
import { mergeLimits } from "../rules/merge-limits.ts";
import { mergeSelects } from "../rules/merge-selects.ts";
import { neededColumns } from "../rules/needed-columns.ts";
import { pruneReads } from "../rules/prune-reads.ts";
import { pushLimitBelowMap } from "../rules/push-limit-below-map.ts";
import { pushWhereDown } from "../rules/push-where-down.ts";
import { reuseEqualPlans } from "../rules/reuse-equal-plans.ts";
import { type Rule, type RuleContext, readersOf } from "../rules/rule.ts";
import { sortByColumns } from "../rules/sort-by-columns.ts";
import { type ColumnNeeds, makerName } from "./column-needs.ts";
import { KnownSchemas } from "./known-schemas.ts";
import { type KnownOfPlan, Rewriting } from "./rewriting.ts";
import type { KnownSchema, SourceSchemas } from "./schema-of.ts";

export const allRules: readonly Rule[] = [
  mergeLimits,
  pushLimitBelowMap,
  limitIntoSort,
  dropUnseenSort,
  dropSortOfCount,
  foldConstants,
  compareAsColumn,
  joinFromWhere,
  pushWhereDown,
  limitIntoWindow,
  mergeSelects,
  neededColumns,
  pruneReads,
  reuseEqualPlans,
  sortByColumns,
];

export interface OptimizeOptions {
  /** Of the plan's sources, and of nodes that were looked at before. */
  readonly schemas?: KnownSchemas;
  /** Columns that are looked for among the rows of nodes; none where it is not set. */
  readonly needs?: ColumnNeeds;
  readonly rules?: readonly Rule[];
}

const noSchemas: SourceSchemas = new Map();
const noNeeds: ColumnNeeds = new Map();

/** Throws PLAN_INVALID where an expression does not fit the columns that are known. */
export function optimize(action: Action, options: OptimizeOptions = {}): Action {
  const { rules = allRules, schemas = new KnownSchemas(noSchemas), needs = noNeeds } = options;
  schemas.check(action.input);
  let plan = action;
  for (let rounds = 0; rounds <= roundsMax; rounds++) {
    const next = applyAll(plan, rules, { schemas, needs });
    if (next === plan) return plan;
    plan = next;
  }
  throw new AssertionError(`the rules did not settle within ${roundsMax} rounds`);
}

/** A round after which something is left to do was made possible by a rule that looks at the whole plan. */
const roundsMax = 100;

/** Those that look at one node, until none has an answer; then each of those that look at the whole plan once. */
function applyAll(before: Action, rules: readonly Rule[], known: KnownOfPlan): Action {
  const { schemas } = known;
  const applied: string[] = [];
  const nodeRules = rules.filter((rule) => "rewrite" in rule);
  const onRewrite = (rule: string, from: LogicalNode, to: LogicalNode): void => {
    checkSchema(rule, schemas.of(from), schemas.of(to));
    applied.push(rule);
  };
  const input = new Rewriting(before.input, nodeRules, known, onRewrite).run(before.input);
  let plan = input === before.input ? before : { ...before, input };
  for (const rule of rules) {
    if (!("apply" in rule)) continue;
    const next = rule.apply(plan, contextOf(plan, known));
    if (next === undefined) continue;
    applied.push(rule.name);
    // A count sees rows, not columns.
    if (plan.kind !== "count") {
      checkSchema(rule.name, schemas.of(plan.input), schemas.of(next.input));
    }
    plan = next;
  }
  if (applied.length > 0) checkRewrite([...new Set(applied)].join(", "), before, plan);
  return plan;
}

function contextOf(plan: Action, { schemas, needs }: KnownOfPlan): RuleContext {
  const readers = readersOf(plan.input);
  return {
    schemaOf: (node) => schemas.of(node),
    isShared: (node) => (readers.get(node) ?? 0) > 1,
    isWatched: (node) => needs.has(makerName(node)),
  };
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
function checkRewrite(rules: string, before: Action, after: Action): void {
  assert(before.kind === after.kind, `${rules} changed the action`);
  const kinds = new Map(planNodes(before.input).map((node) => [node.id, node.kind]));
  const nodes = planNodes(after.input);
  const functions = nodes.filter(hasClosure);
  for (const node of nodes) assert(kinds.has(node.id), `${rules} invented ${node.kind}#${node.id}`);
  for (const node of functions) {
    assert(kinds.get(node.id) === node.kind, `${rules} moved the function of #${node.id}`);
  }
  assert(
    new Set(functions.map(({ id }) => id)).size === functions.length,
    `${rules} doubled a node`,
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
