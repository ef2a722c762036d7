// Numbers that aggregates keep for their groups: in the end those of a group lie beside each other.

import type { Column, ListColumn } from "../../../proto/batch/column.ts";
import { assert } from "../../../proto/errors.ts";
import { floatColumn, floatsOf } from "./accumulator.ts";

/** One number for each group that is named; or some, from `offsets[i]` to `offsets[i + 1]`. */
interface Part {
  readonly values: Float64Array;
  readonly groups: Int32Array;
  readonly offsets: Int32Array | undefined;
}

/** Those of group `g` are `values` from `starts[g]` to `starts[g + 1]`, in the order in which they came. */
export interface NumbersByGroup {
  readonly starts: Int32Array;
  readonly values: Float64Array;
}

/** Shorter runs are copied one by one. */
const runMin = 16;

function countPart({ groups, offsets }: Part, counts: Int32Array): void {
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!;
    counts[group] = counts[group]! + (offsets === undefined ? 1 : offsets[i + 1]! - offsets[i]!);
  }
}

/** Puts numbers to where the next of their group belong. */
function scatterPart({ values, groups, offsets }: Part, next: Int32Array, out: Float64Array): void {
  if (offsets === undefined) {
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i]!;
      const at = next[group]!;
      out[at] = values[i]!;
      next[group] = at + 1;
    }
    return;
  }
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!;
    const start = offsets[i]!;
    const end = offsets[i + 1]!;
    let at = next[group]!;
    next[group] = at + end - start;
    if (end - start >= runMin) out.set(values.subarray(start, end), at);
    else for (let item = start; item < end; item++) out[at++] = values[item]!;
  }
}

export class GroupedNumbers {
  private parts: Part[] = [];
  /** Memory held, in bytes. */
  bytes = 0;

  add(values: Float64Array, groups: Int32Array): void {
    if (groups.length === 0) return;
    this.parts.push({ values, groups, offsets: undefined });
    this.bytes += values.byteLength + groups.byteLength;
  }

  /** All numbers of each list to one group. */
  addLists(lists: Column | undefined, groups: Int32Array): void {
    assert(lists?.type === "list", `a state of numbers is ${lists?.type}, not a list`);
    if (groups.length === 0) return;
    const { offsets, item } = lists;
    this.parts.push({ values: floatsOf(item), groups, offsets });
    this.bytes += 8 * (offsets[groups.length]! - offsets[0]!) + 2 * groups.byteLength;
  }

  byGroup(groupCount: number): NumbersByGroup {
    const starts = new Int32Array(groupCount + 1);
    const counts = starts.subarray(1);
    for (const part of this.parts) countPart(part, counts);
    for (let group = 0; group < groupCount; group++) {
      starts[group + 1] = starts[group + 1]! + starts[group]!;
    }
    const values = new Float64Array(starts[groupCount]!);
    const next = starts.slice(0, groupCount);
    for (const part of this.parts) scatterPart(part, next, values);
    return { starts, values };
  }

  /** A list for each group, empty where it has no numbers. */
  lists(groupCount: number): ListColumn {
    const { starts, values } = this.byGroup(groupCount);
    return listsOf(starts, values);
  }
}

export function listsOf(offsets: Int32Array, values: Float64Array): ListColumn {
  const item = { ...floatColumn(values, values.length, undefined), name: "item" };
  const base = {
    name: "",
    length: offsets.length - 1,
    nulls: "null",
    validity: undefined,
  } as const;
  return { ...base, type: "list", offsets, item } as ListColumn;
}
