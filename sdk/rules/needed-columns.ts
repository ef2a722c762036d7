// Files are read, and columns made, only as far as something above needs them.

import { columnsOf, type Expr } from "../../proto/plan/expr.ts";
import { inputsOf, mapPlan, planNodes } from "../../proto/plan/inputs.ts";
import type {
  Action,
  ColumnarReadNode,
  JoinNode,
  LogicalNode,
  SourceReadNode,
} from "../../proto/plan/logical.ts";
import { namesIn, type Schema } from "../../proto/plan/types.ts";
import { windowExprs } from "./node-exprs.ts";
import type { PlanRule, RuleContext } from "./rule.ts";

/** Names of columns, or all there are. */
export type Needed = ReadonlySet<string> | "all";

type SchemaContext = Pick<RuleContext, "schemaOf">;

function union(a: Needed, b: Needed): Needed {
  return a === "all" || b === "all" ? "all" : new Set([...a, ...b]);
}

function plus(needed: Needed, exprs: readonly Expr[]): Needed {
  if (needed === "all") return "all";
  const found = new Set(needed);
  for (const expr of exprs) columnsOf(expr, found);
  return found;
}

const only = (exprs: readonly Expr[]): Needed => plus(new Set(), exprs);

/** Of what is made, that which is needed; at least one, since rows without columns have no number. */
function kept<Made extends { readonly name: string }>(
  made: readonly Made[],
  needed: Needed,
): readonly Made[] {
  if (needed === "all") return made;
  const wanted = made.filter(({ name }) => needed.has(name));
  return wanted.length > 0 ? wanted : made.slice(0, 1);
}

type AggregateNode = Extract<LogicalNode, { readonly kind: "aggregate" }>;

type WindowNode = Extract<LogicalNode, { readonly kind: "window" }>;

/** Without keys at least one, else none where only the keys are needed. */
function keptAggregates({ keys, aggregates }: AggregateNode, needed: Needed) {
  if (keys.length === 0 || needed === "all") return kept(aggregates, needed);
  return aggregates.filter(({ name }) => needed.has(name));
}

/** What the node needs of its inputs, left before right. */
function neededOf(node: LogicalNode, needed: Needed, context: SchemaContext): readonly Needed[] {
  switch (node.kind) {
    case "select":
      return [only(kept(node.columns, needed).map(({ expr }) => expr))];
    case "where":
      return [plus(needed, [node.predicate])];
    case "aggregate": {
      const calls = keptAggregates(node, needed).map(({ call }) => call);
      const filters = calls.flatMap(({ filter }) => filter ?? []);
      const keys = node.keys.map(({ expr }) => expr);
      return [only([...keys, ...calls.flatMap(({ args }) => args), ...filters])];
    }
    case "sortBy":
      return [
        plus(
          needed,
          node.keys.map(({ expr }) => expr),
        ),
      ];
    case "window":
      return [neededBelowWindows(node, needed)];
    case "distinct":
      return [node.on === undefined ? "all" : plus(needed, node.on.map(columnOf))];
    case "explode":
      return [plus(needed, [columnOf(node.column)])];
    case "limit":
    case "sample":
      return [needed];
    // What is kept must be the same for every action.
    case "cache":
      return ["all"];
    case "repartition":
      return [typeof node.by === "string" ? "all" : plus(needed, node.by)];
    case "join":
      return neededOfJoin(node, needed, context);
    default:
      return inputsOf(node).map(() => "all");
  }
}

function neededBelowWindows({ windows }: WindowNode, needed: Needed): Needed {
  const made = new Set(windows.map(({ name }) => name));
  const own = kept(windows, needed).flatMap(windowExprs);
  if (needed === "all") return "all";
  return plus(new Set([...needed].filter((name) => !made.has(name))), own);
}

const columnOf = (name: string): Expr => ({ kind: "column", name });

