// The kept side of a join: its rows by key, found by the keys of other rows without an object for a row.

import type { Column } from "../../proto/batch/column.ts";
import { isValid } from "../../proto/batch/column.ts";
import { type GroupedRows, GroupIndex, groupRows } from "../kernels/columns/group-index.ts";

/** Groups of rows with a null among their keys: they equal nothing. */
export function withoutNullKeys(groups: Int32Array, keys: readonly Column[]): Int32Array {
  const nullable = keys.filter(({ validity, type }) => validity !== undefined || type === "null");
  const json = keys.filter(({ type }) => type === "json");
  if (nullable.length === 0 && json.length === 0) return groups;
  const out = groups.slice();
  for (const key of nullable) {
    for (let i = 0; i < out.length; i++) if (!isValid(key, i)) out[i] = -1;
  }
  for (const key of json) markJsonNulls(key, out);
  return out;
}

const nullText = [0x6e, 0x75, 0x6c, 0x6c];

/** A null of tagged JSON is a value of its own. */
function markJsonNulls(key: Column, groups: Int32Array): void {
  if (key.type !== "json") return;
  const { offsets, values } = key;
  for (let i = 0; i < groups.length; i++) {
    const start = offsets[i]!;
    if (offsets[i + 1]! - start !== 4) continue;
    if (nullText.every((byte, at) => values[start + at] === byte)) groups[i] = -1;
  }
}

export interface Pairs {
  /** Rows of the batch and rows of the kept side that have equal keys, in the order of the former. */
  readonly probe: Int32Array;
  readonly kept: Int32Array;
}

export class JoinTable {
  private readonly index = new GroupIndex();
  private readonly rows: GroupedRows;
  /** Whether no key occurs twice: a row then has at most one partner. */
  private readonly isUnique: boolean;

  constructor(keys: readonly Column[], rows: number) {
    const groups = withoutNullKeys(this.index.add(keys, rows), keys);
    this.rows = groupRows(groups, this.index.size);
    this.isUnique = this.rows.rows.length <= this.index.size && this.hasShortRuns();
  }

  private hasShortRuns(): boolean {
    const { starts } = this.rows;
    for (let g = 0; g + 1 < starts.length; g++) if (starts[g + 1]! - starts[g]! > 1) return false;
    return true;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.index.bytes + 4 * (this.rows.rows.length + this.rows.starts.length);
  }

  pairsOf(keys: readonly Column[], rows: number): Pairs {
    const groups = withoutNullKeys(this.index.find(keys, rows), keys);
    return this.isUnique ? this.singlePairs(groups) : this.allPairs(groups);
  }

  private singlePairs(groups: Int32Array): Pairs {
    const { starts, rows } = this.rows;
    const probe = new Int32Array(groups.length);
    const kept = new Int32Array(groups.length);
    let count = 0;
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i]!;
      if (group < 0) continue;
      const at = starts[group]!;
      if (at === starts[group + 1]) continue;
      probe[count] = i;
      kept[count++] = rows[at]!;
    }
    return { probe: probe.subarray(0, count), kept: kept.subarray(0, count) };
  }

  private allPairs(groups: Int32Array): Pairs {
    const { starts, rows } = this.rows;
    let count = 0;
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i]!;
      if (group >= 0) count += starts[group + 1]! - starts[group]!;
    }
    const probe = new Int32Array(count);
    const kept = new Int32Array(count);
    let at = 0;
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i]!;
      if (group < 0) continue;
      for (let row = starts[group]!; row < starts[group + 1]!; row++) {
        probe[at] = i;
        kept[at++] = rows[row]!;
      }
    }
    return { probe, kept };
  }
}

/** Every row of the batch with every kept row. */
export function crossPairs(rows: number, keptRows: number): Pairs {
  const probe = new Int32Array(rows * keptRows);
  const kept = new Int32Array(rows * keptRows);
  for (let i = 0, at = 0; i < rows; i++) {
    for (let row = 0; row < keptRows; row++) {
      probe[at] = i;
      kept[at++] = row;
    }
  }
  return { probe, kept };
}
