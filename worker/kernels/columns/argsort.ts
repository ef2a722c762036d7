// The order of rows by steps: radix passes over words, then the next step within runs of equal ones.

import type { SortStep } from "./sort-words.ts";

/** Up to so many rows insertion is faster than counting digits. */
const insertionRowsMax = 24;
/** From so many rows on it pays to count digits. */
const radixRowsMin = 1024;
const digitBits = 11;
const buckets = 1 << digitBits;
const digits = 3;

/** Sorts `rows[start .. end)` with the words that belong to them. Stable. */
class Radix {
  private words = new Uint32Array(0);
  private wordsTo = new Uint32Array(0);
  private rowsTo = new Int32Array(0);
  private readonly counts = new Int32Array(digits * buckets);

  private reserve(length: number): void {
    if (this.words.length >= length) return;
    this.words = new Uint32Array(length);
    this.wordsTo = new Uint32Array(length);
    this.rowsTo = new Int32Array(length);
  }

  /** Answers the words in order: they lie from 0 on. */
  sort(rows: Int32Array, start: number, end: number, words: Uint32Array): Uint32Array {
    const length = end - start;
    this.reserve(length);
    const { counts } = this;
    counts.fill(0);
    const own = this.words;
    for (let i = 0; i < length; i++) {
      const word = words[rows[start + i]!]!;
      own[i] = word;
      const low = word & 2047;
      const middle = 2048 + ((word >>> 11) & 2047);
      const high = 4096 + (word >>> 22);
      counts[low] = counts[low]! + 1;
      counts[middle] = counts[middle]! + 1;
      counts[high] = counts[high]! + 1;
    }
    let from = own;
    let to = this.wordsTo;
    let rowsFrom = rows.subarray(start, end);
    let rowsTo: Int32Array = this.rowsTo.subarray(0, length);
    for (let digit = 0; digit < digits; digit++) {
      const shift = digit * digitBits;
      const count = counts.subarray(digit * buckets, (digit + 1) * buckets);
      if (count[(from[0]! >>> shift) & (buckets - 1)] === length) continue;
      let sum = 0;
      for (let bucket = 0; bucket < buckets; bucket++) {
        const inside = count[bucket]!;
        count[bucket] = sum;
        sum += inside;
      }
      for (let i = 0; i < length; i++) {
        const word = from[i]!;
        const bucket = (word >>> shift) & (buckets - 1);
        const at = count[bucket]!;
        count[bucket] = at + 1;
        to[at] = word;
        rowsTo[at] = rowsFrom[i]!;
      }
      [from, to] = [to, from];
      [rowsFrom, rowsTo] = [rowsTo, rowsFrom];
    }
    if (rowsFrom.buffer !== rows.buffer) rows.set(rowsFrom, start);
    return from;
  }
}

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

/** Ends of runs of equal words that are longer than one row, as pairs of start and end. */
function runsOf(words: Uint32Array, start: number, length: number): number[] {
  const runs: number[] = [];
  for (let i = 0; i < length; ) {
    const word = words[i]!;
    let end = i + 1;
    while (end < length && words[end] === word) end++;
    if (end - i > 1) runs.push(start + i, start + end);
    i = end;
  }
  return runs;
}

function sortRange(
  rows: Int32Array,
  start: number,
  end: number,
  steps: readonly SortStep[],
  level: number,
  radix: Radix,
): void {
  if (end - start < 2 || level === steps.length) return;
  if (end - start <= insertionRowsMax) return insert(rows, start, end, steps, level);
  const step = steps[level]!;
  if (step.kind === "words" && end - start >= radixRowsMin) {
    const words = radix.sort(rows, start, end, step.words);
    if (level + 1 === steps.length) return;
    const runs = runsOf(words, start, end - start);
    for (let i = 0; i < runs.length; i += 2) {
      sortRange(rows, runs[i]!, runs[i + 1]!, steps, level + 1, radix);
    }
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
  sortRange(rows, 0, length, steps, 0, new Radix());
  return rows;
}

/** The order of two rows by all steps. */
export function compareBySteps(steps: readonly SortStep[], left: number, right: number): number {
  return compareFrom(steps, 0, left, right);
}
