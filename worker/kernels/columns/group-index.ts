// Numbers the different keys of rows. Small whole numbers take an array, texts a kernel, several columns a number of each
// or, where these are many and have many keys, a kernel for whole ones, and what is left a table of words.

import type { Column } from "../../../proto/batch/column.ts";
import { assert } from "../../../proto/errors.ts";
import { denseKeysMax } from "../../../proto/limits.ts";
import { GroupTable } from "./group-table.ts";
import { type KeyRows, keyRows } from "./key-rows.ts";
import { KeysIndex } from "./keys-index.ts";
import { PairTable } from "./pair-table.ts";
import { type CodedGroups, numbersOfRows } from "./row-groups.ts";
import { SmallIntegerTable } from "./small-integer-table.ts";
import { rangeOf, smallIntegers } from "./small-integers.ts";
import { giveBack, longerRoom, takeInts } from "./table-rooms.ts";
import { type Counting, type Numbered, TextIndex, type Texts } from "./text-index.ts";

/** Most tasks make an index that never gets a key: a buffer of its own would cost more than the rest of it. */
const noNumbers = new Int32Array(0);
const denseKeysMin = 1024;

/** Group + 1 of each key from `base` on. */
class DenseIndex {
  private directory: Int32Array = noNumbers;
  private base = 0;
  private rowsSeen = 0;
  /** The key of each group. */
  private keys: Int32Array = noNumbers;
  private count = 0;

  get size(): number {
    return this.count;
  }

  get bytes(): number {
    return 4 * (this.directory.length + this.keys.length);
  }

  /** False where the keys lie too far apart for an array, which stays as it is then. */
  private reach(values: Int32Array): boolean {
    const { min, max } = rangeOf(values);
    if (min > max) return true;
    const isEmpty = this.directory.length === 0;
    const base = isEmpty ? min : Math.min(this.base, min);
    const end = isEmpty ? max + 1 : Math.max(this.base + this.directory.length, max + 1);
    const length = end - base;
    if (base === this.base && length === this.directory.length) return true;
    if (length > denseKeysMax || length > 65_536 + 16 * this.rowsSeen) return false;
    // Grown with room to spare at the end: keys mostly rise.
    const room = isEmpty ? length : Math.min(denseKeysMax, length + (length >> 1));
    const directory = takeInts(Math.max(length, room));
    directory.set(this.directory, isEmpty ? 0 : this.base - base);
    giveBack(this.directory);
    this.directory = directory;
    this.base = base;
    return true;
  }

  /** Undefined where the values lie too far apart; some of them may be added then. */
  add(values: Int32Array): Int32Array | undefined {
    this.rowsSeen += values.length;
    let { directory, base } = this;
    let { length } = directory;
    const groups = new Int32Array(values.length);
    for (let i = 0; i < values.length; i++) {
      let at = values[i]! - base;
      if (at < 0 || at >= length) {
        // Looked through only where a value lies outside of what those before it needed.
        if (!this.reach(values)) return undefined;
        ({ directory, base } = this);
        ({ length } = directory);
        at = values[i]! - base;
      }
      let group = directory[at]!;
      if (group === 0) {
        group = this.addKey(values[i]!);
        directory[at] = group;
      }
      groups[i] = group - 1;
    }
    return groups;
  }

  find(values: Int32Array): Int32Array {
    const { directory, base } = this;
    const groups = new Int32Array(values.length);
    for (let i = 0; i < values.length; i++) {
      const at = values[i]! - base;
      groups[i] = at >= 0 && at < directory.length ? directory[at]! - 1 : -1;
    }
    return groups;
  }

  private addKey(key: number): number {
    if (this.count === this.keys.length) {
      const length = Math.max(denseKeysMin, 2 * this.keys.length);
      this.keys = longerRoom<Int32Array>(this.keys, length, Int32Array);
    }
    this.keys[this.count++] = key;
    return this.count;
  }

  /** The key of each group, until more are added. */
  get groupKeys(): Int32Array {
    return this.keys.subarray(0, this.count);
  }

