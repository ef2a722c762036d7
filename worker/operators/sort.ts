// sort: all rows of the task in total order, or only the first of them.

import { isPlainRecord } from "../../proto/batch/batch.ts";
import { chunkRowsMax } from "../../proto/limits.ts";
import type { SortKey } from "../../proto/plan/logical.ts";
import { compareNumbers, compareStrings, compareValues } from "./order.ts";
import type { KeyReader } from "./sort-keys.ts";
import { pushBatchAsRows, type Stage } from "./stage.ts";

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

export function sortStage(key: SortKey, rowsMax: number, readKeys: KeyReader, next: Stage): Stage {
  let keys: unknown[] = [];
  let rows: unknown[] = [];
  const push = (pushed: readonly unknown[]): void => {
    const pushedKeys = readKeys(pushed);
    for (let i = 0; i < pushed.length; i++) {
      keys.push(pushedKeys[i]);
      rows.push(pushed[i]);
    }
    // Top-k: what cannot be among the first rows is dropped once it is worth a sort.
    if (rows.length >= 2 * rowsMax + chunkRowsMax) {
      ({ keys, rows } = sortKeyed(keys, rows, key.direction, rowsMax));
    }
  };
  return {
    push,
    pushBatch: pushBatchAsRows({ push }),
    wantsMore: () => rowsMax > 0,
    finish: function* () {
      const sorted = sortKeyed(keys, rows, key.direction, rowsMax).rows;
      keys = [];
      rows = [];
      for (let from = 0; from < sorted.length && next.wantsMore(); from += chunkRowsMax) {
        next.push(sorted.slice(from, from + chunkRowsMax));
        yield;
      }
    },
    takesSmall: false,
  };
}
