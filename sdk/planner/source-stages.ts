// Stages that read sources of others: one task for each split that the source planned.

import { EngineError } from "../../proto/errors.ts";
import { sourceSplitCharsMax } from "../../proto/limits/connectors.ts";
import { plannedSplitsMax, splitsAimed } from "../../proto/limits.ts";
import type {
  FilterValue,
  PlannedSource,
  SourceFilter,
  SourceRequest,
  SourceSplits,
} from "../../proto/plan/connector.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import { mapPlan } from "../../proto/plan/inputs.ts";
import type { Action, SourceReadNode } from "../../proto/plan/logical.ts";
import {
  type DataType,
  findField,
  isNumeric,
  type Schema,
  sameType,
} from "../../proto/plan/types.ts";
import { encodeValue } from "../../proto/plan/values.ts";
import { allOf, conjunctsOf } from "../rules/conjuncts.ts";
import type { OpenStage } from "./open-stage.ts";
import { type PlanInputs, schemaOfRead } from "./plan-inputs.ts";
import type { Planning } from "./stages.ts";

/** Beside each filter the number of the condition it says, among those of the node. */
interface Offer {
  readonly conjunct: number;
  readonly filter: SourceFilter;
}

const comparisons = ["eq", "ne", "lt", "le", "gt", "ge"] as const;
type Comparison = (typeof comparisons)[number];

/** `5 < a` is `a > 5`. */
const turned: Readonly<Record<Comparison, Comparison>> = {
  eq: "eq",
  ne: "ne",
  lt: "gt",
  le: "ge",
  gt: "lt",
  ge: "le",
};

/** The column that an expression is, also through a cast to the type that it has. */
function columnIn(expr: Expr, schema: Schema): string | undefined {
  if (expr.kind === "column") return findField(schema, expr.name)?.name;
  if (expr.kind !== "cast") return undefined;
  const name = columnIn(expr.input, schema);
  const field = name === undefined ? undefined : findField(schema, name);
  return field !== undefined && sameType(field.type, expr.to) ? name : undefined;
}

const dayMs = 86_400_000;

/** As rows have it; undefined for what has no plain value, or none that is exact. */
function constantOf(expr: Expr): FilterValue | undefined {
  if (expr.kind !== "literal" || expr.text === null) return undefined;
  const { type, text } = expr;
  switch (type.kind) {
    case "int32":
    case "int53":
    case "float64":
      return Number(text);
    case "int64":
      return BigInt(text);
    case "utf8":
    case "decimal":
      return text;
    case "bool":
      return text === "true";
    case "date":
      return new Date(Number(text) * dayMs);
    case "timestamp": {
      const micros = BigInt(text);
      return type.zone !== undefined && micros % 1000n === 0n
        ? new Date(Number(micros / 1000n))
        : undefined;
    }
    default:
      return undefined;
  }
}

/** Whether values of both types compare without one becoming another kind of thing. */
function compares(column: DataType, value: Expr): boolean {
  if (value.kind !== "literal") return false;
  if (isNumeric(column)) return isNumeric(value.type);
  return column.kind === value.type.kind;
}

function filterOf(expr: Expr, schema: Schema): SourceFilter | undefined {
  if (expr.kind !== "call") return undefined;
  const [first, ...others] = expr.args;
  if (first === undefined) return undefined;
  const column = columnIn(first, schema);
  if (expr.name === "isNull" || expr.name === "isNotNull") {
    return column === undefined ? undefined : { column, is: expr.name };
  }
  const comparison = comparisons.find((name) => name === expr.name);
  if (comparison !== undefined && others.length === 1) {
    const [second] = others as [Expr];
    if (column !== undefined) return compared(column, comparison, second, schema);
    const other = columnIn(second, schema);
    return other === undefined ? undefined : compared(other, turned[comparison], first, schema);
  }
  if (expr.name !== "isIn" || column === undefined) return undefined;
  const { type } = findField(schema, column)!;
  const values = others.map((other) => (compares(type, other) ? constantOf(other) : undefined));
  const known = values.filter((value) => value !== undefined);
  // With a null among the values a row without a match is null, which is not true either.
  return known.length === values.length ? { column, is: "in", values: known } : undefined;
}

function compared(
  column: string,
  is: Comparison,
  other: Expr,
  schema: Schema,
): SourceFilter | undefined {
  if (!compares(findField(schema, column)!.type, other)) return undefined;
  const value = constantOf(other);
  return value === undefined ? undefined : { column, is, value };
}