function neededOfJoin(
  node: JoinNode,
  needed: Needed,
  context: SchemaContext,
): readonly [Needed, Needed] {
  const left = context.schemaOf(node.left);
  const right = context.schemaOf(node.right);
  if (needed === "all" || left === undefined || right === undefined) return ["all", "all"];
  const wanted = node.condition === undefined ? needed : plus(needed, [node.condition]);
  if (wanted === "all") return ["all", "all"];
  const from = (to: string) => node.rightNames.find((names) => names.to === to)?.from ?? to;
  const inSchema = (schema: Schema, names: readonly string[]) => {
    const known = namesIn(schema);
    return new Set(names.filter((name) => known.has(name)));
  };
  return [
    plus(
      inSchema(left, [...wanted]),
      node.on.map((key) => key.left),
    ),
    plus(
      inSchema(right, [...wanted].map(from)),
      node.on.map((key) => key.right),
    ),
  ];
}

function narrowed(node: LogicalNode, needed: Needed, context: RuleContext): LogicalNode {
  if (needed === "all") return node;
  switch (node.kind) {
    case "readColumns":
    case "readSource":
      return narrowedRead(node, needed, context);
    case "select":
      return { ...node, columns: kept(node.columns, needed) };
    case "aggregate":
      return { ...node, aggregates: keptAggregates(node, needed) };
    case "window":
      return { ...node, windows: kept(node.windows, needed) };
    default:
      return node;
  }
}

function narrowedRead(
  node: ColumnarReadNode | SourceReadNode,
  needed: ReadonlySet<string>,
  context: RuleContext,
): ColumnarReadNode | SourceReadNode {
  const schema = context.schemaOf(node);
  if (schema === undefined) return node;
  const fields = kept(schema.fields, needed);
  if (fields.length === schema.fields.length) return node;
  return { ...node, columns: fields.map(({ name }) => name) };
}

/** Inputs that are narrower than before stay named: a join keeps names that no longer clash. */
function isNarrower(before: LogicalNode, after: LogicalNode): boolean {
  return JSON.stringify({ ...before, input: 0 }) !== JSON.stringify({ ...after, input: 0 });
}

export interface NeededColumns {
  /** Of what the node makes, by all that read it. */
  of(node: LogicalNode): Needed;
  /** What a join needs of its sides, left before right. */
  sidesOf(node: JoinNode): readonly [Needed, Needed];
}

export function neededOfNodes(action: Action, context: SchemaContext): NeededColumns {
  const needs = new Map<LogicalNode, Needed>();
  needs.set(action.input, action.kind === "count" ? new Set() : "all");
  for (const node of [...planNodes(action.input)].reverse()) {
    const below = neededOf(node, needs.get(node)!, context);
    inputsOf(node).forEach((input, index) => {
      const known = needs.get(input);
      needs.set(input, known === undefined ? below[index]! : union(known, below[index]!));
    });
  }
  const of = (node: LogicalNode) => needs.get(node)!;
  return { of, sidesOf: (node) => neededOfJoin(node, of(node), context) };
}

export const neededColumns: PlanRule = {
  name: "needed-columns",
  apply: (action: Action, context) => {
    const needs = neededOfNodes(action, context);
    const better = new Map<LogicalNode, LogicalNode>();
    for (const node of planNodes(action.input)) {
      const after = narrowed(node, needs.of(node), context);
      if (after !== node && isNarrower(node, after)) better.set(node, after);
    }
    if (better.size === 0) return undefined;
    const input = replaceAll(action.input, better);
    return { ...action, input };
  },
};

/** Replaces nodes, whatever becomes of what they read. */
function replaceAll(last: LogicalNode, better: ReadonlyMap<LogicalNode, LogicalNode>): LogicalNode {
  return mapPlan(last, (seen, before) => {
    const after = better.get(before);
    if (after === undefined) return seen;
    return "input" in seen && "input" in after ? { ...after, input: seen.input } : after;
  });
}
