// Random steps on the columns of one dataset.

import type { Expr, NamedAggregate, NamedExpr, SortExpr } from "../../../proto/plan/expr.ts";
import { typeOfAggregate, typeOfWindow } from "../../../proto/plan/expr-type.ts";

import type { LogicalNode } from "../../../proto/plan/logical.ts";
import { nodeText } from "../../../proto/plan/node-text.ts";
import {
  boolType,
  type Field,
  float64Type,
  isNumeric,
  type Schema,
  utf8Type,
} from "../../../proto/plan/types.ts";
import { aggregateOf } from "../../../sdk/columns/build.ts";
import { type StepDraft, step } from "../../../sdk/dataset/dataset-base.ts";
import { literalOf } from "../testing/random-columns.ts";
import type { Dice } from "./dice.ts";
import {
  exactSchema,
  field,
  freshName,
  type Input,
  type Known,
  type Step,
  type StepMaker,
} from "./known.ts";
import { anyExpr, column, condition, exprOf, typeOf, whole } from "./random-expr.ts";

/** A step that is one node of the plan. */
export function nodeStep(input: Input, draft: StepDraft, known: Partial<Known>): Step {
  const text = nodeText({ ...draft, id: 0, input: undefined } as unknown as LogicalNode);
  return {
    text: `d${input.place} ${text.replace("#0", "")}`,
    known: { ...input.known, ...known },
    apply: (pool) => step(pool[input.place]!, draft),
  };
}

const named = (name: string, expr: Expr): NamedExpr => ({ name, expr });

const select: StepMaker = (input, dice) => {
  const { schema, inexact } = input.known;
  const exact = exactSchema(input.known);
  const columns = dice.some(schema.fields).map(({ name }) => named(name, column(name)));
  for (let more = dice.upTo(3); more > 0; more--) {
    const taken = columns.map(({ name }) => name);
    columns.push(named(freshName(schema, taken), anyExpr(exact, dice)));
  }
  if (dice.isRare(3)) columns.reverse();
  const fields = columns.map(({ name, expr }) => field(name, typeOf(expr, schema)));
  const left = new Set([...inexact].filter((name) => columns.some((own) => own.name === name)));
  return nodeStep(input, { kind: "select", columns }, { schema: { fields }, inexact: left });
};

const alter: StepMaker = (input, dice) => {
  const { schema, inexact } = input.known;
  const exact = exactSchema(input.known);
  const [first] = schema.fields;
  if (first === undefined) return undefined;
  if (dice.isRare(3) && schema.fields.length > 1) {
    const { name } = dice.oneOf(schema.fields);
    const fields = schema.fields.filter((own) => own.name !== name);
    const draft = { kind: "alter", drop: [name], rename: [], columns: [] } as const;
    return nodeStep(input, draft, { schema: { fields }, inexact: without(inexact, name) });
  }
  const isNew = dice.upTo(3) !== 0;
  const name = isNew ? freshName(schema) : dice.oneOf(schema.fields).name;
  const expr = anyExpr(exact, dice, 3);
  const made = field(name, typeOf(expr, schema));
  const fields = isNew
    ? [...schema.fields, made]
    : schema.fields.map((own) => (own.name === name ? made : own));
  const draft = { kind: "alter", drop: [], rename: [], columns: [named(name, expr)] } as const;
  return nodeStep(input, draft, { schema: { fields }, inexact: without(inexact, name) });
};

function without(names: ReadonlySet<string>, name: string): ReadonlySet<string> {
  return new Set([...names].filter((own) => own !== name));
}

const where: StepMaker = (input, dice) =>
  nodeStep(input, { kind: "where", predicate: condition(exactSchema(input.known), dice) }, {});

const explode: StepMaker = (input, dice) => {
  const { schema, rowsMax } = input.known;
  const lists = schema.fields.filter(({ type }) => type.kind === "list");
  if (lists.length === 0 || rowsMax > 1000) return undefined;
  const { name } = dice.oneOf(lists);
  const fields = schema.fields.map((own) =>
    own.name === name && own.type.kind === "list" ? field(name, own.type.item.type) : own,
  );
  const draft = { kind: "explode", column: name, outer: dice.upTo(2) === 1 } as const;
  return nodeStep(input, draft, { schema: { fields }, rowsMax: rowsMax * 4 });
};

