// One column of a batch in Arrow layout: what it may hold, and which type of the plan that is.

import { assert, unreachable } from "../errors.ts";
import {
  binaryType,
  boolType,
  type DataType,
  dateType,
  decimalPrecisionOfOneWord,
  float64Type,
  int32Type,
  int53Type,
  int64Type,
  jsonType,
  nullType,
  utf8Type,
} from "../plan/types.ts";

/** What an invalid slot stands for: the value null, or a record without that key. */
export type NullMeaning = "null" | "missing";

interface ColumnBase {
  readonly name: string;
  readonly length: number;
  readonly nulls: NullMeaning;
  /** Arrow validity bits, least significant first; undefined when every slot is valid. */
  readonly validity: Uint8Array | undefined;
}

/** `json`: tagged JSON of values.ts, for nested or mixed values. */
export interface TextColumn extends ColumnBase {
  readonly type: "utf8" | "json" | "binary";
  /** `length + 1` rising byte offsets into `values`; the first need not be 0. */
  readonly offsets: Int32Array;
  readonly values: Uint8Array;
}

/** Text as codes into a dictionary without nulls; the dictionary may be shared by many batches. */
export interface DictionaryColumn extends ColumnBase {
  readonly type: "dictionary";
  /** The code of an invalid slot means nothing, but lies within the dictionary or is 0. */
  readonly codes: Int32Array;
  readonly dictionary: TextColumn;
}

export interface FloatColumn extends ColumnBase {
  readonly type: "float64";
  readonly values: Float64Array;
}

/** `date`: days since 1970. */
export interface Int32Column extends ColumnBase {
  readonly type: "int32" | "date";
  readonly values: Int32Array;
}

export interface Int64Column extends ColumnBase {
  readonly type: "int53" | "int64";
  readonly values: BigInt64Array;
}

/** Microseconds since 1970. */
export interface TimestampColumn extends ColumnBase {
  readonly type: "timestamp";
  readonly zone: string | undefined;
  readonly values: BigInt64Array;
}

/** Whole numbers of 10^-scale: one word of 64 bits each, or two, the lower first, above 18 digits. */
export interface DecimalColumn extends ColumnBase {
  readonly type: "decimal";
  readonly precision: number;
  readonly scale: number;
  readonly values: BigInt64Array;
}

export interface BoolColumn extends ColumnBase {
  readonly type: "bool";
  /** Bits, least significant first. */
  readonly values: Uint8Array;
}

export interface NullColumn extends ColumnBase {
  readonly type: "null";
}

export interface ListColumn extends ColumnBase {
  readonly type: "list";
  /** `length + 1` rising offsets into `item`; the first need not be 0. */
  readonly offsets: Int32Array;
  readonly item: Column;
}

export interface StructColumn extends ColumnBase {
  readonly type: "struct";
  /** Each as long as the struct. */
  readonly fields: readonly Column[];
}

export type IntegerColumn = Int64Column | TimestampColumn;

export type Column =
  | TextColumn
  | DictionaryColumn
  | FloatColumn
  | Int32Column
  | Int64Column
  | TimestampColumn
  | DecimalColumn
  | BoolColumn
  | NullColumn
  | ListColumn
  | StructColumn;

/** Words of 64 bits that one decimal takes. */
export function decimalWords(precision: number): 1 | 2 {
  return precision <= decimalPrecisionOfOneWord ? 1 : 2;
}

/** A dictionary is a way to store text, not a type. */
export function columnType(column: Column): DataType {
  switch (column.type) {
    case "null":
      return nullType;
    case "bool":
      return boolType;
    case "int32":
      return int32Type;
    case "int53":
      return int53Type;
    case "int64":
      return int64Type;
    case "float64":
      return float64Type;
    case "utf8":
    case "dictionary":
      return utf8Type;
    case "binary":
      return binaryType;
    case "json":
      return jsonType;
    case "date":
      return dateType;
    case "timestamp":
      return {
        kind: "timestamp",
        ...(column.zone === undefined ? {} : { zone: column.zone }),
      };
    case "decimal":
      return { kind: "decimal", precision: column.precision, scale: column.scale };
    case "list":
      return {
        kind: "list",
        item: {
          name: "item",
          type: columnType(column.item),
          nullable: column.item.validity !== undefined || column.item.type === "null",
        },
      };
    case "struct":
      return {
        kind: "struct",
        fields: column.fields.map((field) => ({
          name: field.name,
          type: columnType(field),
          nullable: field.validity !== undefined || field.type === "null",
        })),
      };
    default:
      return unreachable(column);
  }
}

/** Whether slot `index` holds a value. */
export function isValid(column: Column, index: number): boolean {
  if (column.type === "null") return false;
  const bits = column.validity;
  return bits === undefined || ((bits[index >> 3]! >> (index & 7)) & 1) === 1;
}

export function renamed(column: Column, name: string): Column {
  return column.name === name ? column : { ...column, name };
}

/** A column of strings straight from Arrow buffers, without per-row work. */
export function textColumn(name: string, offsets: Int32Array, values: Uint8Array): TextColumn {
  assert(offsets.length > 0, "a text column needs at least one offset");
  const length = offsets.length - 1;
  return { name, type: "utf8", length, nulls: "null", validity: undefined, offsets, values };
}

/** A column of safe whole numbers straight from a typed array. */
export function countColumn(name: string, counts: Float64Array): Int64Column {
  const values = new BigInt64Array(counts.length);
  // Two halves per slot: a BigInt per row would cost an allocation each. Counts are never negative.
  const halves = new Uint32Array(values.buffer);
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!;
    halves[2 * i] = count >>> 0;
    halves[2 * i + 1] = Math.floor(count / 4294967296);
  }
  return {
    name,
    type: "int53",
    length: counts.length,
    nulls: "null",
    validity: undefined,
    values,
  };
}