function offersOf(node: SourceReadNode, schema: Schema): readonly Offer[] {
  if (node.pruning === undefined) return [];
  return conjunctsOf(node.pruning).flatMap((expr, conjunct) => {
    const filter = filterOf(expr, schema);
    return filter === undefined ? [] : [{ conjunct, filter: Object.freeze(filter) }];
  });
}

function wantedSchema(node: SourceReadNode, schema: Schema): Schema {
  if (node.columns === undefined) return schema;
  return { fields: node.columns.map((name) => findField(schema, name)!) };
}

/** What a source is asked for splits of. Equal plans ask the same. */
export function sourceRequest(node: SourceReadNode, schema: Schema): SourceRequest {
  return {
    columns: wantedSchema(node, schema).fields.map(({ name }) => name),
    filters: offersOf(node, schema).map(({ filter }) => filter),
  };
}

export const splitAdvice = Object.freeze({ splitsAimed, splitsMax: plannedSplitsMax });

/** Throws PLAN_INVALID for an answer that is none, LIMIT_EXCEEDED for too many or too large splits. */
export function sourceSplits(
  { name, id }: SourceReadNode,
  request: SourceRequest,
  planned: PlannedSource<unknown>,
): SourceSplits {
  const what = `source ${name}#${id}`;
  const { splits, taken = [], bytes = 0 } = planned ?? {};
  if (!Array.isArray(splits)) {
    throw new EngineError("PLAN_INVALID", `${what} planned no list of splits; answer { splits }`);
  }
  if (splits.length > plannedSplitsMax) {
    throw new EngineError(
      "LIMIT_EXCEEDED",
      `${what} planned ${splits.length} splits, and at most ${plannedSplitsMax} are carried; make larger ones`,
    );
  }
  const texts = splits.map((split) => encodeValue(split));
  const long = texts.find((text) => text.length > sourceSplitCharsMax);
  if (long !== undefined) {
    throw new EngineError(
      "LIMIT_EXCEEDED",
      `a split of ${what} takes ${long.length} characters, and at most ${sourceSplitCharsMax} are carried; ` +
        "let it name what is to be read, not hold it",
    );
  }
  const numbers = taken.map((filter) => {
    const at = request.filters.indexOf(filter);
    if (at >= 0) return at;
    throw new EngineError("PLAN_INVALID", `${what} took a filter that was not among those offered`);
  });
  return { splits: texts, taken: numbers, bytes: Math.max(0, Math.ceil(bytes)) };
}

function splitsOf(inputs: PlanInputs, { id, name }: SourceReadNode): SourceSplits {
  const found = inputs.sources?.get(id);
  if (found !== undefined) return found;
  throw new EngineError(
    "INTERNAL",
    `source ${name}#${id} was not asked for splits before planning`,
  );
}

/** Bytes that the source says there are. */
export function sourceBytes(inputs: PlanInputs, node: SourceReadNode): number {
  return inputs.sources?.get(node.id)?.bytes ?? 0;
}

/** Conditions right over a source, without those that it took. */
export function withoutTaken(action: Action, inputs: PlanInputs): Action {
  const input = mapPlan(action.input, (node) => {
    if (node.kind !== "where" || node.input.kind !== "readSource") return node;
    const read = node.input;
    const { taken } = splitsOf(inputs, read);
    if (read.pruning === undefined || taken.length === 0) return node;
    const offers = offersOf(read, schemaOfRead(inputs, read));
    const gone = new Set(taken.map((number) => offers[number]?.conjunct));
    const rest = allOf(conjunctsOf(node.predicate).filter((_, index) => !gone.has(index)));
    return rest === undefined ? read : { ...node, predicate: rest };
  });
  return input === action.input ? action : { ...action, input };
}

export function openSource(planning: Planning, node: SourceReadNode): OpenStage {
  const { inputs } = planning;
  const { id, name } = node;
  const schema = schemaOfRead(inputs, node);
  const { splits, taken, bytes } = splitsOf(inputs, node);
  const { filters } = sourceRequest(node, schema);
  const source = {
    kind: "source" as const,
    node: id,
    name,
    schema: wantedSchema(node, schema),
    filtersJson: encodeValue(taken.map((number) => filters[number])),
  };
  const base = {
    names: [`read ${name}`],
    inputs: [],
    placement: { kind: "any" },
    operators: [],
    inputBytes: bytes,
    bytesBelow: bytes,
  } as const;
  // A plan has at least one task, also over nothing.
  if (splits.length === 0) {
    const nothing = { kind: "values", node: id, rowsJson: "[]", schema: source.schema } as const;
    return { ...base, source: nothing, taskCount: 1, splits: [] };
  }
  const own = splits.map((split) => ({ ranges: [], own: split }));
  return { ...base, source, taskCount: splits.length, splits: own };
}
