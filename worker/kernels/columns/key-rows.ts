// Keys of rows as words of 32 bits: equal keys have equal words, whatever types their columns have.

import {
  type Column,
  type DecimalColumn,
  type DictionaryColumn,
  decimalWords,
  isValid,
  type TextColumn,
} from "../../../proto/batch/column.ts";
import { readDecimal } from "../../../proto/batch/decimal.ts";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import { assert } from "../../../proto/errors.ts";
import { bitAt } from "./bits.ts";
import {
  decimalKey,
  digitsOfNumber,
  type KeyTag,
  type KeyValue,
  keyOfValue,
  keyTags,
  wordsOfBytes,
  writeBytes,
  writeNumber,
} from "./key-values.ts";
import { halvesOf, numberOfHalves } from "./words.ts";

/** Keys of some rows: for each row its tags, eight to a word, then the words of its values in order. */
export interface KeyRows {
  readonly rows: number;
  readonly words: Int32Array;
  /** The words of row `i` lie from `starts[i]` to `starts[i + 1]`; undefined where all have `width`. */
  readonly starts: Int32Array | undefined;
  readonly width: number;
}

export const tagBits = 4;
export const tagsPerWord = 8;

/** How the values of one column become words. */
type Plan =
  | { readonly kind: "nothing" }
  | { readonly kind: "fixed"; readonly column: Column }
  | { readonly kind: "text"; readonly column: TextColumn | DictionaryColumn }
  /** A value at a time: nested values, and decimals of many digits. */
  | { readonly kind: "each"; readonly column: Column; readonly values: readonly KeyValue[] };

function isShortDecimal(column: DecimalColumn): boolean {
  if (decimalWords(column.precision) === 2 || column.scale > 22) return false;
  if (column.scale === 0) return true;
  const halves = halvesOf(column.values);
  for (let i = 0; i < column.length; i++) {
    const whole = numberOfHalves(halves[2 * i]!, halves[2 * i + 1]!);
    if (whole >= digitsOfNumber || whole <= -digitsOfNumber) return false;
  }
  return true;
}

function eachValue(column: Column): readonly KeyValue[] {
  if (column.type !== "decimal") return columnValues(column).map(keyOfValue);
  const words = decimalWords(column.precision);
  return Array.from({ length: column.length }, (_, row) =>
    isValid(column, row)
      ? decimalKey(readDecimal(column.values, words, row), column.scale)
      : keyOfValue(null),
  );
}

function planOf(column: Column): Plan {
  switch (column.type) {
    case "null":
      return { kind: "nothing" };
    case "utf8":
    case "binary":
    case "dictionary":
      return { kind: "text", column };
    case "json":
    case "list":
    case "struct":
      return { kind: "each", column, values: eachValue(column) };
    case "decimal":
      if (isShortDecimal(column)) return { kind: "fixed", column };
      return { kind: "each", column, values: eachValue(column) };
    default:
      return { kind: "fixed", column };
  }
}

function isFixed(plan: Plan): boolean {
  if (plan.kind === "fixed") return plan.column.validity === undefined;
  return plan.kind === "nothing";
}

/** Adds the words that each row takes in one column. */
function addWords(plan: Plan, used: Int32Array): void {
  if (plan.kind === "nothing") return;
  const { validity } = plan.column;
  const rows = used.length;
  if (plan.kind === "each") {
    for (let i = 0; i < rows; i++) used[i] = used[i]! + plan.values[i]!.words.length;
    return;
  }
  const codes = plan.column.type === "dictionary" ? plan.column.codes : undefined;
  const offsets = plan.kind === "fixed" ? undefined : textOf(plan.column).offsets;
  for (let i = 0; i < rows; i++) {
    if (validity !== undefined && bitAt(validity, i) === 0) continue;
    if (offsets === undefined) {
      used[i] = used[i]! + 2;
      continue;
    }
    const at = codes === undefined ? i : codes[i]!;
    used[i] = used[i]! + wordsOfBytes(offsets[at + 1]! - offsets[at]!);
  }
}

function textOf(column: TextColumn | DictionaryColumn): TextColumn {
  return column.type === "dictionary" ? column.dictionary : column;
}

/** Writes values of columns behind one another, each with its tag. */
class Writer {
  readonly words: Int32Array;
  readonly starts: Int32Array | undefined;
  private readonly width: number;
  /** Where the next value of each row goes; undefined where all rows have one width. */
  private readonly cursor: Int32Array | undefined;
  private readonly sharedTags: Int32Array;
  private column = 0;
  private offset: number;

