// The kept side of a join by keys of any type: equal keys have one number, and each number its rows.

import type { Column } from "../../../proto/batch/column.ts";
import { isValid } from "../../../proto/batch/column.ts";
import { type GroupedRows, GroupIndex, groupRows } from "../../kernels/columns/group-index.ts";
import { DictionaryPartners } from "./dictionary-partners.ts";
import type { JoinTable } from "./join-table.ts";
import { type Pairs, RowsBuffer, singlePairs } from "./pairs.ts";

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

export class GroupsTable implements JoinTable {
  readonly order = undefined;
  private readonly index = new GroupIndex();
  private readonly rows: GroupedRows;
  private readonly isUnique: boolean;
  /** The first row of each group, after that of -1, which is none. */
  private readonly firstOf: Int32Array;
  /** Asks for each text of a dictionary once, and for all: else each batch would do so for those that it has. */
  private readonly ofDictionary = new DictionaryPartners(
    (texts) => this.firstsOfRows([texts], new Int32Array(texts.length)).firsts,
  );
  private readonly firsts = new RowsBuffer();
  private readonly probe = new RowsBuffer();

  constructor(keys: readonly Column[], rows: number) {
    const all = this.index.add(keys, rows);
    const { size } = this.index;
    this.rows = groupRows(withoutNullKeys(all, keys), size);
    this.isUnique = areUnique(this.rows, size);
    this.firstOf = firstRows(this.rows, size);
  }

  get bytes(): number {
    const { rows, starts } = this.rows;
    const own = 4 * (rows.length + starts.length + this.firstOf.length);
    return this.index.bytes + this.ofDictionary.bytes + own;
  }

  close(): void {
    this.index.close();
    this.ofDictionary.close();
  }

  firstsOf(keys: readonly Column[], rows: number): Int32Array {
    return this.foundFirsts(keys, rows).firsts;
  }

  private foundFirsts(keys: readonly Column[], rows: number) {
    const firsts = this.firsts.take(rows);
    const found = this.ofDictionary.find(keys, firsts);
    return found === undefined ? this.firstsOfRows(keys, firsts) : { firsts, found };
  }

  private firstsOfRows(keys: readonly Column[], firsts: Int32Array) {
    const groups = withoutNullKeys(this.index.find(keys, firsts.length), keys);
    const { firstOf } = this;
    let found = groups.length;
    for (let i = 0; i < groups.length; i++) {
      const first = firstOf[groups[i]! + 1]!;
      firsts[i] = first;
      found += first >> 31;
    }
    return { firsts, found };
  }

  onlyOf(keys: readonly Column[], rows: number): Int32Array | undefined {
    return this.isUnique ? this.firstsOf(keys, rows) : undefined;
  }

  pairsOf(keys: readonly Column[], rows: number): Pairs {
    if (!this.isUnique) return this.allPairs(withoutNullKeys(this.index.find(keys, rows), keys));
    const { firsts, found } = this.foundFirsts(keys, rows);
    return singlePairs(firsts, found, this.probe);
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

function firstRows({ starts, rows }: GroupedRows, groups: number): Int32Array {
  const firsts = new Int32Array(groups + 1).fill(-1);
  for (let group = 0; group < groups; group++) {
    const start = starts[group]!;
    if (start < starts[group + 1]!) firsts[group + 1] = rows[start]!;
  }
  return firsts;
}

/** Whether no key occurs twice. */
function areUnique({ starts }: GroupedRows, groups: number): boolean {
  for (let group = 0; group < groups; group++) {
    if (starts[group + 1]! - starts[group]! > 1) return false;
  }
  return true;
}
