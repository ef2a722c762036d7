// One column of a batch in Arrow layout: what it may hold, and building it from JavaScript values.

import { assert, unreachable } from "../errors.ts";
import { encodeValue } from "../plan/values.ts";
import { encodeStrings, isWellFormedText } from "./text.ts";

/**
 * `int53`: whole numbers that are safe as a `number`. `int64`: bigint. `json`: tagged JSON of values.ts,
 * for nested or mixed values. `null`: every value is null or missing.
 */
export type ColumnType =
  | "utf8"
  | "float64"
  | "int53"
  | "int64"
  | "bool"
  | "null"
  | "timestamp"
  | "json";

/** What an invalid slot stands for: the value null, or a record without that key. */
export type NullMeaning = "null" | "missing";

interface ColumnBase {
  readonly name: string;
  readonly length: number;
  readonly nulls: NullMeaning;
  /** Arrow validity bits, least significant first; undefined when every slot is valid. */
  readonly validity: Uint8Array | undefined;
}

export interface TextColumn extends ColumnBase {
  readonly type: "utf8" | "json";
  /** `length + 1` byte offsets into `values`, from 0. */
  readonly offsets: Int32Array;
  readonly values: Uint8Array;
}

export interface FloatColumn extends ColumnBase {
  readonly type: "float64";
  readonly values: Float64Array;
}

export interface IntegerColumn extends ColumnBase {
  readonly type: "int53" | "int64" | "timestamp";
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

export type Column = TextColumn | FloatColumn | IntegerColumn | BoolColumn | NullColumn;

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
function typeOfKinds(kinds: number): ColumnType {
  if ((kinds & slotBits) === slotBits) return "json";
  switch (kinds & ~slotBits) {
    case 0:
      return "null";
    case sawText:
      return "utf8";
    case sawNumber:
      return "float64";
    case sawBigint:
      return "int64";
    case sawBool:
      return "bool";
    case sawDate:
      return "timestamp";
    default:
      return "json";
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
  type: "int53" | "int64" | "timestamp",
  values: readonly unknown[],
): BigInt64Array {
  const out = new BigInt64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null || value === undefined) continue;
    if (type === "int64") out[i] = value as bigint;
    else out[i] = BigInt(type === "timestamp" ? (value as Date).getTime() : (value as number));
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

function buildJson(values: readonly unknown[]): string[] {
  return values.map((value) => (value === undefined ? "" : encodeValue(value)));
}

/** Builds a column of a wished type; the values must fit it. */
export function buildColumnAs(
  name: string,
  type: ColumnType,
  values: readonly unknown[],
  nulls: NullMeaning,
): Column {
  const length = values.length;
  const base = { name, length, nulls, validity: validityOf(values, type === "json") };
  switch (type) {
    case "utf8":
      return { ...base, type, ...encodeStrings(values as readonly string[]) };
    case "json":
      return { ...base, nulls: "missing", type, ...encodeStrings(buildJson(values)) };
    case "float64": {
      const out = new Float64Array(length);
      for (let i = 0; i < length; i++) out[i] = (values[i] ?? 0) as number;
      return { ...base, type, values: out };
    }
    case "int53":
    case "int64":
    case "timestamp":
      return { ...base, type, values: buildIntegers(type, values) };
    case "bool":
      return { ...base, type, values: buildBools(values) };
    case "null":
      return { ...base, validity: undefined, type };
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

/** A column of strings straight from Arrow buffers, without per-row work. */
export function textColumn(name: string, offsets: Int32Array, values: Uint8Array): TextColumn {
  assert(offsets.length > 0, "a text column needs at least one offset");
  const length = offsets.length - 1;
  return { name, type: "utf8", length, nulls: "null", validity: undefined, offsets, values };
}

/** A column of safe whole numbers straight from a typed array. */
export function countColumn(name: string, counts: Float64Array): IntegerColumn {
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
