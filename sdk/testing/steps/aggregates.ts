// Aggregates over a list of rows, one after the other.

import { decimalText } from "../../../proto/batch/decimal.ts";
import { EngineError } from "../../../proto/errors.ts";
import type { AggregateCall } from "../../../proto/plan/expr.ts";
import { typeOfAggregate, typeOfExpr } from "../../../proto/plan/expr-type.ts";
import type { ColumnNode } from "../../../proto/plan/logical.ts";
import { type DataType, type Field, type Schema, typeText } from "../../../proto/plan/types.ts";
import { evaluateRaw } from "../expressions/evaluate-expr.ts";
import type { Raw } from "../expressions/raw-values.ts";
import { compareValues, identity } from "../value-order.ts";
import { grouped, known, project, type RawRow, type TypedTable, typed, widened } from "./table.ts";

export function aggregateStep(
  node: Extract<ColumnNode, { kind: "aggregate" }>,
  table: TypedTable,
): TypedTable {
  const { schema } = table;
  const keys = project(table, node.keys);
  const names = node.keys.map(({ name }) => name);
  const made = node.aggregates.map(({ name, call }): Field => {
    return { name, type: known(typeOfAggregate(call, schema)), nullable: true };
  });
  const ofAll = new Map([["all", table.rows.map((_, place) => place)]]);
  const groups =
    names.length === 0 ? ofAll : grouped(keys.rows, (row) => identity(names.map((n) => row[n])));
  const rows = [...groups.values()].map((places): RawRow => {
    const own = places.map((place) => table.rows[place]!);
    const values = node.aggregates.map(({ name, call }) => [name, aggregated(call, own, schema)]);
    return { ...keys.rows[places[0] ?? -1], ...Object.fromEntries(values) };
  });
  return typed({ fields: [...keys.schema.fields, ...made] }, rows);
}

/** The aggregate of some rows, in their order. */
export function aggregated(call: AggregateCall, rows: readonly RawRow[], schema: Schema): Raw {
  const { filter, args } = call;
  const counted = rows.filter(
    (row) => filter === undefined || evaluateRaw(filter, row, schema) === true,
  );
  const [arg] = args;
  if (arg === undefined) return counted.length;
  const type = typeOfExpr(arg, schema);
  const all = counted.map((row) => evaluateRaw(arg, row, schema));
  if (call.function === "first") return all[0] ?? null;
  if (call.function === "last") return all.at(-1) ?? null;
  const isDistinct = call.distinct || call.function === "countDistinct";
  const values = all.filter((value) => value !== null);
  const result = known(typeOfAggregate(call, schema));
  return ofValues(call, isDistinct ? different(values) : values, type, result);
}

function different(values: readonly Raw[]): readonly Raw[] {
  return [...grouped(values, identity).values()].map(([first]) => values[first!]!);
}

function ofValues(
  call: AggregateCall,
  values: readonly Raw[],
  type: DataType,
  result: DataType,
): Raw {
  const numbers = () => values.map((value) => numberOf(value, type));
  switch (call.function) {
    case "count":
    case "countDistinct":
      return values.length;
    case "approxCountDistinct":
      return different(values).length;
    case "collectList":
      return values;
  }
  if (values.length === 0) return null;
  switch (call.function) {
    case "sum":
      return sum(values, type, result);
    case "avg":
      return mean(values, type);
    case "min":
      return values.reduce((a, b) => (compareValues(b, a) < 0 ? b : a));
    case "max":
      return values.reduce((a, b) => (compareValues(b, a) > 0 ? b : a));
    case "variance":
      return variance(numbers());
    case "stddev": {
      const squared = variance(numbers());
      return squared === null ? null : Math.sqrt(squared);
    }
    case "median":
      return quantile(numbers(), 0.5);
    case "quantile":
    case "approxQuantile":
      return quantile(numbers(), shareOf(call));
    case "anyTrue":
      return values.includes(true);
    case "allTrue":
      return !values.includes(false);
    default:
      throw new EngineError("PLAN_INVALID", `there is no aggregate '${call.function}'`);
  }
}

function numberOf(value: Raw, type: DataType): number {
  return widened(value, type, { kind: "float64" }) as number;
}

function sum(values: readonly Raw[], type: DataType, result: DataType): Raw {
  if (result.kind === "float64" || type.kind === "json") {
    return values.map((value) => numberOf(value, type)).reduce((a, b) => a + b, 0);
  }
  const total = values.map((value) => BigInt(value as bigint)).reduce((a, b) => a + b, 0n);
  const size = total < 0n ? -total : total;
  const limit = result.kind === "int53" ? 2n ** 53n : 2n ** 63n;
  const isTooLarge =
    result.kind === "decimal"
      ? size >= 10n ** BigInt(result.precision)
      : size >= limit && !(result.kind === "int64" && total === -limit);
  if (isTooLarge) {
    const what = `a sum of whole numbers does not fit ${typeText(result)}`;
    throw new EngineError("VALUE_UNSUPPORTED", what);
  }
  return result.kind === "int53" ? Number(total) : total;
}

/** Of decimals by their exact sum, of other numbers by that of doubles. */
function mean(values: readonly Raw[], type: DataType): number {
  if (type.kind !== "decimal") {
    return values.map((value) => numberOf(value, type)).reduce((a, b) => a + b, 0) / values.length;
  }
  const total = (values as readonly bigint[]).reduce((a, b) => a + b, 0n);
  return Number(decimalText(total, type.scale)) / values.length;
}

/** Of one value there is none. */
function variance(numbers: readonly number[]): number | null {
  if (numbers.length < 2) return null;
  const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
  const squares = numbers.map((number) => (number - mean) ** 2);
  return squares.reduce((a, b) => a + b, 0) / (numbers.length - 1);
}

function shareOf({ args, function: name }: AggregateCall): number {
  const share = args[1];
  const q = share?.kind === "literal" ? Number(share.text ?? "NaN") : Number.NaN;
  if (q >= 0 && q <= 1) return q;
  throw new EngineError("PLAN_INVALID", `${name} needs a share from 0 to 1 as a literal`);
}

/** Between the two values around the place of the share, as far as it lies between them. */
function quantile(numbers: readonly number[], q: number): number {
  const sorted = [...numbers].sort(compareValues);
  const place = q * (sorted.length - 1);
  const low = sorted[Math.floor(place)]!;
  const high = sorted[Math.ceil(place)]!;
  const above = place - Math.floor(place);
  // Nothing lies evenly between a number and an infinity or NaN: the nearer of the two.
  if (!Number.isFinite(low) || !Number.isFinite(high)) return above < 0.5 ? low : high;
  return low + (high - low) * above;
}
