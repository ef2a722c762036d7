// Picks rows of a column by their indices: the one way in which built-in operators move rows.

import { type Batch, makeBatch } from "../../../proto/batch/batch.ts";
import {
  type Column,
  decimalWords,
  type ListColumn,
  type TextColumn,
} from "../../../proto/batch/column.ts";
import { unreachable } from "../../../proto/errors.ts";
import { batchRowsMax } from "../../../proto/limits.ts";
import { pickTexts, TextPicker } from "../texts/gather-texts.ts";
import { bitAt, bitBytes, setBit } from "./bits.ts";
import { presentRows } from "./partner-loops.ts";

/** Row indices; -1 stands for a row of nulls where a function says so. */
type Rows = Int32Array | Uint32Array;

// Eight loads before their stores: one row at a time V8's code waits for each cache miss. Of a million doubles 25 ns a
// row became 6, measured beside plain WebAssembly with 4.

function gatherInt32(values: Int32Array, rows: Rows): Int32Array {
  const out = new Int32Array(rows.length);
  let i = 0;
  for (; i + 8 <= rows.length; i += 8) {
    const v0 = values[rows[i]!]!;
    const v1 = values[rows[i + 1]!]!;
    const v2 = values[rows[i + 2]!]!;
    const v3 = values[rows[i + 3]!]!;
    const v4 = values[rows[i + 4]!]!;
    const v5 = values[rows[i + 5]!]!;
    const v6 = values[rows[i + 6]!]!;
    const v7 = values[rows[i + 7]!]!;
    out[i] = v0;
    out[i + 1] = v1;
    out[i + 2] = v2;
    out[i + 3] = v3;
    out[i + 4] = v4;
    out[i + 5] = v5;
    out[i + 6] = v6;
    out[i + 7] = v7;
  }
  for (; i < rows.length; i++) out[i] = values[rows[i]!]!;
  return out;
}

function gatherFloats(values: Float64Array, rows: Rows): Float64Array {
  const out = new Float64Array(rows.length);
  let i = 0;
  for (; i + 8 <= rows.length; i += 8) {
    const v0 = values[rows[i]!]!;
    const v1 = values[rows[i + 1]!]!;
    const v2 = values[rows[i + 2]!]!;
    const v3 = values[rows[i + 3]!]!;
    const v4 = values[rows[i + 4]!]!;
    const v5 = values[rows[i + 5]!]!;
    const v6 = values[rows[i + 6]!]!;
    const v7 = values[rows[i + 7]!]!;
    out[i] = v0;
    out[i + 1] = v1;
    out[i + 2] = v2;
    out[i + 3] = v3;
    out[i + 4] = v4;
    out[i + 5] = v5;
    out[i + 6] = v6;
    out[i + 7] = v7;
  }
  for (; i < rows.length; i++) out[i] = values[rows[i]!]!;
  return out;
}

/** Rows of `words` times 64 bits. */
function gatherWords(values: BigInt64Array, rows: Rows, words: number): BigInt64Array {
  const out = new BigInt64Array(rows.length * words);
  const from = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  const to = new Int32Array(out.buffer);
  if (words === 1) {
    gatherPairs(from, rows, to);
    return out;
  }
  for (let i = 0; i < rows.length; i++) {
    const at = rows[i]! * 4;
    for (let k = 0; k < 4; k++) to[4 * i + k] = from[at + k]!;
  }
  return out;
}

function gatherPairs(from: Int32Array, rows: Rows, to: Int32Array): void {
  let i = 0;
  for (; i + 4 <= rows.length; i += 4) {
    const at0 = 2 * rows[i]!;
    const at1 = 2 * rows[i + 1]!;
    const at2 = 2 * rows[i + 2]!;
    const at3 = 2 * rows[i + 3]!;
    const low0 = from[at0]!;
    const high0 = from[at0 + 1]!;
    const low1 = from[at1]!;
    const high1 = from[at1 + 1]!;
    const low2 = from[at2]!;
    const high2 = from[at2 + 1]!;
    const low3 = from[at3]!;
    const high3 = from[at3 + 1]!;
    to[2 * i] = low0;
    to[2 * i + 1] = high0;
    to[2 * i + 2] = low1;
    to[2 * i + 3] = high1;
    to[2 * i + 4] = low2;
    to[2 * i + 5] = high2;
    to[2 * i + 6] = low3;
    to[2 * i + 7] = high3;
  }
  for (; i < rows.length; i++) {
    const at = 2 * rows[i]!;
    to[2 * i] = from[at]!;
    to[2 * i + 1] = from[at + 1]!;
  }
}

