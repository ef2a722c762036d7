// Values of columns for the single-thread baselines.

import type { Column } from "../../../proto/batch/column.ts";
import { TextNumbers } from "./text-numbers.ts";

/**
 * Numbers and dates as they are stored; whole numbers of 64 bits, moments and decimals of one word as
 * the numbers that they are below 2^53.
 */
export function numbersOf(column: Column): Float64Array | Int32Array {
  switch (column.type) {
    case "float64":
    case "int32":
    case "date":
      return column.values;
    case "int64":
    case "int53":
    case "timestamp":
    case "decimal":
      return wordsOf(column.values);
    default:
      throw new Error(`${column.name} is a column of ${column.type}`);
  }
}

/** Two words of 32 bits are read faster than a bigint is made. */
function wordsOf(values: BigInt64Array): Float64Array {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  const numbers = new Float64Array(values.length);
  for (let row = 0; row < numbers.length; row++) {
    numbers[row] = (halves[2 * row]! >>> 0) + halves[2 * row + 1]! * 4_294_967_296;
  }
  return numbers;
}

type TextColumn = Extract<Column, { type: "utf8" | "json" | "binary" }>;

const decoder = new TextDecoder();
const decoded = new WeakMap<TextColumn, readonly string[]>();

/** All at once where each byte is a character, and they can be cut out of one string. */
function decode({ offsets, values, length }: TextColumn): readonly string[] {
  const first = offsets[0] ?? 0;
  const bytes = values.subarray(first, offsets[length]);
  const all = decoder.decode(bytes);
  const isAscii = all.length === bytes.length;
  return Array.from({ length }, (_, at) =>
    isAscii
      ? all.slice(offsets[at]! - first, offsets[at + 1]! - first)
      : decoder.decode(values.subarray(offsets[at], offsets[at + 1])),
  );
}

function decodedOnce(texts: TextColumn): readonly string[] {
  const known = decoded.get(texts);
  if (known !== undefined) return known;
  const found = decode(texts);
  decoded.set(texts, found);
  return found;
}

/** The text of a row; texts are decoded once for a batch or dictionary. */
export function textsOf(column: Column): (row: number) => string {
  if (column.type === "utf8") {
    const texts = decodedOnce(column);
    return (row) => texts[row]!;
  }
  if (column.type !== "dictionary") {
    throw new Error(`${column.name} is a column of ${column.type}`);
  }
  const { codes, dictionary } = column;
  const texts = decodedOnce(dictionary);
  return (row) => texts[codes[row]!]!;
}

/**
 * A number for the text of each row. Of a dictionary each text is asked about once, in whichever
 * batch it comes first.
 */
export function byText(
  numberOf: (text: string) => number,
): (column: Column, rows: number) => Float64Array {
  const known = new WeakMap<TextColumn, Float64Array>();
  return (column, rows) => {
    const found = new Float64Array(rows);
    if (column.type !== "dictionary") {
      const textAt = textsOf(column);
      for (let row = 0; row < rows; row++) found[row] = numberOf(textAt(row));
      return found;
    }
    const { codes, dictionary } = column;
    const texts = decodedOnce(dictionary);
    const numbers = known.get(dictionary) ?? new Float64Array(texts.length).fill(Number.NaN);
    known.set(dictionary, numbers);
    for (let row = 0; row < rows; row++) {
      const code = codes[row]!;
      if (Number.isNaN(numbers[code]!)) numbers[code] = numberOf(texts[code]!);
      found[row] = numbers[code]!;
    }
    return found;
  };
}

/** Where a text is one that is asked for: 1, elsewhere 0. */
export function whereText(
  isWanted: (text: string) => boolean,
): (column: Column, rows: number) => Float64Array {
  return byText((text) => (isWanted(text) ? 1 : 0));
}

/** Texts as numbers from 1 on, by their bytes. */
export function numberedTexts(): (column: Column, rows: number) => Int32Array {
  const numbers = new TextNumbers();
  const known = new WeakMap<TextColumn, Int32Array>();
  const numbersOfAll = (texts: TextColumn): Int32Array => {
    const { values, offsets } = texts;
    const found = new Int32Array(texts.length);
    for (let at = 0; at < found.length; at++) {
      found[at] = numbers.of(values, offsets[at]!, offsets[at + 1]!);
    }
    return found;
  };
  return (column, rows) => {
    if (column.type === "utf8") return numbersOfAll(column);
    if (column.type !== "dictionary") {
      throw new Error(`${column.name} is a column of ${column.type}`);
    }
    const { codes, dictionary } = column;
    const byCode = known.get(dictionary) ?? numbersOfAll(dictionary);
    known.set(dictionary, byCode);
    const found = new Int32Array(rows);
    for (let row = 0; row < rows; row++) found[row] = byCode[codes[row]!]!;
    return found;
  };
}