  constructor(rows: number, tagWords: number, width: number, used: Int32Array | undefined) {
    this.width = width;
    this.offset = tagWords;
    this.sharedTags = new Int32Array(tagWords);
    if (used === undefined) {
      this.words = new Int32Array(rows * width);
      return;
    }
    const starts = new Int32Array(rows + 1);
    const cursor = new Int32Array(rows);
    for (let i = 0; i < rows; i++) {
      cursor[i] = starts[i]! + tagWords;
      starts[i + 1] = starts[i]! + used[i]!;
    }
    this.starts = starts;
    this.cursor = cursor;
    this.words = new Int32Array(starts[rows]!);
  }

  add(plan: Plan): void {
    switch (plan.kind) {
      case "nothing":
        break;
      case "fixed":
        this.addFixed(plan.column);
        this.offset += 2;
        break;
      case "text":
        this.addText(plan.column);
        break;
      default:
        this.addEach(plan.values);
    }
    this.column++;
  }

  private setTag(row: number, tag: KeyTag): void {
    const start = this.starts === undefined ? row * this.width : this.starts[row]!;
    const at = start + Math.floor(this.column / tagsPerWord);
    this.words[at] = this.words[at]! | (tag << ((this.column % tagsPerWord) * tagBits));
  }

  private setTags(validity: Uint8Array | undefined, rows: number, tag: KeyTag): void {
    if (validity === undefined) {
      // One word for all rows and columns, written once at the end.
      const at = Math.floor(this.column / tagsPerWord);
      this.sharedTags[at] = this.sharedTags[at]! | (tag << ((this.column % tagsPerWord) * tagBits));
      return;
    }
    for (let i = 0; i < rows; i++) if (bitAt(validity, i) === 1) this.setTag(i, tag);
  }

  /** Writes the tags that all rows have; the last thing to do. */
  finish(rows: number): void {
    const { words, starts, width } = this;
    for (const [at, tags] of this.sharedTags.entries()) {
      if (tags === 0) continue;
      for (let i = 0; i < rows; i++) {
        const to = (starts === undefined ? i * width : starts[i]!) + at;
        words[to] = words[to]! | tags;
      }
    }
  }

  /** Where two words of a row go; -1 for an invalid one. */
  private places(validity: Uint8Array | undefined, rows: number): Int32Array {
    const { cursor, width, offset } = this;
    const out = new Int32Array(rows);
    if (cursor === undefined) {
      for (let i = 0; i < rows; i++) out[i] = i * width + offset;
      return out;
    }
    for (let i = 0; i < rows; i++) {
      if (validity !== undefined && bitAt(validity, i) === 0) {
        out[i] = -1;
        continue;
      }
      out[i] = cursor[i]!;
      cursor[i] = cursor[i]! + 2;
    }
    return out;
  }

  private addFixed(column: Column): void {
    const { validity, length } = column;
    const places = this.places(validity, length);
    switch (column.type) {
      case "float64":
        return this.addNumbers(column.values, places, 1);
      case "int32":
        this.addInt32(column.values, places);
        return this.setTags(validity, length, keyTags.whole);
      case "date":
        this.addDays(column.values, places);
        return this.setTags(validity, length, keyTags.moment);
      case "int53":
      case "int64":
        this.addHalves(column.values, places);
        return this.setTags(validity, length, keyTags.whole);
      case "timestamp":
        this.addHalves(column.values, places);
        return this.setTags(validity, length, keyTags.moment);
      case "bool":
        for (let i = 0; i < length; i++) {
          if (places[i]! >= 0) this.words[places[i]!] = bitAt(column.values, i);
        }
        return this.setTags(validity, length, keyTags.bool);
      default: {
        assert(column.type === "decimal", `a key of fixed width of type ${column.type}`);
        if (column.scale > 0) {
          return this.addNumbers(this.wholes(column), places, Number(10n ** BigInt(column.scale)));
        }
        this.addHalves(column.values, places);
        return this.setTags(validity, length, keyTags.whole);
      }
    }
  }

  private wholes({ values, length }: DecimalColumn): Float64Array {
    const halves = halvesOf(values);
    const out = new Float64Array(length);
    for (let i = 0; i < length; i++) {
      out[i] = numberOfHalves(halves[2 * i]!, halves[2 * i + 1]!);
    }
    return out;
  }

  private addNumbers(values: Float64Array, places: Int32Array, divisor: number): void {
    for (let i = 0; i < places.length; i++) {
      const at = places[i]!;
      if (at >= 0) this.setTag(i, writeNumber(this.words, at, values[i]! / divisor));
    }
  }

  private addInt32(values: Int32Array, places: Int32Array): void {
    const { words } = this;
    for (let i = 0; i < places.length; i++) {
      const at = places[i]!;
      if (at < 0) continue;
      const value = values[i]!;
      words[at] = value;
      words[at + 1] = value >> 31;
    }
  }

