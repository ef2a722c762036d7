// A column of a batch back to an array of JavaScript values, once per batch.

import { unreachable } from "../errors.ts";
import { decodeValue } from "../plan/values.ts";
import type { BoolColumn, Column, IntegerColumn } from "./column.ts";
import { decodeStrings } from "./text.ts";

/** Whole numbers of 64 bits to numbers, by halves: a BigInt per row would cost an allocation each. */
export function integersToNumbers(values: BigInt64Array): Float64Array {
  const out = new Float64Array(values.length);
  const low = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  const high = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  for (let i = 0; i < values.length; i++) out[i] = high[2 * i + 1]! * 4294967296 + low[2 * i]!;
  return out;
}

function decodeIntegers(column: IntegerColumn): unknown[] {
  switch (column.type) {
    case "int64":
      return Array.from(column.values);
    case "int53":
      return Array.from(integersToNumbers(column.values));
    case "timestamp":
      return Array.from(integersToNumbers(column.values), (ms) => new Date(ms));
    default:
      return unreachable(column.type);
  }
}

function decodeBools(column: BoolColumn): unknown[] {
  const out = new Array<unknown>(column.length);
  for (let i = 0; i < column.length; i++) out[i] = ((column.values[i >> 3]! >> (i & 7)) & 1) === 1;
  return out;
}

function decodeValid(column: Column): unknown[] {
  switch (column.type) {
    case "utf8":
    case "json":
      return decodeStrings(column.offsets, column.values);
    case "float64":
      return Array.from(column.values);
    case "int53":
    case "int64":
    case "timestamp":
      return decodeIntegers(column);
    case "bool":
      return decodeBools(column);
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
      const text = out[i];
      if (text !== undefined) out[i] = decodeValue(text as string);
    }
  }
  return out;
}
