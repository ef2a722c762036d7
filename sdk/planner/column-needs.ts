// Which columns the steps of a plan name of rows whose columns only the run tells. Where a plan shows that a column
// cannot be there it is refused; else the rows that may have it are watched.

import { EngineError } from "../../proto/errors.ts";
import { type ColumnNeed, noColumn } from "../../proto/plan/absent-column.ts";
import { digestText } from "../../proto/plan/digest.ts";
import { columnsOf, type Expr, type NamedAggregate } from "../../proto/plan/expr.ts";
import { columnText } from "../../proto/plan/expr-text.ts";
import { inputsOf, planNodes } from "../../proto/plan/inputs.ts";
import type { JoinNode, LogicalNode } from "../../proto/plan/logical.ts";
import { windowExprs } from "../rules/node-exprs.ts";
import type { KnownSchemas } from "./known-schemas.ts";

/** A column that a step names, on its way down to what may have it. */
interface Search {
  readonly step: string;
  readonly column: string;
  readonly makers: Set<string>;
  /** Columns of the nodes that were found not to have it. */
  readonly others: Set<string>;
  isFound: boolean;
}

/** The name under which a column is looked for in the rows of one node. */
interface Wanted {
  readonly search: Search;
  readonly name: string;
}

/** By the names of the nodes whose rows are to be watched. */
export type ColumnNeeds = ReadonlyMap<string, readonly ColumnNeed[]>;

/**
 * Of a plan as the job wrote it: the optimizer moves steps to where fewer rows come by. Throws PLAN_INVALID for a
 * column that no node can have.
 */
export function columnNeeds(last: LogicalNode, schemas: KnownSchemas): ColumnNeeds {
  const nodes = planNodes(last);
  const wanted = new Map<LogicalNode, Wanted[]>(nodes.map((node) => [node, []]));
  const searches: Search[] = [];
  const watched = new Map<string, Wanted[]>();
  for (const node of [...nodes].reverse()) {
    for (const one of wanted.get(node)!) {
      const names = namesOf(node, schemas);
      if (names !== undefined) settle(one, names);
      else if (isMaker(node)) watch(watched, makerName(node), one);
      else if (makes(node, one.name)) one.search.isFound = true;
      else for (const place of below(node, one.name)) lookAt(wanted, one.search, place);
    }
    for (const { column, places } of columnsNamed(node)) {
      // Names in expressions over known columns were checked with their types.
      const isChecked = node.kind !== "orderBy" && node.kind !== "repartition";
      if (isChecked && places.every(({ input }) => schemas.of(input) !== undefined)) continue;
      const search: Search = {
        step: `${node.kind}#${node.id}`,
        column,
        makers: new Set(),
        others: new Set(),
        isFound: false,
      };
      searches.push(search);
      for (const place of places) lookAt(wanted, search, place);
    }
  }
  for (const search of searches) checkMayBe(search);
  return new Map([...watched].map(([node, ones]) => [node, needsOf(ones)]));
}

function lookAt(wanted: Map<LogicalNode, Wanted[]>, search: Search, { input, name }: Place): void {
  wanted.get(input)!.push({ search, name });
}

function watch(watched: Map<string, Wanted[]>, maker: string, one: Wanted): void {
  one.search.makers.add(maker);
  const ones = watched.get(maker);
  if (ones === undefined) watched.set(maker, [one]);
  else ones.push(one);
}

/** Functions by their nodes. Equal reads are one for the optimizer, whatever their nodes are. */
export function makerName(node: LogicalNode): string {
  switch (node.kind) {
    case "readNdjson":
    case "readCsv":
    case "readCheckpoint":
    case "values":
      return digestText(JSON.stringify({ ...node, id: 0 }));
    default:
      return `#${node.id}`;
  }
}

function settle({ search, name }: Wanted, names: readonly string[]): void {
  if (names.includes(name)) search.isFound = true;
  else for (const other of names) search.others.add(other);
}

function checkMayBe({ step, column, makers, others, isFound }: Search): void {
  if (isFound || makers.size > 0) return;
  const why =
    others.size > 0
      ? noColumn(column, [...others])
      : `there is no column ${columnText(column)}: a step before drops or renames it`;
  throw new EngineError("PLAN_INVALID", `${step}: ${why}`, { operator: step });
}

function needsOf(ones: readonly Wanted[]): readonly ColumnNeed[] {
  const needs = new Map<string, ColumnNeed>();
  for (const { search, name } of ones) {
    const { step, column, makers, isFound } = search;
    if (isFound) continue;
    const need = { step, column, name, makers: [...makers].sort((a, b) => (a < b ? -1 : 1)) };
    needs.set(JSON.stringify(need), need);
  }
  return [...needs.values()];
}

