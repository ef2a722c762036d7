// Aggregates over the different values of each group.

import type { Column } from "../../../proto/batch/column.ts";
import { gather } from "../../kernels/columns/gather.ts";
import { firstRows, GroupIndex } from "../../kernels/columns/group-index.ts";
import type { Accumulator } from "./accumulator.ts";
import { GroupedValues, itemsOf } from "./lists.ts";

function groupColumn(groups: Int32Array): Column {
  const { length } = groups;
  const base = { name: "", length, nulls: "null", validity: undefined } as const;
  return { ...base, type: "int32", values: groups };
}

/** Between phases the values themselves travel: two tasks may have met the same one. */
export function distinctAccumulator(inner: Accumulator, phase: "partial" | "last"): Accumulator {
  const pairs = new GroupIndex();
  const held = new GroupedValues();
  const add = (args: readonly Column[], groups: Int32Array): void => {
    const before = pairs.size;
    const made = pairs.add([groupColumn(groups), args[0]!], groups.length);
    const rows = firstRows(made, before, pairs.size);
    if (rows.length === 0) return;
    const own = rows.map((row) => groups[row]!);
    if (phase === "partial") held.add(gather(args[0]!, rows), own);
    else
      inner.add(
        args.map((arg) => gather(arg, rows)),
        own,
      );
  };
  return {
    skipsNulls: inner.skipsNulls,
    bytes: () => pairs.bytes + held.bytes + inner.bytes(),
    reserve: (groups) => inner.reserve(groups),
    add,
    merge: ([lists], groups) => {
      const { items, groups: own } = itemsOf(lists, groups);
      add([items], own);
    },
    states: (groups) => [held.lists(groups)],
    result: (groups) => {
      // What was kept for other phases is what the aggregate is over: each value of a group once, as they came.
      const kept = held.take();
      if (kept.groups.length > 0) inner.add([kept.values], kept.groups);
      return inner.result(groups);
    },
  };
}
