// Columns as a wider type that holds every value of theirs: what batches of one dataset need to be one.

import { buildColumnAs } from "../../../proto/batch/build-column.ts";
import {
  type Column,
  columnType,
  type DecimalColumn,
  decimalWords,
  type Int32Column,
  type Int64Column,
} from "../../../proto/batch/column.ts";
import { decimalText, readDecimal, writeDecimal } from "../../../proto/batch/decimal.ts";
import { columnValues, integersToNumbers } from "../../../proto/batch/decode-column.ts";
import { flatText } from "../../../proto/batch/flat-text.ts";
import { AssertionError, assert, EngineError } from "../../../proto/errors.ts";
import {
  commonType,
  type DataType,
  jsonType,
  sameType,
  typeText,
} from "../../../proto/plan/types.ts";
import { halvesOf, numberOfHalves, twoTo53 } from "./words.ts";

/**
 * The type of the values of both; `json` where they have none in common, as where both are in one batch: what
 * an operator answers must not depend on where rows were cut into batches.
 */
export function widerType(left: DataType, right: DataType): DataType {
  if (sameType(left, right)) return left;
  return commonType(left, right) ?? jsonType;
}

/** Throws VALUE_UNSUPPORTED where values of the two types can never be equal. */
export function checkComparable(what: string, left: DataType, right: DataType): void {
  if (left.kind === "json" || right.kind === "json") return;
  if (commonType(left, right) !== undefined) return;
  throw new EngineError(
    "VALUE_UNSUPPORTED",
    `${what} is ${typeText(left)} on one side and ${typeText(right)} on the other, which can never be ` +
      "equal; convert one of them first, for example with cast",
  );
}

function wordsOfInt32(values: Int32Array): BigInt64Array {
  const out = new BigInt64Array(values.length);
  const halves = new Int32Array(out.buffer);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    halves[2 * i] = value;
    halves[2 * i + 1] = value >> 31;
  }
  return out;
}

const tenToThe = Array.from({ length: 39 }, (_, power) => 10n ** BigInt(power));

/** The float64 nearest to a decimal. */
export function decimalNumber(values: BigInt64Array, words: 1 | 2, scale: number, row: number) {
  if (words === 1) {
    const halves = halvesOf(values);
    const whole = numberOfHalves(halves[2 * row]!, halves[2 * row + 1]!);
    // Both exact as float64, so that the quotient is rounded once.
    if (Math.abs(whole) <= twoTo53 && scale <= 22) return whole / Number(tenToThe[scale]);
  }
  return Number(decimalText(readDecimal(values, words, row), scale));
}

function numbersOfDecimals(column: DecimalColumn): Float64Array {
  const { values, scale, length } = column;
  const words = decimalWords(column.precision);
  const out = new Float64Array(length);
  const divisor = Number(tenToThe[scale]);
  const halves = halvesOf(values);
  for (let i = 0; i < length; i++) {
    const whole = numberOfHalves(halves[2 * i]!, halves[2 * i + 1]!);
    const isExact = words === 1 && whole <= twoTo53 && whole >= -twoTo53 && scale <= 22;
    out[i] = isExact ? whole / divisor : decimalNumber(values, words, scale, i);
  }
  return out;
}

function decimalsOf(
  column: Int32Column | Int64Column | DecimalColumn,
  precision: number,
  scale: number,
): BigInt64Array {
  const words = decimalWords(precision);
  const out = new BigInt64Array(column.length * words);
  const factor = tenToThe[scale - (column.type === "decimal" ? column.scale : 0)]!;
  const limit = tenToThe[precision]!;
  const fromWords = column.type === "decimal" ? decimalWords(column.precision) : 1;
  for (let i = 0; i < column.length; i++) {
    const whole =
      column.type === "decimal"
        ? readDecimal(column.values, fromWords, i)
        : BigInt(column.values[i]!);
    const value = whole * factor;
    if (value >= limit || value <= -limit) {
      throw new EngineError(
        "VALUE_UNSUPPORTED",
        `column ${column.name}: ${whole} does not fit decimal(${precision},${scale})`,
      );
    }
    writeDecimal(out, words, i, value);
  }
  return out;
}

/** A column of nothing but nulls as one of another type. */
function nullsOf(column: Column, type: DataType): Column {
  const values = new Array<null>(column.length).fill(null);
  const built = buildColumnAs(column.name, type, values, column.nulls);
  if (type.kind !== "json") return built;
  // A null in tagged JSON is a value; here it is none.
  return { ...built, nulls: column.nulls, validity: new Uint8Array((column.length + 7) >> 3) };
}

function toJson(column: Column): Column {
  const built = buildColumnAs(column.name, jsonType, columnValues(column), column.nulls);
  // Null would be a value of tagged JSON; here it stays none.
  return { ...built, nulls: column.nulls, validity: column.validity };
}

function numbersOf(column: Column): Float64Array {
  switch (column.type) {
    case "int32":
      return Float64Array.from(column.values);
    case "int53":
    case "int64":
      return integersToNumbers(column.values);
    case "decimal":
      return numbersOfDecimals(column);
    default:
      assert(column.type === "float64", `${column.type} as float64`);
      return column.values;
  }
}

function wholeWords(column: Column): BigInt64Array {
  if (column.type === "int32") return wordsOfInt32(column.values);
  assert(column.type === "int53" || column.type === "int64", `${column.type} as whole numbers`);
  return column.values;
}

const microsecondsOfDay = 86_400_000_000n;

/** Every value kept; `type` must hold those of the column's own type. */
export function widen(column: Column, type: DataType): Column {
  if (sameType(columnType(column), type)) return column;
  if (column.type === "null") return nullsOf(column, type);
  const { name, length, nulls, validity } = column;
  const base = { name, length, nulls, validity };
  switch (type.kind) {
    case "json":
      return toJson(column);
    case "float64":
      return { ...base, type: "float64", values: numbersOf(column) };
    case "int53":
    case "int64":
      return { ...base, type: type.kind, values: wholeWords(column) };
    case "decimal": {
      const { precision, scale } = type;
      assert(
        column.type === "int32" ||
          column.type === "int53" ||
          column.type === "int64" ||
          column.type === "decimal",
        `${column.type} as decimal`,
      );
      return {
        ...base,
        type: "decimal",
        precision,
        scale,
        values: decimalsOf(column, precision, scale),
      };
    }
    case "timestamp": {
      assert(column.type === "date", `${column.type} as timestamp`);
      const values = new BigInt64Array(length);
      for (let i = 0; i < length; i++) values[i] = BigInt(column.values[i]!) * microsecondsOfDay;
      return { ...base, type: "timestamp", zone: type.zone, values };
    }
    case "list":
      assert(column.type === "list", `${column.type} as list`);
      return { ...column, item: widen(column.item, type.item.type) };
    default:
      throw new AssertionError(
        `column ${name} is ${typeText(columnType(column))}, which does not widen to ${typeText(type)}`,
      );
  }
}

/** Text without its dictionary; other columns as they are. */
export function plainText(column: Column): Exclude<Column, { readonly type: "dictionary" }> {
  return column.type === "dictionary" ? flatText(column) : column;
}

/** Numbers of any type as float64, for aggregates that answer one. */
export function asFloats(column: Column): Float64Array {
  return numbersOf(column);
}