function gatherBits(bits: Uint8Array, rows: Rows): Uint8Array {
  const out = new Uint8Array(bitBytes(rows.length));
  for (let i = 0; i < rows.length; i++) {
    out[i >> 3] = out[i >> 3]! | (bitAt(bits, rows[i]!) << (i & 7));
  }
  return out;
}

/**
 * Longer texts are copied by the engine, shorter ones by words of 32 bits, since a call costs more than a few of them:
 * of 24 bytes 33 ns in place of 92, of 100 bytes 207 in place of 241. Doubles as words would change some NaN's bits.
 */
const copiedBytesMin = 128;

function gatherText(column: TextColumn, rows: Rows): TextColumn {
  const picked = pickTexts(column, column.length, rows);
  if (picked !== undefined) return { ...column, length: rows.length, ...picked };
  const { offsets: from, values } = column;
  const offsets = new Int32Array(rows.length + 1);
  let end = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    end += from[row + 1]! - from[row]!;
    offsets[i + 1] = end;
  }
  const out = new Uint8Array(end);
  const source = new DataView(values.buffer, values.byteOffset, values.byteLength);
  const target = new DataView(out.buffer);
  for (let i = 0; i < rows.length; i++) {
    const start = from[rows[i]!]!;
    const to = offsets[i]!;
    const length = offsets[i + 1]! - to;
    if (length >= copiedBytesMin) {
      out.set(values.subarray(start, start + length), to);
      continue;
    }
    let k = 0;
    for (; k + 4 <= length; k += 4) target.setInt32(to + k, source.getInt32(start + k, true), true);
    for (; k < length; k++) out[to + k] = values[start + k]!;
  }
  return { ...column, length: rows.length, offsets, values: out };
}

function gatherList(column: ListColumn, rows: Rows): ListColumn {
  const { offsets: from } = column;
  const offsets = new Int32Array(rows.length + 1);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    offsets[i + 1] = offsets[i]! + from[row + 1]! - from[row]!;
  }
  const items = new Int32Array(offsets[rows.length]!);
  for (let i = 0; i < rows.length; i++) {
    const start = from[rows[i]!]!;
    for (let to = offsets[i]!, at = start; to < offsets[i + 1]!; to++, at++) items[to] = at;
  }
  return { ...column, length: rows.length, offsets, item: gather(column.item, items) };
}

function gatherValues(column: Column, rows: Rows): Column {
  const length = rows.length;
  switch (column.type) {
    case "null":
      return { ...column, length };
    case "bool":
      return { ...column, length, values: gatherBits(column.values, rows) };
    case "int32":
    case "date":
      return { ...column, length, values: gatherInt32(column.values, rows) };
    case "float64":
      return { ...column, length, values: gatherFloats(column.values, rows) };
    case "int53":
    case "int64":
      return { ...column, length, values: gatherWords(column.values, rows, 1) };
    case "timestamp":
      return { ...column, length, values: gatherWords(column.values, rows, 1) };
    case "decimal": {
      const words = decimalWords(column.precision);
      return { ...column, length, values: gatherWords(column.values, rows, words) };
    }
    case "dictionary":
      return { ...column, length, codes: gatherInt32(column.codes, rows) };
    case "utf8":
    case "json":
    case "binary":
      return gatherText(column, rows);
    case "list":
      return gatherList(column, rows);
    case "struct":
      return { ...column, length, fields: column.fields.map((field) => gather(field, rows)) };
    default:
      return unreachable(column);
  }
}

/** The rows in the order of their indices, each of which must be within the column. */
export function gather(column: Column, rows: Rows): Column {
  const picked = gatherValues(column, rows);
  if (column.validity === undefined) return picked;
  return { ...picked, validity: gatherBits(column.validity, rows) };
}

/** From so many bytes on, texts that are picked in many pieces stay in a kernel's memory in between. */
export const keptBytesMin = 4 * 1024 * 1024;

/** Undefined where there is no memory for what is picked. */
export function pickColumn(
  picker: TextPicker,
  column: TextColumn,
  rows: Rows,
): TextColumn | undefined {
  const picked = picker.pick(rows);
  if (picked === undefined) return undefined;
  const validity = column.validity && gatherBits(column.validity, rows);
  return { ...column, length: rows.length, ...picked, validity };
}

export function isPlainText(column: Column): column is TextColumn {
  return column.type === "utf8" || column.type === "json" || column.type === "binary";
}

