// Hashes of keys straight from their columns, where no word of a key depends on the row but its values.

import type {
  Column,
  DictionaryColumn,
  IntegerColumn,
  TextColumn,
} from "../../../proto/batch/column.ts";
import { bitAt } from "./bits.ts";
import { copyOfInts, withDivideKernel } from "./divide-kernel.ts";
import {
  absorbWord,
  finishHash,
  hashKeyRows,
  keyRows,
  tagBits,
  tagsPerWord,
  tagWordsOf,
} from "./key-rows.ts";
import { type KeyTag, keyTags } from "./key-values.ts";
import { halvesOf, twoTo32 } from "./words.ts";

/** Undefined where a tag depends on the value: a null has another one, a number may be whole or not. */
function tagOf(column: Column): KeyTag | undefined {
  if (column.validity !== undefined) return undefined;
  switch (column.type) {
    case "int32":
    case "int53":
    case "int64":
      return keyTags.whole;
    case "date":
    case "timestamp":
      return keyTags.moment;
    case "bool":
      return keyTags.bool;
    case "utf8":
    case "dictionary":
      return keyTags.text;
    case "binary":
      return keyTags.binary;
    default:
      return undefined;
  }
}

/** The tags of a key, which come before its values; undefined where they are not those of every row. */
function sharedTags(columns: readonly Column[]): Int32Array | undefined {
  const words = new Int32Array(tagWordsOf(columns.length));
  for (const [at, column] of columns.entries()) {
    const tag = tagOf(column);
    if (tag === undefined) return undefined;
    const word = Math.floor(at / tagsPerWord);
    words[word] = words[word]! | (tag << ((at % tagsPerWord) * tagBits));
  }
  return words;
}

/** Texts take the number of their bytes, then these, four to a word. */
function absorbText(hash: number, bytes: DataView, start: number, end: number): number {
  let sum = absorbWord(hash, end - start);
  let from = start;
  for (; from + 4 <= end; from += 4) sum = absorbWord(sum, bytes.getInt32(from, true));
  if (from === end) return sum;
  let word = 0;
  for (let shift = 0; from < end; from++, shift += 8) word |= bytes.getUint8(from) << shift;
  return absorbWord(sum, word);
}

function absorbTexts(column: TextColumn | DictionaryColumn, hashes: Int32Array, used: Int32Array) {
  const codes = column.type === "dictionary" ? column.codes : undefined;
  const { offsets, values } = column.type === "dictionary" ? column.dictionary : column;
  const bytes = new DataView(values.buffer, values.byteOffset, values.byteLength);
  for (let i = 0; i < hashes.length; i++) {
    const row = codes === undefined ? i : codes[i]!;
    const start = offsets[row]!;
    const end = offsets[row + 1]!;
    hashes[i] = absorbText(hashes[i]!, bytes, start, end);
    used[i] = used[i]! + 1 + ((end - start + 3) >> 2);
  }
}

function absorbNumbers(column: Column, hashes: Int32Array): void {
  switch (column.type) {
    case "int32": {
      const { values } = column;
      for (let i = 0; i < hashes.length; i++) {
        const value = values[i]!;
        hashes[i] = absorbWord(absorbWord(hashes[i]!, value), value >> 31);
      }
      return;
    }
    case "date": {
      const { values } = column;
      for (let i = 0; i < hashes.length; i++) {
        // Two factors whose products are exact: the lower half of the microseconds, and the upper one.
        const days = values[i]!;
        const low = Math.imul(days, microsecondsPerDay | 0);
        const high = Math.floor((days * microsecondsPerDay) / twoTo32) | 0;
        hashes[i] = absorbWord(absorbWord(hashes[i]!, low), high);
      }
      return;
    }
    case "bool":
      for (let i = 0; i < hashes.length; i++) {
        hashes[i] = absorbWord(absorbWord(hashes[i]!, bitAt(column.values, i)), 0);
      }
      return;
    default: {
      const halves = halvesOf((column as IntegerColumn).values);
      for (let i = 0; i < hashes.length; i++) {
        hashes[i] = absorbWord(absorbWord(hashes[i]!, halves[2 * i]!), halves[2 * i + 1]!);
      }
    }
  }
}

const microsecondsPerDay = 86_400_000_000;
/** Beyond it the product with a day's microseconds is not exact as a float64. */
const daysExactMax = 100_000;

function areDaysExact(column: Column): boolean {
  if (column.type !== "date") return true;
  const { values } = column;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! > daysExactMax || values[i]! < -daysExactMax) return false;
  }
  return true;
}

/** Fewer rows are not worth a call of the kernel. */
const kernelRowsMin = 512;