const distinct: StepMaker = (input, dice) => {
  const exact = exactSchema(input.known);
  const { isOrdered, inexact } = input.known;
  const isWhole = !isOrdered || dice.upTo(2) === 0;
  if (isWhole ? inexact.size > 0 : exact.fields.length === 0) return undefined;
  const on = isWhole ? {} : { on: dice.some(exact.fields).map(({ name }) => name) };
  return nodeStep(input, { kind: "distinct", ...on }, { isOrdered: false });
};

export function sortTerms(schema: Schema, dice: Dice, isTotal: boolean): readonly SortExpr[] {
  const term = (expr: Expr): SortExpr => ({
    expr,
    direction: dice.oneOf(["asc", "desc"]),
    nulls: dice.oneOf(["first", "last"]),
  });
  if (isTotal) return schema.fields.map(({ name }) => term(column(name)));
  return Array.from({ length: 1 + dice.upTo(2) }, () => term(anyExpr(schema, dice, 1)));
}

export const sortBy: StepMaker = (input, dice) => {
  const { isOrdered, inexact } = input.known;
  const exact = exactSchema(input.known);
  if ((!isOrdered && inexact.size > 0) || exact.fields.length === 0) return undefined;
  const keys = sortTerms(exact, dice, !isOrdered);
  return nodeStep(input, { kind: "sortBy", keys }, { isOrdered: true });
};

const orderBy: StepMaker = (input, dice) => {
  const { schema, inexact } = input.known;
  const fields = schema.fields.filter(({ type }) => type.kind !== "struct");
  if (inexact.size > 0 || fields.length === 0) return undefined;
  const by = { kind: "column", name: dice.oneOf(fields).name } as const;
  const key = { by, direction: dice.oneOf(["asc", "desc"] as const) };
  return nodeStep(input, { kind: "orderBy", key } as StepDraft, { isOrdered: true });
};

export const limit: StepMaker = (input, dice) => {
  const rows = dice.oneOf([5, 3, 1, 0, 12, 1000]);
  const offset = dice.isRare(3) ? { offset: 1 + dice.upTo(4) } : {};
  const made = nodeStep(
    input,
    { kind: "limit", rows, ...offset },
    { rowsMax: Math.min(rows, input.known.rowsMax) },
  );
  return input.known.isOrdered ? made : { ...made, promised: "number" };
};

const sample: StepMaker = (input, dice) =>
  nodeStep(input, { kind: "sample", fraction: dice.upTo(2), seed: dice.upTo(9) }, {});

const cache: StepMaker = (input) => nodeStep(input, { kind: "cache" }, {});

const repartition: StepMaker = (input, dice) => {
  const exact = exactSchema(input.known);
  const isEven = dice.upTo(2) === 0 || exact.fields.length === 0;
  const by = isEven ? "even" : dice.some(exact.fields).map(({ name }) => column(name));
  const draft = { kind: "repartition", partitions: 1 + dice.upTo(4), by } as const;
  return nodeStep(input, draft, { isOrdered: false });
};

const inexactFunctions = ["avg", "variance", "stddev"];

function randomAggregate(name: string, input: Known, dice: Dice): NamedAggregate {
  const exact = exactSchema(input);
  const numbers = exact.fields.filter(({ type }) => isNumeric(type));
  const shorts = exact.fields.filter(({ type }) => ["int32", "float64"].includes(type.kind));
  const number = (): Expr => (numbers.length === 0 ? whole(2) : column(dice.oneOf(numbers).name));
  const any = () => anyExpr(exact, dice, 1);
  const filter = dice.isRare(4) ? { filter: condition(exact, dice) } : {};
  const ordered = input.isOrdered ? ["first", "last", "collectList"] : [];
  const kind = dice.oneOf([
    "count",
    "sum",
    "min",
    "max",
    "countDistinct",
    "avg",
    "approxCountDistinct",
    "variance",
    "stddev",
    "approxQuantile",
    "median",
    "quantile",
    "anyTrue",
    "allTrue",
    ...ordered,
  ]);
  const argsOf = (): readonly Expr[] => {
    switch (kind) {
      case "count":
        return dice.upTo(2) === 0 ? [] : [any()];
      case "sum":
      case "avg":
        return [number()];
      // Of doubles, large decimals leave nothing but noise.
      case "variance":
      case "stddev":
        return [shorts.length === 0 ? whole(2) : column(dice.oneOf(shorts).name)];
      // An estimate, exact for as few texts as there are here.
      case "approxCountDistinct":
        return [exprOf(utf8Type, exact, dice, 1)];
      case "median":
        return [number()];
      case "quantile":
      case "approxQuantile":
        return [number(), literalOf(dice.oneOf([0, 0.5, 1]), float64Type)];
      case "anyTrue":
      case "allTrue":
        return [exprOf(boolType, exact, dice, 1)];
      default:
        return [any()];
    }
  };
  const args = argsOf();
  const mayDistinct = ["count", "sum", "avg", "collectList"].includes(kind) && args.length > 0;
  const isDistinct = mayDistinct && dice.isRare(3);
  return { name, call: { function: kind, args, distinct: isDistinct, ...filter } };
}

