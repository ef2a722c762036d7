// The kept side of a join: its rows by key, found by the keys of other rows without an object for a row.

import type { Column } from "../../../proto/batch/column.ts";
import { isValid } from "../../../proto/batch/column.ts";
import { unreachable } from "../../../proto/errors.ts";
import {
  type DirectKeys,
  directKeys,
  rowsInOrder,
  rowsOfKeys,
} from "../../kernels/columns/direct-keys.ts";
import { allRows, gather } from "../../kernels/columns/gather.ts";
import { type GroupedRows, GroupIndex, groupRows } from "../../kernels/columns/group-index.ts";
import { smallIntegers } from "../../kernels/columns/small-integers.ts";

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

/** How the rows of a group are found. */
type Partners =
  /** Row g is the only one of group g: groups are numbered in the order of their first rows. */
  | { readonly kind: "same" }
  /** No key occurs twice; -1 for the group of nulls. */
  | { readonly kind: "single"; readonly rowOfGroup: Int32Array }
  | { readonly kind: "many" };

function partnersOf({ starts, rows }: GroupedRows, groups: number, allRows: number): Partners {
  if (groups === allRows) return { kind: "same" };
  const rowOfGroup = new Int32Array(groups).fill(-1);
  for (let group = 0; group < groups; group++) {
    const count = starts[group + 1]! - starts[group]!;
    if (count > 1) return { kind: "many" };
    if (count === 1) rowOfGroup[group] = rows[starts[group]!]!;
  }
  return { kind: "single", rowOfGroup };
}

/** Each row with its one partner; that of a group without one is -1, and a group is its own row by default. */
function singlePairs(groups: Int32Array, rowOfGroup: Int32Array | undefined): Pairs {
  const probe = new Int32Array(groups.length);
  const kept = new Int32Array(groups.length);
  let count = 0;
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!;
    if (group < 0) continue;
    const row = rowOfGroup === undefined ? group : rowOfGroup[group]!;
    if (row < 0) continue;
    probe[count] = i;
    kept[count++] = row;
  }
  return { probe: probe.subarray(0, count), kept: kept.subarray(0, count) };
}

/** What answers the partners of keys. */
export interface JoinTable {
  /** Memory held, in bytes. */
  readonly bytes: number;
  /** Kept rows in the order in which the table numbers them; undefined where it is their own. */
  readonly order: Int32Array | undefined;
  pairsOf(keys: readonly Column[], rows: number): Pairs;
  close(): void;
}

/** One small whole number that no two kept rows share. */
class DirectTable implements JoinTable {
  readonly order: Int32Array | undefined;
  private readonly direct: DirectKeys;
  private readonly key: Column;
  private others: GroupsTable | undefined;

  constructor(direct: DirectKeys, key: Column, mayReorder: boolean) {
    this.direct = direct;
    this.order = mayReorder && direct.isFull ? direct.places.map((place) => place - 1) : undefined;
    this.key = this.order === undefined ? key : gather(key, this.order);
  }

  get bytes(): number {
    const copies = this.order === undefined ? 1 : 2;
    return 4 * this.direct.places.length * copies + (this.others?.bytes ?? 0);
  }

  pairsOf(keys: readonly Column[], rows: number): Pairs {
    const values = smallIntegers(keys[0]!);
    if (values === undefined) {
      // Fractions, nulls, decimals: some may be equal all the same.
      this.others ??= new GroupsTable([this.key], this.key.length);
      return this.others.pairsOf(keys, rows);
    }
    const find = this.order === undefined ? rowsOfKeys : rowsInOrder;
    const kept = find(this.direct, values);
    return kept.includes(-1) ? singlePairs(kept, undefined) : { probe: allRows(rows), kept };
  }

  close(): void {
    this.others?.close();
  }
}

/** The table for keys of kept rows; with `mayReorder` it may ask for them in another order. */
export function joinTable(keys: readonly Column[], rows: number, mayReorder: boolean): JoinTable {
  const numbers = keys.length === 1 ? smallIntegers(keys[0]!) : undefined;
  const direct = numbers && directKeys(numbers);
  if (direct === undefined) return new GroupsTable(keys, rows);
  return new DirectTable(direct, keys[0]!, mayReorder);
}

class GroupsTable implements JoinTable {
  readonly order = undefined;
  private readonly index = new GroupIndex();
  private readonly rows: GroupedRows;
  private readonly partners: Partners;

  constructor(keys: readonly Column[], rows: number) {
    const all = this.index.add(keys, rows);
    this.rows = groupRows(withoutNullKeys(all, keys), this.index.size);
    this.partners = partnersOf(this.rows, this.index.size, rows);
  }

  get bytes(): number {
    return this.index.bytes + 4 * (this.rows.rows.length + this.rows.starts.length);
  }

  close(): void {
    this.index.close();
  }

  pairsOf(keys: readonly Column[], rows: number): Pairs {
    const groups = withoutNullKeys(this.index.find(keys, rows), keys);
    switch (this.partners.kind) {
      case "same":
        return singlePairs(groups, undefined);
      case "single":
        return singlePairs(groups, this.partners.rowOfGroup);
      case "many":
        return this.allPairs(groups);
      default:
        return unreachable(this.partners);
    }
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