  /** Not to be used after it. */
  close(): void {
    giveBack(this.directory);
    giveBack(this.keys);
  }
}

function numbersColumn(values: Int32Array): Column {
  const { length } = values;
  return { name: "key", type: "int32", length, nulls: "null", validity: undefined, values };
}

/** What makes one number of several. */
interface Combined {
  readonly size: number;
  readonly bytes: number;
}

/** Two by two, as numbers of pairs. */
class CombinedPairs implements Combined {
  private readonly columns: readonly GroupIndex[];
  private readonly pairs: readonly PairTable[];

  constructor(columns: readonly GroupIndex[]) {
    this.columns = columns;
    this.pairs = columns.slice(1).map(() => new PairTable());
  }

  get size(): number {
    return this.pairs.at(-1)!.size;
  }

  get bytes(): number {
    return this.pairs.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  add(columns: readonly CodedGroups[], rows: number): Int32Array {
    let left = { ...columns[0]!, count: this.columns[0]!.size };
    for (const [at, pairs] of this.pairs.entries()) {
      const right = { ...columns[at + 1]!, count: this.columns[at + 1]!.size };
      left = { numbers: pairs.add(rows, left, right), codes: undefined, count: pairs.size };
    }
    return left.numbers;
  }

  find([first, ...others]: readonly Int32Array[]): Int32Array {
    return others.reduce((groups, other, at) => this.pairs[at]!.find(groups, other), first!);
  }
}

/** As words of one key: a table of all of them is smaller than one for each but the first of many columns. */
class CombinedWords implements Combined {
  private readonly table = new GroupTable();

  get size(): number {
    return this.table.size;
  }

  get bytes(): number {
    return this.table.bytes;
  }

  add(columns: readonly CodedGroups[], rows: number): Int32Array {
    return this.table.add(wordsOf(columns.map((column) => numbersOfRows(column, rows))));
  }

  find(columns: readonly Int32Array[]): Int32Array {
    return this.table.find(wordsOf(columns));
  }
}

function wordsOf(columns: readonly Int32Array[]): KeyRows {
  const width = columns.length;
  const rows = columns[0]!.length;
  const words = new Int32Array(width * rows);
  for (const [at, numbers] of columns.entries()) {
    for (let row = 0, to = at; row < rows; row++, to += width) words[to] = numbers[row]!;
  }
  return { rows, words, starts: undefined, width };
}

/** Of more columns whole keys are numbered, unless these are few. */
const pairedColumnsMax = 4;
/** Of many columns each has an index where the first batch has fewer keys than this share of its rows. */
const fewKeysShare = 1 / 8;

/** Columns with an index that is faster than the words of their values: texts without a dictionary have none. */
const indexedTypes: ReadonlySet<Column["type"]> = new Set([
  ...["null", "bool", "int32", "int53", "int64", "float64", "date", "timestamp", "dictionary"],
] as const);

function areIndexed(columns: readonly Column[]): boolean {
  return columns.every(({ type }) => indexedTypes.has(type));
}

/** Numbers of a few columns, each with an index of its own, combined. */
class ColumnsIndex {
  private readonly columns: readonly GroupIndex[];
  private readonly combined: CombinedPairs | CombinedWords;

  constructor(columns: number) {
    this.columns = Array.from({ length: columns }, () => new GroupIndex());
    this.combined =
      columns > pairedColumnsMax ? new CombinedWords() : new CombinedPairs(this.columns);
  }

  get size(): number {
    return this.combined.size;
  }

  get bytes(): number {
    return this.columns.reduce((sum, { bytes }) => sum + bytes, this.combined.bytes);
  }

  add(columns: readonly Column[], rows: number): Int32Array {
    assert(columns.length === this.columns.length, `a key of ${columns.length} columns`);
    const numbered = columns.map((column, at) => this.columns[at]!.number([column], rows, "none"));
    return this.combined.add(numbered, rows);
  }