function isInexact({ call }: NamedAggregate, schema: Schema): boolean {
  if (inexactFunctions.includes(call.function)) return true;
  if (["approxQuantile", "quantile", "median"].includes(call.function)) return true;
  return call.function === "sum" && typeOf(call.args[0]!, schema).kind === "float64";
}

const aggregate: StepMaker = (input, dice) => {
  const exact = exactSchema(input.known);
  const keys: NamedExpr[] = [];
  if (!dice.isRare(4)) {
    const some = dice.some(exact.fields, 0).slice(0, 3);
    keys.push(...some.map(({ name }) => named(name, column(name))));
    if (keys.length === 0 || dice.isRare(3)) keys.push(named("g0", anyExpr(exact, dice, 2)));
  }
  return aggregateBy(input, keys, dice);
};

function randomAggregates(known: Known, dice: Dice): readonly NamedAggregate[] {
  return Array.from({ length: 1 + dice.upTo(3) }, (_, at) =>
    randomAggregate(`a${at}`, known, dice),
  );
}

/** Some aggregates of each group. */
export function aggregateBy(
  input: Input,
  keys: readonly NamedExpr[],
  dice: Dice,
  aggregates: readonly NamedAggregate[] = randomAggregates(input.known, dice),
): Step | undefined {
  const { schema } = input.known;
  const names = [...keys, ...aggregates].map(({ name }) => name);
  if (new Set(names).size < names.length) return undefined;
  const fields: Field[] = [
    ...keys.map(({ name, expr }) => field(name, typeOf(expr, schema))),
    ...aggregates.map(({ name, call }) => field(name, typeOfAggregate(call, schema))),
  ];
  const inexact = aggregates.filter((own) => isInexact(own, schema)).map(({ name }) => name);
  return nodeStep(
    input,
    { kind: "aggregate", keys, aggregates },
    {
      schema: { fields },
      inexact: new Set(inexact),
      isOrdered: keys.length === 0,
      rowsMax: keys.length === 0 ? 1 : input.known.rowsMax,
    },
  );
}

const pivot: StepMaker = (input, dice) => {
  const { schema } = input.known;
  const exact = exactSchema(input.known);
  const texts = exact.fields.filter(({ type }) => type.kind === "utf8");
  const [key] = exact.fields;
  if (texts.length === 0 || key === undefined || ["a", "b"].includes(key.name)) return undefined;
  const { name } = dice.oneOf(texts);
  if (key.name === name) return undefined;
  const made = dice.upTo(2) === 0 ? ["c"] : ["c", "d"];
  const counted = ["a", "b"].flatMap((value) =>
    made.length === 1 ? [value] : made.map((own) => `${value}_${own}`),
  );
  const fields = [key, ...counted.map((own) => field(own, typeOfAggregate(countCall, schema)))];
  return {
    text: `d${input.place} groupBy ${key.name} pivot ${name} in a, b: count as ${made.join(", ")}`,
    known: { ...input.known, schema: { fields }, inexact: new Set(), isOrdered: false },
    apply: (pool) => {
      const rows = pool[input.place] as unknown as {
        groupBy(key: string): {
          pivot(name: string, values: readonly string[]): { agg(aggregates: unknown): never };
        };
      };
      return rows
        .groupBy(key.name)
        .pivot(name, ["a", "b"])
        .agg(Object.fromEntries(made.map((own) => [own, aggregateOf("count", [])])));
    },
  };
};
const countCall = { function: "count", args: [], distinct: false };

