// Columns end to end, and batches with them: by name, as types that hold the values of all.

import type { Batch } from "../../../proto/batch/batch.ts";
import {
  type Column,
  columnType,
  type DictionaryColumn,
  decimalWords,
  type ListColumn,
  type NullMeaning,
  type StructColumn,
  type TextColumn,
} from "../../../proto/batch/column.ts";
import { assert, EngineError, unreachable } from "../../../proto/errors.ts";
import { type DataType, nullType } from "../../../proto/plan/types.ts";
import type { TextBytes } from "../texts/gather-texts.ts";
import { allSet, bitBytes, copyBits } from "./bits.ts";
import { nullColumn, slice } from "./gather.ts";
import { plainText, widen, widerType } from "./widen.ts";

/** Offsets of one text or list column are 32-bit numbers. */
const offsetMax = 0x7fff_ffff;

type Words = Int32Array | Float64Array | BigInt64Array;

/** Typed arrays end to end; `T` is the class of all of them. */
function joined<T extends Words>(parts: readonly T[], empty: (length: number) => T): T {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = empty(length);
  let at = 0;
  for (const part of parts) {
    (out as { set(from: unknown, at: number): void }).set(part, at);
    at += part.length;
  }
  return out;
}

function joinedBits(
  columns: readonly Column[],
  bitsOf: (column: Column) => Uint8Array,
  rows: number,
) {
  const out = new Uint8Array(bitBytes(rows));
  let at = 0;
  for (const column of columns) {
    copyBits(out, at, bitsOf(column), 0, column.length);
    at += column.length;
  }
  return out;
}

function validityOf(columns: readonly Column[], rows: number): Uint8Array | undefined {
  if (columns.every(({ validity }) => validity === undefined)) return undefined;
  return joinedBits(columns, ({ validity, length }) => validity ?? allSet(length), rows);
}

/** Where texts of so many rows and bytes are to be put; undefined where it does not matter. */
export type PlaceTexts = (rows: number, bytes: number) => TextBytes | undefined;

/** Rising offsets of parts as offsets into the whole. */
function joinedOffsets(
  name: string,
  parts: readonly { readonly offsets: Int32Array; readonly length: number }[],
  rows: number,
  out: Int32Array = new Int32Array(rows + 1),
): Int32Array {
  out[0] = 0;
  let at = 0;
  let end = 0;
  for (const { offsets, length } of parts) {
    const shift = end - offsets[0]!;
    const last = offsets[length]! + shift;
    if (last > offsetMax) {
      throw new EngineError(
        "LIMIT_EXCEEDED",
        `column ${name} of one task would have ${last} bytes or items, more than ${offsetMax}; ` +
          "spread the work over more partitions",
        { limitBytes: offsetMax },
      );
    }
    for (let i = 0; i <= length; i++) out[at + i] = offsets[i]! + shift;
    at += length;
    end = last;
  }
  return out;
}

function joinText(
  base: Column,
  parts: readonly TextColumn[],
  rows: number,
  place?: PlaceTexts,
): TextColumn {
  let bytes = 0;
  for (const { offsets, length } of parts) bytes += offsets[length]! - offsets[0]!;
  const placed = bytes > offsetMax ? undefined : place?.(rows, bytes);
  const offsets = joinedOffsets(base.name, parts, rows, placed?.offsets);
  const values = placed?.values ?? new Uint8Array(bytes);
  let at = 0;
  for (const { offsets: own, values: bytes, length } of parts) {
    const piece = bytes.subarray(own[0]!, own[length]!);
    values.set(piece, at);
    at += piece.length;
  }
  return { ...(base as TextColumn), offsets, values };
}

function itemsOf(column: ListColumn): readonly [start: number, end: number] {
  return [column.offsets[0]!, column.offsets[column.length]!];
}

function joinLists(base: Column, parts: readonly ListColumn[], rows: number): ListColumn {
  const offsets = joinedOffsets(base.name, parts, rows);
  const items = parts.map((part) => {
    const [start, end] = itemsOf(part);
    return slice(part.item, start, end);
  });
  return { ...(base as ListColumn), offsets, item: concat("item", items) };
}

function joinStructs(base: Column, parts: readonly StructColumn[]): StructColumn {
  const fields = (parts[0]?.fields ?? []).map(({ name }, index) =>
    concat(
      name,
      parts.map((part) => part.fields[index]!),
    ),
  );
  return { ...(base as StructColumn), fields };
}

const textTypes = new Set(["utf8", "dictionary"]);

