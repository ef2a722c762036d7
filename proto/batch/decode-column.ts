// A column of a batch back to an array of JavaScript values, once per batch.

import { unreachable } from "../errors.ts";
import { decodeValue } from "../plan/values.ts";
import {
  type BoolColumn,
  type Column,
  type DecimalColumn,
  type DictionaryColumn,
  decimalWords,
  type ListColumn,
  type StructColumn,
} from "./column.ts";
import { decimalText, readDecimal } from "./decimal.ts";
import { decodeStrings } from "./text.ts";

/** Whole numbers of 64 bits to numbers, by halves: a BigInt per row would cost an allocation each. */
export function integersToNumbers(values: BigInt64Array): Float64Array {
  const out = new Float64Array(values.length);
  const low = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  const high = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  for (let i = 0; i < values.length; i++) out[i] = high[2 * i + 1]! * 4294967296 + low[2 * i]!;
  return out;
}

const safeHigh = 2 ** 21;

/** Rounded down to the milliseconds that a Date can hold. */
function datesOf(values: BigInt64Array): Date[] {
  const out = new Array<Date>(values.length);
  const low = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  const high = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  for (let i = 0; i < values.length; i++) {
    const upper = high[2 * i + 1]!;
    // Beyond 2^53 microseconds (the year 2255) a number would round.
    const ms =
      upper < safeHigh && upper >= -safeHigh
        ? Math.floor((upper * 4294967296 + low[2 * i]!) / 1000)
        : Number((values[i]! - (((values[i]! % 1000n) + 1000n) % 1000n)) / 1000n);
    out[i] = new Date(ms);
  }
  return out;
}

function decodeBools(column: BoolColumn): unknown[] {
  const out = new Array<unknown>(column.length);
  for (let i = 0; i < column.length; i++) out[i] = ((column.values[i >> 3]! >> (i & 7)) & 1) === 1;
  return out;
}

function decodeDecimals(column: DecimalColumn): string[] {
  const words = decimalWords(column.precision);
  const out = new Array<string>(column.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = decimalText(readDecimal(column.values, words, i), column.scale);
  }
  return out;
}

function decodeDictionary({ codes, dictionary, length }: DictionaryColumn): unknown[] {
  const words = decodeStrings(dictionary.offsets, dictionary.values);
  const out = new Array<unknown>(length);
  for (let i = 0; i < length; i++) out[i] = words[codes[i]!];
  return out;
}

function decodeBytes(offsets: Int32Array, values: Uint8Array): Uint8Array[] {
  const out = new Array<Uint8Array>(offsets.length - 1);
  // Copies: a slice would keep the whole batch alive.
  for (let i = 0; i < out.length; i++) out[i] = values.slice(offsets[i]!, offsets[i + 1]!);
  return out;
}

function decodeLists(column: ListColumn): unknown[] {
  const items = columnValues(column.item);
  const out = new Array<unknown>(column.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = items.slice(column.offsets[i]!, column.offsets[i + 1]!);
  }
  return out;
}

function decodeStructs(column: StructColumn): unknown[] {
  const out = new Array<Record<string, unknown>>(column.length);
  for (let i = 0; i < out.length; i++) out[i] = {};
  for (const field of column.fields) {
    const values = columnValues(field);
    for (let i = 0; i < out.length; i++) out[i]![field.name] = values[i];
  }
  return out;
}

function decodeValid(column: Column): unknown[] {
  switch (column.type) {
    case "utf8":
    case "json":
      return decodeStrings(column.offsets, column.values);
    case "binary":
      return decodeBytes(column.offsets, column.values);
    case "dictionary":
      return decodeDictionary(column);
    case "float64":
    case "int32":
    case "int64":
      return Array.from<unknown>(column.values);
    case "int53":
      return Array.from(integersToNumbers(column.values));
    case "date":
      return Array.from(column.values, (days) => new Date(days * 86_400_000));
    case "timestamp":
      return datesOf(column.values);
    case "decimal":
      return decodeDecimals(column);
    case "bool":
      return decodeBools(column);
    case "list":
      return decodeLists(column);
    case "struct":
      return decodeStructs(column);
    case "null":
      return new Array<unknown>(column.length).fill(column.nulls === "null" ? null : undefined);
    default:
      return unreachable(column);
  }
}

function markInvalid(out: unknown[], column: Column, bits: Uint8Array): void {
  const absent = column.nulls === "null" ? null : undefined;
  for (let i = 0; i < out.length; i++) {
    if (((bits[i >> 3]! >> (i & 7)) & 1) === 0) out[i] = absent;
  }
}

/** Invalid slots read as null, or as undefined where they stand for a missing key. */
export function columnValues(column: Column): unknown[] {
  const out = decodeValid(column);
  if (column.validity !== undefined) markInvalid(out, column, column.validity);
  if (column.type === "json") {
    for (let i = 0; i < out.length; i++) {
      const text = out[i] as string | null | undefined;
      // Null, or undefined: no text, and the value itself.
      if (typeof text === "string") out[i] = decodeValue(text);
    }
  }
  return out;
}