  find(columns: readonly Column[], rows: number): Int32Array {
    assert(columns.length === this.columns.length, `a key of ${columns.length} columns`);
    return this.combined.find(columns.map((column, at) => this.columns[at]!.find([column], rows)));
  }

  close(): void {
    for (const column of this.columns) column.close();
  }
}

/** What finds groups: the first that fits, and of one column a table of words when another kind of key comes. */
type Finder =
  | { readonly kind: "dense"; readonly index: DenseIndex }
  | { readonly kind: "small"; readonly index: SmallIntegerTable }
  | { readonly kind: "texts"; readonly index: TextIndex }
  | { readonly kind: "columns"; readonly index: ColumnsIndex }
  | { readonly kind: "keys"; readonly index: KeysIndex }
  | { readonly kind: "any"; readonly index: GroupTable };

function plainTexts(column: Column): Texts | undefined {
  const isText = column.type === "utf8" || column.type === "dictionary";
  return isText && column.validity === undefined ? column : undefined;
}

/** Keys that are equal get one number, nulls and NaN included; numbered in the order of their coming. */
export class GroupIndex {
  private finder: Finder = { kind: "dense", index: new DenseIndex() };
  /** Counts of groups of a finder that was given up. */
  private counted: Float64Array | undefined;

  get size(): number {
    return this.finder.index.size;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.finder.index.bytes;
  }

  /** Gives back what it holds, once it is not needed any more. */
  close(): void {
    const { kind, index } = this.finder;
    if (kind !== "any") index.close();
    this.finder = { kind: "dense", index: new DenseIndex() };
    this.counted = undefined;
  }

  /** How many rows of the first groups were counted; of the others none were. */
  counts(): Float64Array | undefined {
    const { kind, index } = this.finder;
    return kind === "texts" ? index.counts() : this.counted;
  }

  /** The keys of all groups so far, where there is one column. */
  private groupKeys(): Column {
    const { kind, index } = this.finder;
    assert(kind !== "any" && kind !== "columns" && kind !== "keys", `keys of ${kind}`);
    return kind === "texts" ? index.all() : numbersColumn(index.groupKeys);
  }

  private anyTable(): GroupTable {
    if (this.finder.kind === "any") return this.finder.index;
    const table = this.ownTable();
    const counted = this.counts();
    this.close();
    this.counted = counted;
    this.finder = { kind: "any", index: table };
    return table;
  }

  /** All groups so far. */
  private ownTable(): GroupTable {
    const { kind, index } = this.finder;
    if (kind === "keys") return index.asTable();
    const table = new GroupTable();
    if (this.size > 0) table.add(keyRows([this.groupKeys()], this.size));
    return table;
  }

  /** Undefined where the finder so far cannot hold texts, or holds no more of them. */
  private textIndex(): TextIndex | undefined {
    if (this.finder.kind === "texts") return this.finder.index;
    if (this.finder.kind !== "dense" || this.size > 0) return undefined;
    const index = TextIndex.open();
    if (index !== undefined) this.finder = { kind: "texts", index };
    return index;
  }

  /** Undefined where there is no index of several columns, or it holds no more keys. */
  private addSeveral(columns: readonly Column[], rows: number): Numbered | undefined {
    if (columns.length > 1 && this.finder.kind === "dense") this.openSeveral(columns.length);
    const { kind, index } = this.finder;
    if (kind === "columns") return onlyNumbers(index.add(columns, rows));
    if (kind !== "keys") return undefined;
    const isFirst = index.size === 0;
    const numbered = index.add(columns, rows);
    if (isFirst && numbered !== undefined) this.preferColumns(columns, rows);
    return numbered;
  }

  /** Where the rows that came so far have few keys, their columns have indexes that are faster. */
  private preferColumns(columns: readonly Column[], rows: number): void {
    if (this.size === 0 || this.size > rows * fewKeysShare || !areIndexed(columns)) return;
    const index = new ColumnsIndex(columns.length);
    // Numbers are by order of coming, so those of both are the same.
    index.add(columns, rows);
    this.close();
    this.finder = { kind: "columns", index };
  }