const frames = [
  { unit: "rows", start: -1, end: 0 },
  { unit: "rows", start: undefined, end: 0 },
  { unit: "rows", start: undefined, end: undefined },
  { unit: "rows", start: 1, end: 2 },
  { unit: "peers", start: undefined, end: 0 },
  { unit: "peers", start: -1, end: 1 },
  { unit: "peers", start: 0, end: undefined },
] as const;

const bound = (rows: number | undefined) =>
  rows === undefined ? ({ kind: "unbounded" } as const) : ({ kind: "offset", rows } as const);

/** Of functions that tell rows apart only by their order, and of those that need the rows' own. */
const windowAmong =
  (functions: readonly string[], decided: readonly string[]): StepMaker =>
  (input, dice) => {
    const { schema, isOrdered, inexact } = input.known;
    const exact = exactSchema(input.known);
    if (exact.fields.length === 0 || input.known.rowsMax > 400) return undefined;
    // Rows that the order does not tell apart must be all alike, or stand in an order already.
    const isTotal = !isOrdered && dice.upTo(2) === 0;
    if (isTotal && inexact.size > 0) return undefined;
    const isDecided = isOrdered || isTotal;
    const partitionBy = dice
      .some(exact.fields, 0)
      .slice(0, 2)
      .map(({ name }) => column(name));
    const orderBy = dice.isRare(4) && !isTotal ? [] : sortTerms(exact, dice, isTotal);
    const kind = dice.oneOf([...functions, ...(isDecided ? decided : [])]);
    const chosen = dice.oneOf(isDecided ? frames : frames.slice(4));
    const frame = { unit: chosen.unit, start: bound(chosen.start), end: bound(chosen.end) };
    const args = windowArgs(kind, exact, dice);
    const name = freshName(schema);
    const draft = { function: kind, args, partitionBy, orderBy, frame };
    const type = typeOfWindow(draft, schema);
    const isFloat = kind === "avg" || (kind === "sum" && type.kind === "float64");
    return nodeStep(
      input,
      { kind: "window", windows: [{ name, call: draft }] },
      {
        schema: { fields: [...schema.fields, field(name, type)] },
        isOrdered: false,
        inexact: isFloat ? new Set([...inexact, name]) : inexact,
      },
    );
  };

const window = windowAmong(
  ["rank", "denseRank", "percentRank", "count", "sum", "min", "max", "avg"],
  [
    ...["rowNumber", "lag", "lead", "firstValue", "lastValue", "ntile", "first", "last"],
    "collectList",
  ],
);

/** Numbers of rows, in the last column. */
export const ranking = windowAmong(["rank", "denseRank"], ["rowNumber"]);

function windowArgs(kind: string, exact: Schema, dice: Dice): readonly Expr[] {
  const numbers = exact.fields.filter(({ type }) => isNumeric(type));
  switch (kind) {
    case "rowNumber":
    case "rank":
    case "denseRank":
    case "percentRank":
      return [];
    case "ntile":
      return [whole(1 + dice.upTo(4))];
    case "sum":
    case "avg":
      return [numbers.length === 0 ? whole(1) : column(dice.oneOf(numbers).name)];
    case "lag":
    case "lead":
      return [anyExpr(exact, dice, 1), whole(dice.upTo(3))];
    default:
      return [anyExpr(exact, dice, 1)];
  }
}

export const columnSteps: readonly { readonly weight: number; readonly make: StepMaker }[] = [
  { weight: 4, make: select },
  { weight: 4, make: alter },
  { weight: 5, make: where },
  { weight: 2, make: explode },
  { weight: 2, make: distinct },
  { weight: 3, make: sortBy },
  { weight: 1, make: orderBy },
  { weight: 3, make: limit },
  { weight: 1, make: sample },
  { weight: 1, make: cache },
  { weight: 1, make: repartition },
  { weight: 6, make: aggregate },
  { weight: 1, make: pivot },
  { weight: 4, make: window },
];