/**
 * Of one column of whole numbers or texts, by the kernel: keys begin with the hash `first` of `tagWords` words.
 * Undefined for other columns, for few rows, and where the kernel has no memory for them.
 */
function hashByKernel(column: Column, first: number, tagWords: number): Int32Array | undefined {
  const { length } = column;
  if (length < kernelRowsMin) return undefined;
  switch (column.type) {
    case "int32":
      return withDivideKernel([4 * length, 4 * length], (kernel, [from, to]) => {
        const values = column.values.subarray(0, length);
        new Int32Array(kernel.memory.buffer, from, length).set(values);
        kernel.hashInts(from!, length, first, tagWords + 2, to!);
        return copyOfInts(kernel, to!, length);
      });
    case "int53":
    case "int64":
    case "timestamp":
      return withDivideKernel([8 * length, 4 * length], (kernel, [from, to]) => {
        const values = column.values.subarray(0, length);
        new BigInt64Array(kernel.memory.buffer, from, length).set(values);
        kernel.hashLongs(from!, length, first, tagWords + 2, to!);
        return copyOfInts(kernel, to!, length);
      });
    case "utf8":
    case "binary":
      return hashTexts(column, first, tagWords);
    case "dictionary":
      return hashCodes(column, first, tagWords);
    default:
      return undefined;
  }
}

function hashTexts(column: TextColumn, first: number, tagWords: number): Int32Array | undefined {
  const { offsets, values, length } = column;
  const start = offsets[0]!;
  const end = offsets[length]!;
  const lengths = [end - start, 4 * (length + 1), 4 * length];
  return withDivideKernel(lengths, (kernel, [from, offsetsAt, to]) => {
    const { buffer } = kernel.memory;
    new Uint8Array(buffer, from, end - start).set(values.subarray(start, end));
    new Int32Array(buffer, offsetsAt, length + 1).set(offsets.subarray(0, length + 1));
    // Offsets stay those of the column: the address of its first byte lies as far before its bytes.
    kernel.hashTexts(from! - start, offsetsAt!, length, first, tagWords, to!);
    return copyOfInts(kernel, to!, length);
  });
}

/** Of each text of a dictionary once, where it has no more of them than there are rows. */
function hashCodes(
  { codes, dictionary, length }: DictionaryColumn,
  first: number,
  tagWords: number,
): Int32Array | undefined {
  if (dictionary.length === 0 || dictionary.length > length) return undefined;
  const ofTexts = hashTexts(dictionary, first, tagWords);
  if (ofTexts === undefined) return undefined;
  const hashes = new Int32Array(length);
  for (let i = 0; i < length; i++) hashes[i] = ofTexts[codes[i]!]!;
  return hashes;
}

/** Of whole numbers without it, in one pass; undefined for other columns. */
function hashWholes(column: Column, first: number, words: number): Int32Array | undefined {
  const out = new Int32Array(column.length);
  switch (column.type) {
    case "int32": {
      const { values } = column;
      for (let i = 0; i < out.length; i++) {
        const value = values[i]!;
        out[i] = finishHash(absorbWord(absorbWord(first, value), value >> 31), words);
      }
      return out;
    }
    case "int53":
    case "int64":
    case "timestamp": {
      const halves = halvesOf(column.values);
      for (let i = 0; i < out.length; i++) {
        const sum = absorbWord(absorbWord(first, halves[2 * i]!), halves[2 * i + 1]!);
        out[i] = finishHash(sum, words);
      }
      return out;
    }
    default:
      return undefined;
  }
}

/** The hashes that `hashKeyRows` makes of the same keys. */
export function hashKeys(columns: readonly Column[], rows: number, seed = 0): Int32Array {
  const tags = sharedTags(columns);
  if (tags === undefined || !columns.every(areDaysExact)) {
    return hashKeyRows(keyRows(columns, rows), seed);
  }
  let first = seed;
  for (const word of tags) first = absorbWord(first, word);
  if (columns.length === 1) {
    const [column] = columns;
    const whole =
      hashByKernel(column!, first, tags.length) ?? hashWholes(column!, first, tags.length + 2);
    if (whole !== undefined) return whole;
  }
  const hashes = new Int32Array(rows).fill(first);
  let words = tags.length;
  let used: Int32Array | undefined;
  for (const column of columns) {
    if (column.type === "utf8" || column.type === "binary" || column.type === "dictionary") {
      used ??= new Int32Array(rows);
      absorbTexts(column, hashes, used);
    } else {
      absorbNumbers(column, hashes);
      words += 2;
    }
  }
  for (let i = 0; i < rows; i++) {
    hashes[i] = finishHash(hashes[i]!, words + (used === undefined ? 0 : used[i]!));
  }
  return hashes;
}
