// Groups that are made before a join. Where an aggregate groups by the key of a join, and by texts that the other side
// has beside it, as by a customer's number, name and address, the rows are first grouped by that key alone. Then only
// groups find their texts, and only they are grouped by them: texts of a row for each group, not for each row.
// Eager aggregation: Yan and Larson, VLDB 1995.

import { columnsOf, type Expr, type NamedAggregate } from "../../proto/plan/expr.ts";
import { typeOfExpr } from "../../proto/plan/expr-type.ts";
import { mapPlan, planNodes, withInputs } from "../../proto/plan/inputs.ts";
import type { ColumnNode, JoinNode, LogicalNode } from "../../proto/plan/logical.ts";
import { decimalPrecisionMax, findField, namesIn, type Schema } from "../../proto/plan/types.ts";
import { foldCast } from "../rules/fold-cast.ts";
import { readersOf } from "../rules/rule.ts";
import type { PlanSizes } from "./estimate.ts";
import type { KnownSchemas } from "./known-schemas.ts";
import { isPlainJoin, namesApart, sameColumns } from "./plain-joins.ts";

type AggregateNode = Extract<ColumnNode, { readonly kind: "aggregate" }>;

/** What adds up the results of each aggregate that may be made in two steps. */
const together: Readonly<Record<string, string>> = {
  ...{ sum: "sum", count: "sum", min: "min", max: "max" },
};

/** Digits of a decimal of which a million of the largest there are may be added. */
const summedDigitsMax = decimalPrecisionMax - 6;

const arithmetic = new Set(["add", "subtract", "multiply"]);

/** Whether no row can make the expression fail: rows that the join drops are computed now. */
function neverFails(expr: Expr, schema: Schema): boolean {
  switch (expr.kind) {
    case "column":
    case "literal":
      return true;
    case "cast":
      return expr.input.kind === "literal" && foldCast(expr.input, expr.to) !== undefined;
    case "call": {
      const type = typeOfExpr(expr, schema);
      const fits =
        type.kind === "float64" ||
        (type.kind === "decimal" && type.precision < decimalPrecisionMax);
      return arithmetic.has(expr.name) && fits && expr.args.every((arg) => neverFails(arg, schema));
    }
    default:
      return false;
  }
}

/** Whether an aggregate may be made of parts of each group, by rows of this schema, without a failure of its own. */
function isDivisible({ call }: NamedAggregate, schema: Schema): boolean {
  const { args, distinct, filter } = call;
  if (distinct || filter !== undefined || !Object.hasOwn(together, call.function)) return false;
  if (!args.every((arg) => neverFails(arg, schema))) return false;
  if (call.function !== "sum") return true;
  return args.every((arg) => {
    const type = typeOfExpr(arg, schema);
    if (type.kind === "decimal") return type.precision <= summedDigitsMax;
    return type.kind === "float64" || type.kind === "int32";
  });
}

interface Grouping {
  readonly schemas: KnownSchemas;
  readonly sizes: PlanSizes;
  /** Nodes that several read: what is put into them would be done for one of these alone. */
  readonly shared: ReadonlySet<LogicalNode>;
}

/** One way down from an aggregate to rows that could be grouped, with the joins that it passed, the first at the top. */
interface Way {
  readonly joins: readonly { readonly join: JoinNode; readonly side: "left" | "right" }[];
  readonly rows: LogicalNode;
  readonly schema: Schema;
  /** Columns of the rows that the joins and the groups above read. */
  readonly read: ReadonlySet<string>;
}

/** The side of a join that has all of these columns, and all rows of whose other side may be partners. */
function nextWay(way: Way, summed: ReadonlySet<string>, grouping: Grouping): Way | undefined {
  const { schemas, sizes, shared } = grouping;
  const join = way.rows;
  if (!isPlainJoin(join) || join.type !== "inner" || shared.has(join)) return undefined;
  const sides = { left: schemas.of(join.left), right: schemas.of(join.right) };
  if (sides.left === undefined || sides.right === undefined) return undefined;
  if (!namesApart([sides.left, sides.right])) return undefined;
  const has = (side: "left" | "right") => {
    const names = namesIn(sides[side]!);
    return [...summed].every((name) => names.has(name));
  };
  const side = has("left") ? "left" : has("right") ? "right" : undefined;
  if (side === undefined) return undefined;
  // A join that drops many rows is better made first.
  if (sizes.of(join[side === "left" ? "right" : "left"]).share < 1) return undefined;
  const names = namesIn(sides[side]!);
  const read = new Set([...way.read].filter((name) => names.has(name)));
  for (const key of join.on) columnsOf(key[side], read);
  return { joins: [...way.joins, { join, side }], rows: join[side], schema: sides[side]!, read };
}

