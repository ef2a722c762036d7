// Columns from JavaScript values: of the narrowest type that keeps every value, or of a wished one.

import { EngineError, unreachable } from "../errors.ts";
import {
  boolType,
  type DataType,
  float64Type,
  instantType,
  int64Type,
  jsonType,
  nullType,
  utf8Type,
} from "../plan/types.ts";
import { encodeValue } from "../plan/values.ts";
import { type Column, decimalWords, type NullMeaning } from "./column.ts";
import { decimalOfRow, writeDecimal } from "./decimal.ts";
import { encodeBytes, encodeStrings, isWellFormedText } from "./text.ts";

/** What values of one column are made of, as bits. */
const sawText = 1;
const sawNumber = 2;
const sawBigint = 4;
const sawBool = 8;
const sawDate = 16;
const sawOther = 32;
const sawNull = 64;
const sawMissing = 128;
const slotBits = sawNull | sawMissing;

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;

function kindOf(value: unknown): number {
  switch (typeof value) {
    case "string":
      return isWellFormedText(value) ? sawText : sawOther;
    case "number":
      return sawNumber;
    case "boolean":
      return sawBool;
    case "undefined":
      return sawMissing;
    case "bigint":
      return value >= int64Min && value <= int64Max ? sawBigint : sawOther;
    default:
      if (value === null) return sawNull;
      return value instanceof Date && Number.isFinite(value.getTime()) ? sawDate : sawOther;
  }
}

/** The narrowest type for a set of kinds. */
function typeOfKinds(kinds: number): DataType {
  if ((kinds & slotBits) === slotBits) return jsonType;
  switch (kinds & ~slotBits) {
    case 0:
      return nullType;
    case sawText:
      return utf8Type;
    case sawNumber:
      return float64Type;
    case sawBigint:
      return int64Type;
    case sawBool:
      return boolType;
    case sawDate:
      return instantType;
    default:
      return jsonType;
  }
}

/** Validity bits of values, or undefined when all are valid. `keepNull`: null is a value like others. */
function validityOf(values: readonly unknown[], keepNull: boolean): Uint8Array | undefined {
  let bits: Uint8Array | undefined;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value !== undefined && (keepNull || value !== null)) continue;
    if (bits === undefined) {
      bits = new Uint8Array((values.length + 7) >> 3).fill(0xff);
    }
    bits[i >> 3] = bits[i >> 3]! & ~(1 << (i & 7));
  }
  return bits;
}

function buildIntegers(
  values: readonly unknown[],
  convert: (value: unknown) => bigint,
): BigInt64Array {
  const out = new BigInt64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value !== null && value !== undefined) out[i] = convert(value);
  }
  return out;
}

const microseconds = (value: unknown): bigint =>
  typeof value === "bigint" ? value : BigInt((value as Date).getTime()) * 1000n;

const millisecondsOfDay = 86_400_000;

function buildInt32(values: readonly unknown[]): Int32Array {
  const out = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null || value === undefined) continue;
    out[i] =
      value instanceof Date ? Math.floor(value.getTime() / millisecondsOfDay) : (value as number);
  }
  return out;
}

function buildBools(values: readonly unknown[]): Uint8Array {
  const out = new Uint8Array((values.length + 7) >> 3);
  for (let i = 0; i < values.length; i++) {
    if (values[i] === true) out[i >> 3] = out[i >> 3]! | (1 << (i & 7));
  }
  return out;
}

function buildFloats(values: readonly unknown[]): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = (values[i] ?? 0) as number;
  return out;
}

function buildJson(values: readonly unknown[]): string[] {
  return values.map((value) => (value === undefined ? "" : encodeValue(value)));
}

function buildDecimals(
  values: readonly unknown[],
  precision: number,
  scale: number,
): BigInt64Array {
  const words = decimalWords(precision);
  const out = new BigInt64Array(values.length * words);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null || value === undefined) continue;
    writeDecimal(out, words, i, decimalOfRow(value, precision, scale));
  }
  return out;
}

function buildList(item: DataType, values: readonly unknown[]) {
  const offsets = new Int32Array(values.length + 1);
  const items: unknown[] = [];
  for (let i = 0; i < values.length; i++) {
    const list = values[i];
    if (list !== null && list !== undefined) for (const one of list as unknown[]) items.push(one);
    offsets[i + 1] = items.length;
  }
  return { offsets, item: buildColumnAs("item", item, items, "null") };
}

/** Builds a column of a wished type; the values must fit it. */
export function buildColumnAs(
  name: string,
  type: DataType,
  values: readonly unknown[],
  nulls: NullMeaning,
): Column {
  const length = values.length;
  const base = { name, length, nulls, validity: validityOf(values, type.kind === "json") };
  switch (type.kind) {
    case "utf8":
      return { ...base, type: "utf8", ...encodeStrings(values as readonly string[]) };
    case "binary":
      return { ...base, type: "binary", ...encodeBytes(values as readonly Uint8Array[]) };
    case "json":
      return { ...base, nulls: "missing", type: "json", ...encodeStrings(buildJson(values)) };
    case "float64":
      return { ...base, type: "float64", values: buildFloats(values) };
    case "int32":
    case "date":
      return { ...base, type: type.kind, values: buildInt32(values) };
    case "int53":
    case "int64": {
      const convert = (value: unknown) => BigInt(value as number | bigint);
      return { ...base, type: type.kind, values: buildIntegers(values, convert) };
    }
    case "timestamp": {
      const { zone } = type;
      return { ...base, type: "timestamp", zone, values: buildIntegers(values, microseconds) };
    }
    case "decimal": {
      const { precision, scale } = type;
      const words = buildDecimals(values, precision, scale);
      return { ...base, type: "decimal", precision, scale, values: words };
    }
    case "bool":
      return { ...base, type: "bool", values: buildBools(values) };
    case "null":
      return { ...base, validity: undefined, type: "null" };
    case "list":
      return { ...base, type: "list", ...buildList(type.item.type, values) };
    case "struct": {
      const fields = type.fields.map((field) =>
        buildColumnAs(
          field.name,
          field.type,
          values.map(
            (value) => (value as Record<string, unknown> | null | undefined)?.[field.name],
          ),
          "null",
        ),
      );
      return { ...base, type: "struct", fields };
    }
    case "any":
      throw new EngineError("INTERNAL", `column ${name} is to be built of no known type`);
    default:
      return unreachable(type);
  }
}

/** Builds a column of the narrowest type that keeps every value exactly. */
export function buildColumn(name: string, values: readonly unknown[]): Column {
  let kinds = 0;
  for (let i = 0; i < values.length; i++) kinds |= kindOf(values[i]);
  const nulls = (kinds & sawMissing) !== 0 ? "missing" : "null";
  return buildColumnAs(name, typeOfKinds(kinds), values, nulls);
}
