// Columns as words of 32 bits whose order is that of the values, and for long texts the rest.

import { type Column, decimalWords, type TextColumn } from "../../../proto/batch/column.ts";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import { unreachable } from "../../../proto/errors.ts";
import { compareValues } from "../../operators/order.ts";
import { bitAt } from "./bits.ts";
import { unsignedHalvesOf } from "./words.ts";

/** Compares rows by what the words do not say. */
export type CompareRows = (left: number, right: number) => number;

/** One step of an order: rows that all steps before it left equal are ordered by it. */
export type SortStep =
  | { readonly kind: "words"; readonly words: Uint32Array }
  | { readonly kind: "compare"; readonly compare: CompareRows };

function wordsStep(words: Uint32Array, descending: boolean): SortStep {
  if (descending) for (let i = 0; i < words.length; i++) words[i] = ~words[i]!;
  return { kind: "words", words };
}

function floatSteps(values: Float64Array, descending: boolean): SortStep[] {
  const halves = unsignedHalvesOf(values);
  const upper = new Uint32Array(values.length);
  const lower = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    // Minus zero equals zero, and every NaN comes last.
    let high = value === 0 ? 0 : halves[2 * i + 1]!;
    let low = value === 0 ? 0 : halves[2 * i]!;
    if (Number.isNaN(value)) {
      high = 0x7ff8_0000;
      low = 0;
    }
    const sign = high >> 31;
    upper[i] = high ^ (sign | 0x8000_0000);
    lower[i] = low ^ sign;
  }
  return [wordsStep(upper, descending), wordsStep(lower, descending)];
}

function int32Steps(values: Int32Array, descending: boolean): SortStep[] {
  const words = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) words[i] = values[i]! ^ 0x8000_0000;
  return [wordsStep(words, descending)];
}

/** Whole numbers of `words` times 64 bits, the lowest word first. */
function wholeSteps(
  values: BigInt64Array,
  length: number,
  words: 1 | 2,
  descending: boolean,
): SortStep[] {
  const halves = unsignedHalvesOf(values);
  const parts = 2 * words;
  const steps: SortStep[] = [];
  for (let part = parts - 1; part >= 0; part--) {
    const out = new Uint32Array(length);
    const flip = part === parts - 1 ? 0x8000_0000 : 0;
    for (let i = 0; i < length; i++) out[i] = halves[parts * i + part]! ^ flip;
    steps.push(wordsStep(out, descending));
  }
  return steps;
}

function bigEndian(values: Uint8Array, start: number, end: number): number {
  let word = 0;
  for (let k = 0; k < 4; k++) word = (word << 8) | (start + k < end ? values[start + k]! : 0);
  return word >>> 0;
}

/** By bytes, the shorter one first where one begins the other. */
export function compareBytes(
  left: Uint8Array,
  leftStart: number,
  leftEnd: number,
  right: Uint8Array,
  rightStart: number,
  rightEnd: number,
): number {
  const length = Math.min(leftEnd - leftStart, rightEnd - rightStart);
  for (let k = 0; k < length; k++) {
    const difference = left[leftStart + k]! - right[rightStart + k]!;
    if (difference !== 0) return difference;
  }
  return leftEnd - leftStart - (rightEnd - rightStart);
}

function textSteps(column: TextColumn, descending: boolean): SortStep[] {
  const { offsets, values, length } = column;
  const first = new Uint32Array(length);
  const second = new Uint32Array(length);
  let longest = 0;
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  for (let i = 0; i < length; i++) {
    const start = offsets[i]!;
    const end = offsets[i + 1]!;
    longest = Math.max(longest, end - start);
    if (end - start >= 8) {
      first[i] = view.getInt32(start);
      second[i] = view.getInt32(start + 4);
      continue;
    }
    first[i] = bigEndian(values, start, end);
    second[i] = bigEndian(values, start + 4, end);
  }
  const compare: CompareRows = (a, b) =>
    compareBytes(values, offsets[a]!, offsets[a + 1]!, values, offsets[b]!, offsets[b + 1]!);
  return [
    wordsStep(first, descending),
    ...(longest > 4 ? [wordsStep(second, descending)] : []),
    // Also where all are short: a zero byte at the end is not told from none by the words.
    { kind: "compare", compare: descending ? (a, b) => -compare(a, b) : compare },
  ];
}