  private openSeveral(columns: number): void {
    if (columns <= pairedColumnsMax) {
      this.finder = { kind: "columns", index: new ColumnsIndex(columns) };
      return;
    }
    const index = KeysIndex.open(columns);
    if (index !== undefined) this.finder = { kind: "keys", index };
  }

  private addSmall(values: Int32Array): Int32Array | undefined {
    if (this.finder.kind === "dense") {
      const groups = this.finder.index.add(values);
      if (groups !== undefined) return groups;
      const index = new SmallIntegerTable();
      index.add(this.finder.index.groupKeys);
      this.finder.index.close();
      this.finder = { kind: "small", index };
    }
    return this.finder.kind === "small" ? this.finder.index.add(values) : undefined;
  }

  /** The group of each of `rows` rows. */
  add(columns: readonly Column[], rows: number): Int32Array {
    return numbersOfRows(this.number(columns, rows, "none"), rows);
  }

  /** As `add`, and counts the rows of each group where it is to, and that costs nothing. */
  number(columns: readonly Column[], rows: number, counts: Counting): Numbered {
    const [column] = columns;
    const several = this.addSeveral(columns, rows);
    if (several !== undefined) return several;
    if (this.finder.kind !== "any" && columns.length === 1 && rows > 0) {
      const texts = plainTexts(column!);
      if (texts !== undefined) {
        const numbered = this.textIndex()?.add(texts, counts);
        if (numbered !== undefined) return numbered;
      } else {
        const values = smallIntegers(column!);
        const groups = values && this.addSmall(values);
        if (groups !== undefined) return onlyNumbers(groups);
      }
    }
    return onlyNumbers(this.anyTable().add(keyRows(columns, rows)));
  }

  /** The group of each row; -1 for keys that were never added. */
  find(columns: readonly Column[], rows: number): Int32Array {
    const { finder } = this;
    const [column] = columns;
    if (finder.kind === "columns") return finder.index.find(columns, rows);
    if (finder.kind === "keys") {
      const groups = finder.index.find(columns, rows);
      if (groups !== undefined) return groups;
    }
    if (finder.kind === "texts") {
      const texts = plainTexts(column!);
      const groups = texts && finder.index.find(texts);
      if (groups !== undefined) return groups;
    } else if (finder.kind !== "any" && finder.kind !== "keys" && columns.length === 1) {
      const values = smallIntegers(column!);
      if (values !== undefined) return finder.index.find(values);
    }
    return this.anyTable().find(keyRows(columns, rows));
  }
}

function onlyNumbers(numbers: Int32Array): Numbered {
  return { numbers, codes: undefined, newRows: undefined, isCounted: false };
}

/** The rows that made the groups from `sizeBefore` on, in order. */
export function firstRows(groups: Int32Array, sizeBefore: number, sizeAfter: number): Int32Array {
  const rows = new Int32Array(sizeAfter - sizeBefore);
  let next = sizeBefore;
  for (let i = 0; next < sizeAfter; i++) {
    if (groups[i] === next) rows[next++ - sizeBefore] = i;
  }
  return rows;
}

/** Rows by group, in their order: those of group `g` are `rows` from `starts[g]` to `starts[g + 1]`. */
export interface GroupedRows {
  readonly starts: Int32Array;
  readonly rows: Int32Array;
}

/** A counting sort; rows of group -1 are left out. */
export function groupRows(groups: Int32Array, groupCount: number): GroupedRows {
  const starts = new Int32Array(groupCount + 1);
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!;
    if (group >= 0) starts[group + 1] = starts[group + 1]! + 1;
  }
  for (let g = 0; g < groupCount; g++) starts[g + 1] = starts[g + 1]! + starts[g]!;
  const next = starts.slice(0, groupCount);
  const rows = new Int32Array(starts[groupCount]!);
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!;
    if (group < 0) continue;
    rows[next[group]!] = i;
    next[group] = next[group]! + 1;
  }
  return { starts, rows };
}
