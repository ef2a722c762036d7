// sort: all rows of the task in total order, or only the first of them.

import { type Batch, type BatchShape, batchRows, isPlainRecord } from "../../proto/batch/batch.ts";
import { columnType } from "../../proto/batch/column.ts";
import { keyedHeapShare } from "../../proto/limits/memory.ts";
import { chunkRowsMax } from "../../proto/limits.ts";
import type { SortKey } from "../../proto/plan/logical.ts";
import { commonType, type DataType, sameType } from "../../proto/plan/types.ts";
import { concatBatches } from "../kernels/columns/concat.ts";
import { gatherBatch } from "../kernels/columns/gather.ts";
import { batchBytes } from "../memory/batch-bytes.ts";
import type { OperatorMemory } from "../memory/task-memory.ts";
import { heapBytesOf } from "./keyed/heap-bytes.ts";
import { compareNumbers, compareStrings, compareValues } from "./order.ts";
import type { KeyReader } from "./sort-keys.ts";
import { SpilledKeyed } from "./sorting/spilled-keyed.ts";
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

/** Only so many rows are measured. */
const measuredEach = 16;
/** Columns are joined in the end; of values, V8 lets about as much garbage gather as there is of what lives. */
const copies = 2;

function heapBytesOfSome(rows: readonly unknown[], keys: readonly unknown[]): number {
  let bytes = 0;
  for (let i = 0; i < rows.length; i += measuredEach) {
    bytes += heapBytesOf(rows[i]) + heapBytesOf(keys[i]);
  }
  return measuredEach * bytes;
}

/**
 * Rows in the order they came, with their keys; and their columns, as long as all have the same. Where they do not fit
 * into memory, they are sorted in files.
 */
class HeldKeyed {
  private readonly key: SortKey;
  private readonly rowsMax: number;
  private readonly memory: OperatorMemory;
  private heldBytes = 0;
  private spilled: SpilledKeyed | undefined;
  private keys: unknown[] = [];
  private rows: unknown[] = [];
  /** Undefined once rows came that have no columns, or others. */
  private batches: Batch[] | undefined = [];
  private shape: BatchShape | undefined;
  private readonly types = new Map<string, DataType>();

  constructor(key: SortKey, rowsMax: number, memory: OperatorMemory) {
    this.key = key;
    this.rowsMax = rowsMax;
    this.memory = memory;
  }

  add(rows: readonly unknown[], keys: readonly unknown[], batch: Batch | undefined): void {
    const alike = batch !== undefined && this.isAlike(batch) ? batch : undefined;
    if (alike === undefined) this.batches = undefined;
    if (this.spilled !== undefined) {
      return this.spilled.add(rows, keys, this.batches === undefined ? undefined : alike);
    }
    for (let i = 0; i < rows.length; i++) {
      this.keys.push(keys[i]);
      this.rows.push(rows[i]);
    }
    if (alike !== undefined) this.batches?.push(alike);
    const columnBytes = alike === undefined ? 0 : batchBytes(alike);
    this.heldBytes += copies * (heapBytesOfSome(rows, keys) + columnBytes);
    // Top-k: what cannot be among the first rows is dropped once it is worth a sort.
    if (this.rows.length >= 2 * this.rowsMax + chunkRowsMax) this.sort();
    const fitsHeap = this.heldBytes <= keyedHeapShare * this.memory.heapBytesMax;
    if (!fitsHeap || !this.memory.resize(Math.ceil(this.heldBytes))) this.spill();
  }

  private spill(): void {
    const { key, rowsMax, memory, rows, keys, batches } = this;
    memory.resize(0);
    this.spilled = new SpilledKeyed(key, rowsMax, memory, batches !== undefined);
    if (batches === undefined) this.spilled.add(rows, keys, undefined);
    let start = 0;
    for (const batch of batches ?? []) {
      const end = start + batch.rows;
      this.spilled.add(rows.slice(start, end), keys.slice(start, end), batch);
      start = end;
    }
    this.rows = [];
    this.keys = [];
    if (batches !== undefined) this.batches = [];
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
    this.heldBytes *= order.length / Math.max(rows.length, 1);
    this.keys = Array.from(order, (row) => keys[row]);
    this.rows = Array.from(order, (row) => rows[row]);
    if (batches === undefined || batches.length === 0) return;
    this.batches = [gatherBatch(concatBatches(batches), Int32Array.from(order))];
  }

  private *pushSpilled(spilled: SpilledKeyed, next: Stage): Iterable<void> {
    for (const part of spilled.sorted()) {
      if (!next.wantsMore()) return;
      if ("batch" in part) next.pushBatch(part.batch);
      else next.push(part.rows);
      yield;
    }
  }

  *pushSorted(next: Stage): Iterable<void> {
    if (this.spilled !== undefined) return yield* this.pushSpilled(this.spilled, next);
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

export function sortStage(
  key: SortKey,
  rowsMax: number,
  readKeys: KeyReader,
  memory: OperatorMemory,
  next: Stage,
): Stage {
  const held = new HeldKeyed(key, rowsMax, memory);
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