  private addHalves(values: BigInt64Array, places: Int32Array): void {
    const { words } = this;
    const halves = halvesOf(values);
    for (let i = 0; i < places.length; i++) {
      const at = places[i]!;
      if (at < 0) continue;
      words[at] = halves[2 * i]!;
      words[at + 1] = halves[2 * i + 1]!;
    }
  }

  /** Midnight of each day in microseconds, as timestamps have them. */
  private addDays(values: Int32Array, places: Int32Array): void {
    for (let i = 0; i < places.length; i++) {
      const at = places[i]!;
      if (at < 0) continue;
      const days = values[i]!;
      // Exact as a float64 for some hundred years; beyond that by the slow way.
      if (days > -100_000 && days < 100_000) writeNumber(this.words, at, days * 86_400_000_000);
      else this.words.set(halvesOf(BigInt64Array.of(BigInt(days) * 86_400_000_000n)), at);
    }
  }

  private addText(column: TextColumn | DictionaryColumn): void {
    const { words, cursor } = this;
    const { validity, length } = column;
    const codes = column.type === "dictionary" ? column.codes : undefined;
    const { offsets, values } = textOf(column);
    for (let i = 0; i < length; i++) {
      if (validity !== undefined && bitAt(validity, i) === 0) continue;
      const row = codes === undefined ? i : codes[i]!;
      const start = offsets[row]!;
      const end = offsets[row + 1]!;
      const at = cursor![i]!;
      writeBytes(words, at, values, start, end);
      cursor![i] = at + wordsOfBytes(end - start);
    }
    this.setTags(validity, length, column.type === "binary" ? keyTags.binary : keyTags.text);
  }

  private addEach(values: readonly KeyValue[]): void {
    const cursor = this.cursor!;
    for (let i = 0; i < values.length; i++) {
      const { tag, words } = values[i]!;
      this.words.set(words, cursor[i]!);
      cursor[i] = cursor[i]! + words.length;
      this.setTag(i, tag);
    }
  }
}

/** Words of tags that keys of so many columns need. */
export function tagWordsOf(columns: number): number {
  return Math.ceil(columns / tagsPerWord);
}

/** `rows` is needed where there are no columns: all rows have then the same key. */
export function keyRows(
  columns: readonly Column[],
  rows: number,
  tagWords = tagWordsOf(columns.length),
): KeyRows {
  const plans = columns.map(planOf);
  const isOneWidth = plans.every(isFixed);
  const fixedWords = 2 * plans.filter((plan) => plan.kind === "fixed").length;
  const width = isOneWidth ? tagWords + fixedWords : 0;
  let used: Int32Array | undefined;
  if (!isOneWidth) {
    used = new Int32Array(rows).fill(tagWords);
    for (const plan of plans) addWords(plan, used);
  }
  const writer = new Writer(rows, tagWords, width, used);
  for (const plan of plans) writer.add(plan);
  writer.finish(rows);
  return { rows, words: writer.words, starts: writer.starts, width };
}

/** 1 for each row that has a null among its keys, of which there are `columns`; undefined where none has. */
export function nullKeys(keys: KeyRows, columns: number): Uint8Array | undefined {
  const { rows, words, starts, width } = keys;
  let out: Uint8Array | undefined;
  for (let i = 0; i < rows; i++) {
    const start = starts === undefined ? i * width : starts[i]!;
    for (let column = 0; column < columns; column++) {
      const tags = words[start + Math.floor(column / tagsPerWord)]!;
      if (((tags >>> ((column % tagsPerWord) * tagBits)) & 15) !== keyTags.null) continue;
      out ??= new Uint8Array(rows);
      out[i] = 1;
      break;
    }
  }
  return out;
}

/** One word more of a key: a step of MurmurHash3. */
export function absorbWord(hash: number, next: number): number {
  let word = Math.imul(next, 0xcc9e2d51);
  word = Math.imul((word << 15) | (word >>> 17), 0x1b873593);
  const mixed = hash ^ word;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

/** Its end, after so many words. */
export function finishHash(sum: number, words: number): number {
  const hash = sum ^ words;
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/**
 * A hash of 32 bits for each row (MurmurHash3 over its words, then its finalizer). The same on every
 * machine for ever, since it decides partitions; another `seed` makes an independent one.
 */
export function hashKeyRows(keys: KeyRows, seed = 0): Int32Array {
  const { rows, words, starts, width } = keys;
  const out = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    const start = starts === undefined ? i * width : starts[i]!;
    const end = starts === undefined ? start + width : starts[i + 1]!;
    let hash = seed;
    for (let at = start; at < end; at++) hash = absorbWord(hash, words[at]!);
    out[i] = finishHash(hash, end - start);
  }
  return out;
}