/** The place of each value among the different ones in order, for types that have no words of their own. */
function rankSteps(
  length: number,
  compare: (left: number, right: number) => number,
  descending: boolean,
): SortStep[] {
  const rows = Array.from({ length }, (_, row) => row);
  rows.sort(compare);
  const ranks = new Uint32Array(length);
  let rank = 0;
  for (const [at, row] of rows.entries()) {
    if (at > 0 && compare(rows[at - 1]!, row) !== 0) rank++;
    ranks[row] = rank;
  }
  return [wordsStep(ranks, descending)];
}

function dictionarySteps(codes: Int32Array, words: TextColumn, descending: boolean): SortStep[] {
  const { offsets, values } = words;
  const compare: CompareRows = (a, b) =>
    compareBytes(values, offsets[a]!, offsets[a + 1]!, values, offsets[b]!, offsets[b + 1]!);
  const [step] = rankSteps(words.length, compare, false);
  const ranks = (step as Extract<SortStep, { kind: "words" }>).words;
  const out = new Uint32Array(codes.length);
  for (let i = 0; i < codes.length; i++) out[i] = ranks[codes[i]!] ?? 0;
  return [wordsStep(out, descending)];
}

function valueSteps(column: Column, descending: boolean): SortStep[] {
  switch (column.type) {
    case "null":
      return [];
    case "bool": {
      const words = new Uint32Array(column.length);
      for (let i = 0; i < column.length; i++) words[i] = bitAt(column.values, i);
      return [wordsStep(words, descending)];
    }
    case "int32":
    case "date":
      return int32Steps(column.values, descending);
    case "float64":
      return floatSteps(column.values, descending);
    case "int53":
    case "int64":
    case "timestamp":
      return wholeSteps(column.values, column.length, 1, descending);
    case "decimal": {
      const words = decimalWords(column.precision);
      return wholeSteps(column.values, column.length, words, descending);
    }
    case "utf8":
    case "binary":
      return textSteps(column, descending);
    case "dictionary":
      return dictionarySteps(column.codes, column.dictionary, descending);
    case "json":
    case "list":
    case "struct": {
      const values = columnValues(column);
      return rankSteps(column.length, (a, b) => compareValues(values[a], values[b]), descending);
    }
    default:
      return unreachable(column);
  }
}

/** Types whose words mean the same in every column, and whether two words say all of a value. */
const ownWords: Readonly<Partial<Record<Column["type"], "all" | "beginning">>> = {
  bool: "all",
  int32: "all",
  date: "all",
  float64: "all",
  int53: "all",
  int64: "all",
  timestamp: "all",
  utf8: "beginning",
  binary: "beginning",
};

export interface FirstWords {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  /** Whether rows with equal words have equal values. */
  readonly areAll: boolean;
}

/**
 * The first 64 bits of each row's place in the order, comparable with those of other columns of the same type;
 * undefined where there are nulls, or where words depend on the other rows of the column.
 */
export function firstWords(column: Column, direction: "asc" | "desc"): FirstWords | undefined {
  const extent = column.validity === undefined ? ownWords[column.type] : undefined;
  if (extent === undefined) return undefined;
  const [first, second] = valueSteps(column, direction === "desc");
  if (first?.kind !== "words") return undefined;
  // Words that a column has none of are those of nothing: zeros, or their complement.
  const absent = direction === "desc" && extent === "beginning" ? 0xffff_ffff : 0;
  const low = second?.kind === "words" ? second.words : new Uint32Array(column.length).fill(absent);
  return { high: first.words, low, areAll: extent === "all" };
}

function clearInvalid(steps: readonly SortStep[], validity: Uint8Array): SortStep[] {
  return steps.map((step): SortStep => {
    if (step.kind === "words") {
      const { words } = step;
      for (let i = 0; i < words.length; i++) if (bitAt(validity, i) === 0) words[i] = 0;
      return step;
    }
    const { compare } = step;
    // Rows that come here are both valid or both null: the step before told them apart.
    return { kind: "compare", compare: (a, b) => (bitAt(validity, a) === 0 ? 0 : compare(a, b)) };
  });
}

/** The steps of one key, nulls first or last; texts by their bytes, NaN after all other numbers. */
export function sortSteps(
  column: Column,
  direction: "asc" | "desc",
  nulls: "first" | "last",
): readonly SortStep[] {
  const { validity, length } = column;
  const steps = valueSteps(column, direction === "desc");
  if (validity === undefined) return steps;
  const isNull = new Uint32Array(length);
  const wordOfNull = nulls === "first" ? 0 : 1;
  for (let i = 0; i < length; i++) {
    isNull[i] = bitAt(validity, i) === 0 ? wordOfNull : 1 - wordOfNull;
  }
  return [{ kind: "words", words: isNull }, ...clearInvalid(steps, validity)];
}
