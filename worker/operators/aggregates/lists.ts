// Values of groups kept in order: collectList, and the different values of aggregates over them.

import type { Column, ListColumn } from "../../../proto/batch/column.ts";
import { isValid } from "../../../proto/batch/column.ts";
import { assert } from "../../../proto/errors.ts";
import { concat } from "../../kernels/columns/concat.ts";
import { gather } from "../../kernels/columns/gather.ts";
import { groupRows } from "../../kernels/columns/group-index.ts";
import { columnBytes } from "../../memory/batch-bytes.ts";
import type { Accumulator } from "./accumulator.ts";

/** Values with their groups, in the order they came. */
export class GroupedValues {
  private values: Column[] = [];
  private groups: Int32Array[] = [];
  /** Memory held, in bytes. */
  bytes = 0;

  add(column: Column, groups: Int32Array): void {
    if (groups.length === 0 || column.type === "null") return;
    this.bytes += columnBytes(column) + groups.byteLength;
    this.values.push(column);
    this.groups.push(groups);
  }

  /** All of them in one piece; none are left. */
  take(): { readonly values: Column; readonly groups: Int32Array } {
    let rows = 0;
    for (const part of this.groups) rows += part.length;
    const groups = new Int32Array(rows);
    let at = 0;
    for (const part of this.groups) {
      groups.set(part, at);
      at += part.length;
    }
    const values = concat("item", this.values);
    this.values = [];
    this.groups = [];
    this.bytes = 0;
    return { values, groups };
  }

  /** A list for each group, empty where it has no values. */
  lists(groupCount: number): ListColumn {
    const { bytes } = this;
    const { values, groups } = this.take();
    this.values = [values];
    this.groups = [groups];
    this.bytes = bytes;
    const { starts, rows: order } = groupRows(groups, groupCount);
    return {
      ...{ name: "", type: "list", length: groupCount, nulls: "null", validity: undefined },
      ...{ offsets: starts, item: gather(values, order) },
    } as ListColumn;
  }
}

/** The items of lists with the group of each. */
export function itemsOf(
  column: Column | undefined,
  groups: Int32Array,
): { readonly items: Column; readonly groups: Int32Array } {
  assert(column?.type === "list", `a state of values is ${column?.type}, not a list`);
  const { offsets } = column;
  let count = 0;
  for (let i = 0; i < groups.length; i++) {
    if (isValid(column, i)) count += offsets[i + 1]! - offsets[i]!;
  }
  const rows = new Int32Array(count);
  const out = new Int32Array(count);
  let at = 0;
  for (let i = 0; i < groups.length; i++) {
    if (!isValid(column, i)) continue;
    for (let item = offsets[i]!; item < offsets[i + 1]!; item++) {
      rows[at] = item;
      out[at++] = groups[i]!;
    }
  }
  return { items: gather(column.item, rows), groups: out };
}

export function listAccumulator(): Accumulator {
  const held = new GroupedValues();
  return {
    skipsNulls: true,
    bytes: () => held.bytes,
    reserve: () => undefined,
    add: ([column], groups) => held.add(column!, groups),
    merge: ([lists], groups) => {
      const { items, groups: own } = itemsOf(lists, groups);
      held.add(items, own);
    },
    states: (groups) => [held.lists(groups)],
    result: (groups) => held.lists(groups),
  };
}
