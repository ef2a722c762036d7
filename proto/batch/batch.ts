// An immutable batch of rows as Arrow columns, self-describing: its shape says how rows are rebuilt.

import { assert, unreachable } from "../errors.ts";
import { buildColumn } from "./build-column.ts";
import type { Column } from "./column.ts";
import { columnValues } from "./decode-column.ts";
import { recordColumns } from "./record-columns.ts";
import { isWellFormedText } from "./text.ts";

/** `scalar`: one column `value`. `pair`: columns `key` and `value` of `[key, value]`. `record`: by key. */
export type BatchShape = "scalar" | "record" | "pair";

export interface Batch {
  readonly shape: BatchShape;
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** Records with more different keys than this are kept as JSON: they are maps rather than records. */
const recordKeysMax = 256;

/**
 * Whether a key can name a column: assigning to `__proto__` sets the prototype instead of a property, and
 * neither the empty name nor a lone surrogate survives Arrow. Rows with such keys stay JSON.
 */
function canNameColumn(key: string): boolean {
  return key !== "__proto__" && key !== "" && isWellFormedText(key);
}

/** Whether records of these keys are kept as columns. */
export function canBeColumns(keys: readonly string[]): boolean {
  return keys.length <= recordKeysMax && keys.every(canNameColumn);
}

export function makeBatch(shape: BatchShape, columns: readonly Column[]): Batch {
  const rows = columns[0]?.length ?? 0;
  for (const column of columns) {
    // The text is made only where it is wanted: this runs for each column of each batch.
    if (column.length === rows) continue;
    assert(false, `column ${column.name} has ${column.length} of ${rows} rows of its batch`);
  }
  return { shape, rows, columns };
}

/** Whether a value is a record: an object of no class of its own. */
export function isPlainRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as unknown;
  return prototype === Object.prototype || prototype === null;
}

/** Names of all keys in order of first appearance; undefined when the rows are no records. */
function recordKeys(rows: readonly unknown[]): string[] | undefined {
  const keys: string[] = [];
  const known = new Set<string>();
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if (!isPlainRecord(row)) return undefined;
    const own = Object.keys(row);
    // The common case first: the same keys in the same order as the row that named them.
    let same = own.length === keys.length;
    for (let k = 0; same && k < own.length; k++) same = own[k] === keys[k];
    if (same) continue;
    for (const key of own) {
      if (known.has(key)) continue;
      if (keys.length === recordKeysMax || !canNameColumn(key)) return undefined;
      known.add(key);
      keys.push(key);
    }
  }
  return keys;
}

function arePairs(rows: readonly unknown[]): rows is readonly (readonly [unknown, unknown])[] {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if (!Array.isArray(row) || row.length !== 2) return false;
  }
  return true;
}

function columnOfKey(rows: readonly Record<string, unknown>[], key: string): Column {
  const values = new Array<unknown>(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    // Inherited names such as "constructor" are not keys of the row.
    values[i] = Object.hasOwn(row, key) ? row[key] : undefined;
  }
  return buildColumn(key, values);
}

/** Rows to columns. Keeps every supported value exactly; a key that is `undefined` reads back as missing. */
export function batchOfRows(rows: readonly unknown[]): Batch {
  const first = rows[0];
  if (Array.isArray(first) && arePairs(rows)) {
    const keys = new Array<unknown>(rows.length);
    const values = new Array<unknown>(rows.length);
    for (let i = 0; i < rows.length; i++) {
      keys[i] = rows[i]![0];
      values[i] = rows[i]![1];
    }
    return makeBatch("pair", [buildColumn("key", keys), buildColumn("value", values)]);
  }
  const alike = isPlainRecord(first) ? recordColumns(rows, first, canBeColumns) : undefined;
  if (alike !== undefined) return makeBatch("record", alike);
  const keys = isPlainRecord(first) ? recordKeys(rows) : undefined;
  if (keys !== undefined && keys.length > 0) {
    const records = rows as readonly Record<string, unknown>[];
    return makeBatch(
      "record",
      keys.map((key) => columnOfKey(records, key)),
    );
  }
  return makeBatch("scalar", [buildColumn("value", rows)]);
}

function recordsOf(batch: Batch): unknown[] {
  const rows = new Array<Record<string, unknown>>(batch.rows);
  for (let i = 0; i < rows.length; i++) rows[i] = {};
  for (const column of batch.columns) {
    const values = columnValues(column);
    const { name } = column;
    for (let i = 0; i < rows.length; i++) {
      const value = values[i];
      if (value !== undefined) rows[i]![name] = value;
    }
  }
  return rows;
}

function countsOf(values: readonly unknown[], counts: readonly unknown[]): unknown[] {
  const rows = new Array<unknown>(values.length);
  for (let i = 0; i < rows.length; i++) rows[i] = { value: values[i], count: counts[i] };
  return rows;
}

/** All rows of a batch as JavaScript values. */
export function batchRows(batch: Batch): unknown[] {
  const [first, second] = batch.columns;
  switch (batch.shape) {
    case "scalar":
      return first === undefined ? [] : columnValues(first);
    case "pair": {
      assert(first !== undefined && second !== undefined, "a pair batch needs two columns");
      const keys = columnValues(first);
      const values = columnValues(second);
      const rows = new Array<unknown>(batch.rows);
      for (let i = 0; i < rows.length; i++) rows[i] = [keys[i], values[i]];
      return rows;
    }
    case "record":
      if (isCountBatch(batch)) return countsOf(columnValues(first!), columnValues(second!));
      return recordsOf(batch);
    default:
      return unreachable(batch.shape);
  }
}

/** Whether the batch holds `{ value, count }` with whole counts, as countByValue makes them. */
export function isCountBatch(batch: Batch): boolean {
  const [first, second] = batch.columns;
  return (
    batch.columns.length === 2 &&
    first?.name === "value" &&
    second?.name === "count" &&
    second.type === "int53" &&
    first.nulls === "null"
  );
}
