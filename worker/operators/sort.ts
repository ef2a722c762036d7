// sort: all rows of the task in total order, or only the first of them.

import { type Batch, type BatchShape, batchRows, isPlainRecord } from "../../proto/batch/batch.ts";
import { columnType } from "../../proto/batch/column.ts";
import { chunkRowsMax } from "../../proto/limits.ts";
import type { SortKey } from "../../proto/plan/logical.ts";
import { commonType, type DataType, sameType } from "../../proto/plan/types.ts";
import { concatBatches } from "../kernels/columns/concat.ts";
import { gatherBatch } from "../kernels/columns/gather.ts";
import { compareNumbers, compareStrings, compareValues } from "./order.ts";
import type { KeyReader } from "./sort-keys.ts";
import { pushPieces, type Stage } from "./stage.ts";

/** Rows with their keys, in one order. */
interface Sorted {
  readonly keys: unknown[];
  readonly rows: unknown[];
}

/** Names in order that all rows have, none undefined, and no others; undefined unless all rows are such records. */
function sharedNames(rows: readonly unknown[]): readonly string[] | undefined {
  const [first] = rows;
  if (!isPlainRecord(first)) return undefined;
  const names = Object.keys(first);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if (!isPlainRecord(row)) return undefined;
    const own = Object.keys(row);
    if (own.length !== names.length) return undefined;
    for (let k = 0; k < own.length; k++) {
      if (own[k] !== names[k] || row[own[k]!] === undefined) return undefined;
    }
  }
  return names.sort(compareStrings);
}

/** As `compareValues` for any two of the rows; ties are many, and alike records need not name their keys. */
function rowComparer(rows: readonly unknown[]): (left: unknown, right: unknown) => number {
  const names = sharedNames(rows);
  if (names === undefined) return compareValues;
  return (left, right) => {
    for (let k = 0; k < names.length; k++) {
      const name = names[k]!;
      const a = (left as Record<string, unknown>)[name];
      const b = (right as Record<string, unknown>)[name];
      const order =
        typeof a === "string" && typeof b === "string" ? compareStrings(a, b) : compareValues(a, b);
      if (order !== 0) return order;
    }
    return 0;
  };
}

/** Indexes of the rows in order. Numbers, the usual keys, are compared without a look at their type. */
function sortedIndexes(keys: readonly unknown[], rows: readonly unknown[], sign: number) {
  const indexes = new Uint32Array(keys.length);
  for (let i = 0; i < indexes.length; i++) indexes[i] = i;
  const compareRows = rowComparer(rows);
  if (keys.every((key) => typeof key === "number")) {
    const numbers = Float64Array.from(keys as readonly number[]);
    return indexes.sort((a, b) => {
      const order = compareNumbers(numbers[a]!, numbers[b]!);
      return order !== 0 ? sign * order : compareRows(rows[a], rows[b]);
    });
  }
  return indexes.sort((a, b) => {
    const order = compareValues(keys[a], keys[b]);
    return order !== 0 ? sign * order : compareRows(rows[a], rows[b]);
  });
}

export function sortKeyed(
  keys: readonly unknown[],
  rows: readonly unknown[],
  direction: SortKey["direction"],
  rowsMax: number,
): Sorted {
  const indexes = sortedIndexes(keys, rows, direction === "asc" ? 1 : -1);
  const length = Math.min(indexes.length, rowsMax);
  const sorted: Sorted = { keys: new Array(length), rows: new Array(length) };
  for (let i = 0; i < length; i++) {
    sorted.keys[i] = keys[indexes[i]!];
    sorted.rows[i] = rows[indexes[i]!];
  }
  return sorted;
}

/** Rows in the order they came, with their keys; and their columns, as long as all have the same. */
class HeldKeyed {
  private readonly key: SortKey;
  private readonly rowsMax: number;
  private keys: unknown[] = [];
  private rows: unknown[] = [];
  /** Undefined once rows came that have no columns, or others. */
  private batches: Batch[] | undefined = [];
  private shape: BatchShape | undefined;
  private readonly types = new Map<string, DataType>();

  constructor(key: SortKey, rowsMax: number) {
    this.key = key;
    this.rowsMax = rowsMax;
  }

  add(rows: readonly unknown[], keys: readonly unknown[], batch: Batch | undefined): void {
    for (let i = 0; i < rows.length; i++) {
      this.keys.push(keys[i]);
      this.rows.push(rows[i]);
    }
    this.addColumns(batch);
    // Top-k: what cannot be among the first rows is dropped once it is worth a sort.
    if (this.rows.length >= 2 * this.rowsMax + chunkRowsMax) this.sort();
  }

  private addColumns(batch: Batch | undefined): void {
    if (batch === undefined || !this.isAlike(batch)) this.batches = undefined;
    else this.batches?.push(batch);
  }

  /** Whether its columns join those so far without a change of any value; nothing but nulls joins any. */
  private isAlike({ shape, columns }: Batch): boolean {
    this.shape ??= shape;
    return (
      shape === this.shape &&
      columns.every((column) => {
        if (column.type === "null") return true;
        const type = columnType(column);
        const known = this.types.get(column.name) ?? type;
        this.types.set(column.name, known);
        const isList = type.kind === "list" && commonType(type, known) !== undefined;
        return isList || sameType(type, known);
      })
    );
  }

  private sort(): void {
    const { keys, rows, key, batches } = this;
    const order = sortedIndexes(keys, rows, key.direction === "asc" ? 1 : -1).subarray(
      0,
      this.rowsMax,
    );
    this.keys = Array.from(order, (row) => keys[row]);
    this.rows = Array.from(order, (row) => rows[row]);
    if (batches === undefined || batches.length === 0) return;
    this.batches = [gatherBatch(concatBatches(batches), Int32Array.from(order))];
  }

  *pushSorted(next: Stage): Iterable<void> {
    this.sort();
    const { rows } = this;
    const [whole] = this.batches ?? [];
    this.keys = [];
    this.rows = [];
    this.batches = [];
    if (whole !== undefined) {
      yield* pushPieces(whole, next);
      return;
    }
    for (let from = 0; from < rows.length && next.wantsMore(); from += chunkRowsMax) {
      next.push(rows.slice(from, from + chunkRowsMax));
      yield;
    }
  }
}

export function sortStage(key: SortKey, rowsMax: number, readKeys: KeyReader, next: Stage): Stage {
  const held = new HeldKeyed(key, rowsMax);
  return {
    push: (rows) => held.add(rows, readKeys(rows), undefined),
    // Columns keep their types: those of the values alone would be others.
    pushBatch: (batch) => {
      const rows = batchRows(batch);
      held.add(rows, readKeys(rows), batch);
    },
    wantsMore: () => rowsMax > 0,
    finish: () => held.pushSorted(next),
    takesSmall: false,
  };
}
