// Numbers the different keys of rows. One key of small whole numbers takes an array, all others a table.

import type { Column } from "../../../proto/batch/column.ts";
import { denseKeysMax } from "../../../proto/limits.ts";
import { GroupTable } from "./group-table.ts";
import { keyRows } from "./key-rows.ts";
import { SmallIntegerTable } from "./small-integer-table.ts";
import { rangeOf, smallIntegers } from "./small-integers.ts";

/** Group + 1 of each key from `base` on. */
class DenseIndex {
  private directory = new Int32Array(0);
  private base = 0;
  private rowsSeen = 0;
  /** The key of each group. */
  private keys = new Int32Array(1024);
  private count = 0;

  get size(): number {
    return this.count;
  }

  get bytes(): number {
    return 4 * (this.directory.length + this.keys.length);
  }

  /** False where the keys lie too far apart for an array; nothing was changed then. */
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
    const directory = new Int32Array(Math.max(length, room));
    directory.set(this.directory, isEmpty ? 0 : this.base - base);
    this.directory = directory;
    this.base = base;
    return true;
  }

  /** Undefined where the values lie too far apart. */
  add(values: Int32Array): Int32Array | undefined {
    this.rowsSeen += values.length;
    if (!this.reach(values)) return undefined;
    const { directory, base } = this;
    const groups = new Int32Array(values.length);
    for (let i = 0; i < values.length; i++) {
      const at = values[i]! - base;
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
      const keys = new Int32Array(2 * this.keys.length);
      keys.set(this.keys);
      this.keys = keys;
    }
    this.keys[this.count++] = key;
    return this.count;
  }

  /** The key of each group. */
  get groupKeys(): Int32Array {
    return this.keys.subarray(0, this.count);
  }
}

function numbersColumn(values: Int32Array): Column {
  const { length } = values;
  return { name: "key", type: "int32", length, nulls: "null", validity: undefined, values };
}

/** What finds groups: an array while it can, then a table of whole numbers, then one of keys of any kind. */
type Finder =
  | { readonly kind: "dense"; readonly index: DenseIndex }
  | { readonly kind: "small"; readonly index: SmallIntegerTable }
  | { readonly kind: "any"; readonly index: GroupTable };

/** Keys that are equal get one number, nulls and NaN included; numbered in the order of their coming. */
export class GroupIndex {
  private finder: Finder = { kind: "dense", index: new DenseIndex() };

  get size(): number {
    return this.finder.index.size;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.finder.index.bytes;
  }

  private anyTable(): GroupTable {
    if (this.finder.kind === "any") return this.finder.index;
    const table = new GroupTable();
    const values = this.finder.index.groupKeys;
    if (values.length > 0) table.add(keyRows([numbersColumn(values)], values.length));
    this.finder = { kind: "any", index: table };
    return table;
  }

  private addSmall(values: Int32Array): Int32Array | undefined {
    if (this.finder.kind === "dense") {
      const groups = this.finder.index.add(values);
      if (groups !== undefined) return groups;
      const index = new SmallIntegerTable();
      index.add(this.finder.index.groupKeys);
      this.finder = { kind: "small", index };
    }
    return this.finder.kind === "small" ? this.finder.index.add(values) : undefined;
  }

  /** The group of each of `rows` rows. */
  add(columns: readonly Column[], rows: number): Int32Array {
    if (this.finder.kind !== "any" && columns.length === 1) {
      const values = smallIntegers(columns[0]!);
      const groups = values && this.addSmall(values);
      if (groups !== undefined) return groups;
    }
    return this.anyTable().add(keyRows(columns, rows));
  }

  /** The group of each row; -1 for keys that were never added. */
  find(columns: readonly Column[], rows: number): Int32Array {
    if (this.finder.kind !== "any" && columns.length === 1) {
      const values = smallIntegers(columns[0]!);
      if (values !== undefined) return this.finder.index.find(values);
    }
    return this.anyTable().find(keyRows(columns, rows));
  }
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