function sharedDictionary(columns: readonly Column[]): TextColumn | undefined {
  const [first] = columns;
  if (first?.type !== "dictionary") return undefined;
  const { dictionary } = first;
  const isShared = (column: Column) =>
    column.type === "dictionary" && column.dictionary === dictionary;
  return columns.every(isShared) ? dictionary : undefined;
}

/** Invalid slots stand for missing keys only where they do so in every part. */
function nullsOf(columns: readonly Column[]): NullMeaning {
  const withNulls = columns.filter(
    ({ validity, type }) => validity !== undefined || type === "null",
  );
  const isMissing = withNulls.length > 0 && withNulls.every(({ nulls }) => nulls === "missing");
  return isMissing ? "missing" : "null";
}

function join(
  base: Column,
  parts: readonly Column[],
  rows: number,
  place: PlaceTexts | undefined,
): Column {
  switch (base.type) {
    case "null":
      return { ...base, length: rows };
    case "bool": {
      const values = joinedBits(parts, (part) => (part as typeof base).values, rows);
      return { ...base, values };
    }
    case "int32":
    case "date": {
      const values = parts.map((part) => (part as typeof base).values);
      return { ...base, values: joined(values, (length) => new Int32Array(length)) };
    }
    case "float64": {
      const values = parts.map((part) => (part as typeof base).values);
      return { ...base, values: joined(values, (length) => new Float64Array(length)) };
    }
    case "int53":
    case "int64":
    case "timestamp": {
      const values = parts.map((part) => (part as typeof base).values);
      return { ...base, values: joined(values, (length) => new BigInt64Array(length)) };
    }
    case "decimal": {
      const words = decimalWords(base.precision);
      const values = parts.map((part) =>
        (part as typeof base).values.subarray(0, part.length * words),
      );
      return { ...base, values: joined(values, (length) => new BigInt64Array(length)) };
    }
    case "dictionary": {
      const values = parts.map((part) => (part as DictionaryColumn).codes);
      return { ...base, codes: joined(values, (length) => new Int32Array(length)) };
    }
    case "utf8":
    case "json":
    case "binary":
      return joinText(base, parts as readonly TextColumn[], rows, place);
    case "list":
      return joinLists(base, parts as readonly ListColumn[], rows);
    case "struct":
      return joinStructs(base, parts as readonly StructColumn[]);
    default:
      return unreachable(base);
  }
}

/** All rows of the columns in order, of the type that holds the values of all. */
export function concat(name: string, columns: readonly Column[], place?: PlaceTexts): Column {
  if (columns.length === 1) return { ...columns[0]!, name };
  let rows = 0;
  let type: DataType = nullType;
  for (const column of columns) {
    rows += column.length;
    type = widerType(type, columnType(column));
  }
  const isText = columns.every((column) => textTypes.has(column.type));
  const keepsCodes = isText && sharedDictionary(columns) !== undefined;
  const parts = columns.map((column) => (keepsCodes ? column : plainText(widen(column, type))));
  const first = parts[0];
  if (first === undefined) return nullColumn(name, 0);
  const base = { ...first, name, length: rows, nulls: nullsOf(columns) };
  if (base.type === "null") return base;
  return join({ ...base, validity: validityOf(parts, rows) }, parts, rows, place);
}

/** The column of that name; of nothing but nulls where the batch has none. */
export function columnOf(batch: Batch, name: string): Column {
  for (const column of batch.columns) if (column.name === name) return column;
  return { ...nullColumn(name, batch.rows), nulls: "missing" };
}

/** Names of all columns in order of first appearance. */
export function columnNames(batches: readonly Batch[]): readonly string[] {
  const names = new Set<string>();
  for (const batch of batches) for (const { name } of batch.columns) names.add(name);
  return [...names];
}

/** One batch of all rows in order, columns by name. */
export function concatBatches(batches: readonly Batch[], place?: PlaceTexts): Batch {
  assert(batches.length > 0, "there are no batches to join");
  const [first] = batches;
  if (batches.length === 1) return first!;
  const { shape } = first!;
  let rows = 0;
  for (const batch of batches) {
    rows += batch.rows;
    if (batch.shape === shape) continue;
    throw new EngineError(
      "VALUE_UNSUPPORTED",
      `some rows are of the shape ${shape} and others of the shape ${batch.shape}; ` +
        "map them to objects with the same keys first",
    );
  }
  const columns = columnNames(batches).map((name) =>
    concat(
      name,
      batches.map((batch) => columnOf(batch, name)),
      place,
    ),
  );
  return { shape, rows, columns };
}