/** Whether the node's rows come from a function, or from files or kept outputs that do not tell their columns. */
function isMaker({ kind }: LogicalNode): boolean {
  switch (kind) {
    case "map":
    case "flatMap":
    case "mapPartitions":
    case "mapBatches":
    case "mapAsync":
    case "readNdjson":
    case "readCsv":
    case "readCheckpoint":
    case "values":
    case "kept":
      return true;
    default:
      return false;
  }
}

/** The node's columns, where they are known even though their types may not be. */
function namesOf(node: LogicalNode, schemas: KnownSchemas): readonly string[] | undefined {
  const known = schemas.of(node)?.fields.map(({ name }) => name);
  if (known !== undefined) return known;
  switch (node.kind) {
    case "select":
      return node.columns.map(({ name }) => name);
    case "aggregate":
      return [...node.keys, ...node.aggregates].map(({ name }) => name);
    case "countByValue":
      return ["value", "count"];
    case "reduceByKey":
    case "aggregateByKey":
    case "groupByKey":
    case "cogroup":
    case "joinByKey":
      return ["key", "value"];
    case "readCsv": {
      const names = Object.keys(node.options.columns);
      return names.length === 0 ? undefined : names;
    }
    default:
      return undefined;
  }
}

/** Where a column may be found. */
interface Place {
  readonly input: LogicalNode;
  /** Its name there. */
  readonly name: string;
}

interface NamedColumn {
  readonly column: string;
  readonly places: readonly Place[];
}

function columnsIn(exprs: readonly Expr[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const expr of exprs) columnsOf(expr, names);
  return names;
}

const of = (input: LogicalNode, names: Iterable<string>): readonly NamedColumn[] =>
  [...new Set(names)].map((name) => ({ column: name, places: [{ input, name }] }));

const ofExprs = (input: LogicalNode, parts: readonly { readonly expr: Expr }[]) =>
  of(input, columnsIn(parts.map(({ expr }) => expr)));

const aggregateParts = ({ call }: NamedAggregate): readonly Expr[] =>
  call.filter === undefined ? call.args : [...call.args, call.filter];

/** The columns of its inputs that the node itself names. */
function columnsNamed(node: LogicalNode): readonly NamedColumn[] {
  switch (node.kind) {
    case "select":
      return ofExprs(node.input, node.columns);
    case "alter": {
      const made = columnsIn(node.columns.map(({ expr }) => expr));
      return of(node.input, [...made, ...node.drop, ...node.rename.map(({ from }) => from)]);
    }
    case "where":
      return of(node.input, columnsIn([node.predicate]));
    case "aggregate": {
      const keys = node.keys.map(({ expr }) => expr);
      return of(node.input, columnsIn([...keys, ...node.aggregates.flatMap(aggregateParts)]));
    }
    case "sortBy":
      return ofExprs(node.input, node.keys);
    case "orderBy":
      return node.key.by.kind === "column" ? of(node.input, [node.key.by.name]) : [];
    case "distinct":
      return of(node.input, node.on ?? []);
    case "window":
      return of(node.input, columnsIn(node.windows.flatMap(windowExprs)));
    case "explode":
      return of(node.input, [node.column]);
    case "repartition":
      return typeof node.by === "string" ? [] : of(node.input, columnsIn(node.by));
    case "join":
      return namedByJoin(node);
    default:
      return [];
  }
}

function namedByJoin(node: JoinNode): readonly NamedColumn[] {
  const { left, right, on, condition } = node;
  const conditional = condition === undefined ? [] : columnsIn([condition]);
  return [
    ...of(left, columnsIn(on.map((key) => key.left))),
    ...of(right, columnsIn(on.map((key) => key.right))),
    ...[...conditional].map((column) => ({ column, places: inBoth(node, column) })),
  ];
}

/** Whether the node adds a column of the name to those of its input. */
function makes(node: LogicalNode, name: string): boolean {
  if (node.kind === "alter") return node.columns.some((made) => made.name === name);
  return node.kind === "window" && node.windows.some((window) => window.name === name);
}

/** What the node's column of the name was among its inputs. */
function below(node: LogicalNode, name: string): readonly Place[] {
  switch (node.kind) {
    case "alter": {
      const from = node.rename.find(({ to }) => to === name)?.from;
      const isGone = node.drop.includes(name) || node.rename.some((column) => column.from === name);
      return from === undefined && isGone ? [] : [{ input: node.input, name: from ?? name }];
    }
    case "join": {
      const isLeft = node.type === "semi" || node.type === "anti";
      return isLeft ? [{ input: node.left, name }] : inBoth(node, name);
    }
    case "intersect":
    case "except":
      return [{ input: node.left, name }];
    default:
      return inputsOf(node).map((input) => ({ input, name }));
  }
}

function inBoth({ left, right, rightNames }: JoinNode, name: string): readonly Place[] {
  const from = rightNames.find(({ to }) => to === name)?.from;
  return [
    { input: left, name },
    { input: right, name: from ?? name },
  ];
}
