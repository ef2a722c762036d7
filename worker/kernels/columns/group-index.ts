// Numbers the different keys of rows. One key of small whole numbers takes an array, all others a table.

import type { Column } from "../../../proto/batch/column.ts";
import { denseKeysMax } from "../../../proto/limits.ts";
import { GroupTable } from "./group-table.ts";
import { keyRows } from "./key-rows.ts";
import { rangeOf, smallIntegers } from "./small-integers.ts";

/** Group + 1 of each key from `base` on. */
class DenseIndex {
  private directory = new Int32Array(0);
  private base = 0;
  private rowsSeen = 0;
  /** The key of each group. */
  private keys = new Int32Array(1024);
  count = 0;

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

  /** The same groups as a table. */
  asTable(): GroupTable {
    const table = new GroupTable();
    const values = this.keys.subarray(0, this.count);
    table.add(keyRows([numbersColumn(values)], values.length));
    return table;
  }
}

function numbersColumn(values: Int32Array): Column {
  const { length } = values;
  return { name: "key", type: "int32", length, nulls: "null", validity: undefined, values };
}

/** Keys that are equal get one number, nulls and NaN included; numbered in the order of their coming. */
export class GroupIndex {
  private dense: DenseIndex | undefined = new DenseIndex();
  private table: GroupTable | undefined;

  get size(): number {
    return this.table?.size ?? this.dense?.count ?? 0;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return (this.table?.bytes ?? 0) + (this.dense?.bytes ?? 0);
  }

  private tableOf(): GroupTable {
    this.table ??= this.dense === undefined ? new GroupTable() : this.dense.asTable();
    this.dense = undefined;
    return this.table;
  }

  /** The group of each of `rows` rows. */
  add(columns: readonly Column[], rows: number): Int32Array {
    if (this.dense !== undefined && columns.length === 1) {
      const values = smallIntegers(columns[0]!);
      const groups = values && this.dense.add(values);
      if (groups !== undefined) return groups;
    }
    return this.tableOf().add(keyRows(columns, rows));
  }

  /** The group of each row; -1 for keys that were never added. */
  find(columns: readonly Column[], rows: number): Int32Array {
    if (this.dense !== undefined && columns.length === 1) {
      const values = smallIntegers(columns[0]!);
      if (values !== undefined) return this.dense.find(values);
    }
    return this.tableOf().find(keyRows(columns, rows));
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