/** Names of columns that the groups tell apart: keys, and what the joins of a way found equal to one. */
function toldApart({ keys }: AggregateNode, { joins }: Way): ReadonlySet<string> {
  const told = new Set(keys.flatMap(({ expr }) => (expr.kind === "column" ? [expr.name] : [])));
  for (const { join } of joins) {
    for (const { left, right } of join.on) {
      if (left.kind !== "column" || right.kind !== "column") continue;
      if (told.has(left.name)) told.add(right.name);
      else if (told.has(right.name)) told.add(left.name);
    }
  }
  return told;
}

/** Whether some key of the groups is a text that the rows do not have. */
function addsTexts({ keys }: AggregateNode, above: Schema, { schema }: Way): boolean {
  const own = namesIn(schema);
  return keys.some(({ expr }) => {
    if (typeOfExpr(expr, above).kind !== "utf8") return false;
    return [...columnsOf(expr)].some((name) => !own.has(name));
  });
}

/** The deepest rows that may be grouped before the joins above them. */
function wayDown(node: AggregateNode, above: Schema, grouping: Grouping): Way | undefined {
  const summed = new Set<string>();
  for (const { call } of node.aggregates) for (const arg of call.args) columnsOf(arg, summed);
  const read = new Set<string>();
  for (const { expr } of node.keys) columnsOf(expr, read);
  let way: Way | undefined = { joins: [], rows: node.input, schema: above, read };
  let best: Way | undefined;
  for (;;) {
    way = nextWay(way, summed, grouping);
    if (way === undefined) return best;
    const { schema, read: keys } = way;
    const told = toldApart(node, way);
    const isOne =
      keys.size > 0 &&
      [...keys].every((name) => told.has(name)) &&
      node.aggregates.every((each) => isDivisible(each, schema)) &&
      addsTexts(node, above, way);
    if (isOne) best = way;
  }
}

const column = (name: string): Expr => ({ kind: "column", name });

function grouped(node: AggregateNode, grouping: Grouping): LogicalNode | undefined {
  const { schemas } = grouping;
  const { keys, aggregates, input } = node;
  if (keys.length === 0 || aggregates.length === 0) return undefined;
  const above = schemas.of(input);
  const before = schemas.of(node);
  if (above === undefined || before === undefined) return undefined;
  const way = wayDown(node, above, grouping);
  if (way === undefined) return undefined;
  // Sums stand beside all other columns until they are added up.
  if (aggregates.some(({ name }) => findField(above, name) !== undefined)) return undefined;
  const first: AggregateNode = {
    ...node,
    input: way.rows,
    keys: [...way.read].map((name) => ({ name, expr: column(name) })),
  };
  const joined = way.joins.reduceRight<LogicalNode>((rows, { join, side }) => {
    const sides = side === "left" ? [rows, join.right] : [join.left, rows];
    return withInputs(join, sides);
  }, first);
  const added = aggregates.map(({ name, call }): NamedAggregate => {
    const summing = { function: together[call.function]!, args: [column(name)], distinct: false };
    return { name, call: summing };
  });
  const after: AggregateNode = { ...node, input: joined, aggregates: added };
  const schema = schemas.of(after);
  return schema !== undefined && sameColumns(before, schema) ? after : undefined;
}

/** To be done once: the groups of what is left would be made in two steps again. */
export function earlyGroups(
  last: LogicalNode,
  schemas: KnownSchemas,
  sizes: PlanSizes,
): LogicalNode {
  if (planNodes(last).every((node) => node.kind !== "aggregate" || node.input.kind !== "join")) {
    return last;
  }
  const readers = readersOf(last);
  const shared = new Set<LogicalNode>();
  return mapPlan(last, (node, before) => {
    // From the sources up: a plan may be deeper than calls can nest.
    schemas.of(node);
    sizes.of(node);
    const isAggregate = node.kind === "aggregate";
    const after = (isAggregate ? grouped(node, { schemas, sizes, shared }) : undefined) ?? node;
    if ((readers.get(before) ?? 0) > 1) shared.add(after);
    return after;
  });
}
