// Values of columns for the single-thread baselines.

import type { Column } from "../../../proto/batch/column.ts";

/** Whole numbers of 64 bits, moments and decimals of one word, as the numbers that they are below 2^53. */
export function wordsOf(column: Column): Float64Array {
  if (
    column.type !== "int64" &&
    column.type !== "int53" &&
    column.type !== "timestamp" &&
    column.type !== "decimal"
  ) {
    throw new Error(`${column.name} is a column of ${column.type}`);
  }
  const { buffer, byteOffset } = column.values;
  // Two words of 32 bits are read faster than a bigint is made.
  const halves = new Int32Array(buffer, byteOffset, column.length * 2);
  const numbers = new Float64Array(column.length);
  for (let row = 0; row < numbers.length; row++) {
    numbers[row] = (halves[2 * row]! >>> 0) + halves[2 * row + 1]! * 4_294_967_296;
  }
  return numbers;
}

const decoder = new TextDecoder();
const dictionaries = new WeakMap<object, string[]>();

function textsOf(column: Extract<Column, { type: "utf8" | "json" | "binary" }>): string[] {
  const { offsets, values, length } = column;
  return Array.from({ length }, (_, at) =>
    decoder.decode(values.subarray(offsets[at], offsets[at + 1])),
  );
}

/** Texts are decoded once for a batch or dictionary. */
export function textAt(column: Column, row: number): string {
  if (column.type !== "dictionary" && column.type !== "utf8") {
    throw new Error(`${column.name} is a column of ${column.type}`);
  }
  const texts = column.type === "dictionary" ? column.dictionary : column;
  let decoded = dictionaries.get(texts);
  if (decoded === undefined) {
    decoded = textsOf(texts);
    dictionaries.set(texts, decoded);
  }
  return decoded[column.type === "dictionary" ? column.codes[row]! : row]!;
}