/** As `gather`, for many picks of one column, until it is dropped. */
export function gatherer(column: Column): (rows: Rows) => Column {
  if (!isPlainText(column) || column.offsets[column.length]! - column.offsets[0]! < keptBytesMin) {
    return (rows) => gather(column, rows);
  }
  let picker: TextPicker | undefined;
  return (rows) => {
    picker ??= TextPicker.open(column, column.length);
    return (picker && pickColumn(picker, column, rows)) ?? gather(column, rows);
  };
}

export function gatherBatch(batch: Batch, rows: Rows): Batch {
  return {
    shape: batch.shape,
    rows: rows.length,
    columns: batch.columns.map((column) => gather(column, rows)),
  };
}

/** As `gather`, but an index of -1 makes a null. */
export function gatherOrNull(
  column: Column,
  rows: Int32Array,
  pick: (column: Column, rows: Int32Array) => Column = gather,
): Column {
  const { length } = rows;
  if (column.length === 0) return nullColumn(column.name, length);
  if (!rows.includes(-1)) return pick(column, rows);
  if (column.type === "null") return { ...column, length };
  const { valid, inside } = presentRows(rows);
  const picked = pick(column, inside);
  const { validity: own } = picked;
  if (own === undefined) return { ...picked, validity: valid };
  for (let at = 0; at < valid.length; at++) valid[at] = valid[at]! & own[at]!;
  return { ...picked, validity: valid };
}

export function nullColumn(name: string, length: number): Column {
  return { name, type: "null", length, nulls: "null", validity: undefined };
}

/** Whether the indices are those of all rows of a column, in order. */
export function areAllRows(rows: Rows, columnRows: number): boolean {
  if (rows.length !== columnRows) return false;
  if (rows.buffer === counting.buffer && rows.byteOffset === 0) return true;
  for (let i = 0; i < rows.length; i++) if (rows[i] !== i) return false;
  return true;
}

let counting: Int32Array = new Int32Array(0);

/** Indices of the first rows, which others share: they must not be changed. */
export function allRows(count: number): Int32Array {
  if (counting.length < count) counting = rowsFrom(0, Math.max(count, batchRowsMax));
  return counting.subarray(0, count);
}

/** Indices of rows, `count` of them from `start` on. */
export function rowsFrom(start: number, count: number): Int32Array {
  const rows = new Int32Array(count);
  for (let i = 0; i < count; i++) rows[i] = start + i;
  return rows;
}

/** A row of a mask of bits becomes an index where its bit is set. */
export function rowsOfBits(bits: Uint8Array, length: number): Int32Array {
  const rows = new Int32Array(length);
  let count = 0;
  for (let i = 0; i < length; i++) {
    rows[count] = i;
    count += bitAt(bits, i);
  }
  return rows.subarray(0, count);
}

export function sliceBatch(batch: Batch, start: number, end: number): Batch {
  if (start === 0 && end === batch.rows) return batch;
  return makeBatch(
    batch.shape,
    batch.columns.map((column) => slice(column, start, end)),
  );
}

function sliceBits(bits: Uint8Array, start: number, end: number): Uint8Array {
  if ((start & 7) === 0) return bits.subarray(start >> 3, bitBytes(end));
  const out = new Uint8Array(bitBytes(end - start));
  for (let i = start; i < end; i++) if (bitAt(bits, i) === 1) setBit(out, i - start);
  return out;
}

/** Rows `start` (included) to `end`; shares the memory of the column where it can. */
export function slice(column: Column, start: number, end: number): Column {
  const length = end - start;
  const { validity } = column;
  const base = {
    length,
    validity: validity === undefined ? undefined : sliceBits(validity, start, end),
  };
  switch (column.type) {
    case "null":
      return { ...column, length };
    case "bool":
      return { ...column, ...base, values: sliceBits(column.values, start, end) };
    case "int32":
    case "date":
      return { ...column, ...base, values: column.values.subarray(start, end) };
    case "float64":
      return { ...column, ...base, values: column.values.subarray(start, end) };
    case "int53":
    case "int64":
      return { ...column, ...base, values: column.values.subarray(start, end) };
    case "timestamp":
      return { ...column, ...base, values: column.values.subarray(start, end) };
    case "decimal": {
      const words = decimalWords(column.precision);
      return { ...column, ...base, values: column.values.subarray(start * words, end * words) };
    }
    case "dictionary":
      return { ...column, ...base, codes: column.codes.subarray(start, end) };
    case "utf8":
    case "json":
    case "binary":
      return { ...column, ...base, offsets: column.offsets.subarray(start, end + 1) };
    case "list":
      return { ...column, ...base, offsets: column.offsets.subarray(start, end + 1) };
    case "struct":
      return {
        ...column,
        ...base,
        fields: column.fields.map((field) => slice(field, start, end)),
      };
    default:
      return unreachable(column);
  }
}
