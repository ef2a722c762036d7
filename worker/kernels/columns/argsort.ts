// The order of rows by steps: radix passes over words, then the next step within runs of equal ones.

import { radixRowsMax, radixSort } from "./radix-sort.ts";
import type { SortStep } from "./sort-words.ts";

/** Up to so many rows insertion is faster than counting digits. */
const insertionRowsMax = 24;
/** From so many rows on it pays to count digits. */
const radixRowsMin = 256;
function compareFrom(steps: readonly SortStep[], level: number, a: number, b: number): number {
  for (let i = level; i < steps.length; i++) {
    const step = steps[i]!;
    if (step.kind === "words") {
      const left = step.words[a]!;
      const right = step.words[b]!;
      if (left !== right) return left < right ? -1 : 1;
    } else {
      const order = step.compare(a, b);
      if (order !== 0) return order;
    }
  }
  return 0;
}

function insert(
  rows: Int32Array,
  start: number,
  end: number,
  steps: readonly SortStep[],
  level: number,
): void {
  const step = steps[level]!;
  if (step.kind === "words") return insertByWords(rows, start, end, step.words, steps, level + 1);
  for (let i = start + 1; i < end; i++) {
    const row = rows[i]!;
    let at = i;
    while (at > start && compareFrom(steps, level, rows[at - 1]!, row) > 0) {
      rows[at] = rows[at - 1]!;
      at--;
    }
    rows[at] = row;
  }
}

/** Most rows are told apart by their word: the steps from `level` on are asked for equal ones only. */
function insertByWords(
  rows: Int32Array,
  start: number,
  end: number,
  words: Uint32Array,
  steps: readonly SortStep[],
  level: number,
): void {
  for (let i = start + 1; i < end; i++) {
    const row = rows[i]!;
    const word = words[row]!;
    let at = i;
    while (at > start) {
      const before = rows[at - 1]!;
      const other = words[before]!;
      if (other < word || (other === word && compareFrom(steps, level, before, row) <= 0)) break;
      rows[at] = before;
      at--;
    }
    rows[at] = row;
  }
}

/** The words of two steps in a row are one key. */
function sortByWords(
  rows: Int32Array,
  start: number,
  end: number,
  steps: readonly SortStep[],
  level: number,
  keepsKeys = false,
): Uint32Array | undefined {
  const high = wordsAt(steps, level)!;
  const low = wordsAt(steps, level + 1);
  const part = rows.subarray(start, end);
  const sorted = radixSort(part, high, low, keepsKeys);
  part.set(sorted.rows);
  const next = level + (low === undefined ? 1 : 2);
  if (next === steps.length) return sorted.keys;
  const { runs } = sorted;
  for (let i = 0; i < runs.length; i += 2) {
    sortRange(rows, start + runs[i]!, start + runs[i + 1]!, steps, next);
  }
  return sorted.keys;
}

function wordsAt(steps: readonly SortStep[], level: number): Uint32Array | undefined {
  const step = steps[level];
  return step?.kind === "words" ? step.words : undefined;
}

function sortRange(
  rows: Int32Array,
  start: number,
  end: number,
  steps: readonly SortStep[],
  level: number,
): void {
  if (end - start < 2 || level === steps.length) return;
  if (end - start <= insertionRowsMax) return insert(rows, start, end, steps, level);
  const isWords = steps[level]!.kind === "words";
  if (isWords && end - start >= radixRowsMin && end - start <= radixRowsMax) {
    sortByWords(rows, start, end, steps, level);
    return;
  }
  // A merge sort by comparison, which leaves equal rows in their order.
  const part = Array.from(rows.subarray(start, end));
  part.sort((a, b) => compareFrom(steps, level, a, b));
  rows.set(part, start);
}

/** Row numbers in order; rows that no step tells apart keep theirs. */
export function argsort(length: number, steps: readonly SortStep[]): Int32Array {
  const rows = new Int32Array(length);
  for (let i = 0; i < length; i++) rows[i] = i;
  sortRange(rows, 0, length, steps, 0);
  return rows;
}

export interface SortedKeys {
  readonly rows: Int32Array;
  /** The words of the first step in order, each behind that of the second, or of 0 where there is none. */
  readonly keys: Uint32Array | undefined;
}

/** As `argsort`; with many rows it answers the keys too, which come along in order. */
export function argsortWithKeys(length: number, steps: readonly SortStep[]): SortedKeys {
  if (length < radixRowsMin || length > radixRowsMax || steps[0]?.kind !== "words") {
    return { rows: argsort(length, steps), keys: undefined };
  }
  const rows = new Int32Array(length);
  for (let i = 0; i < length; i++) rows[i] = i;
  return { rows, keys: sortByWords(rows, 0, length, steps, 0, true) };
}

/** The order of two rows by all steps. */
export function compareBySteps(steps: readonly SortStep[], left: number, right: number): number {
  return compareFrom(steps, 0, left, right);
}
