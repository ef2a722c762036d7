// count: rows, or values that are not null.

import type { Column } from "../../../proto/batch/column.ts";
import { countColumn, isValid } from "../../../proto/batch/column.ts";
import { giveBack } from "../../kernels/columns/table-rooms.ts";
import { type Accumulator, floatColumn, floatsOf, grownFloats } from "./accumulator.ts";

export function countAccumulator(): Accumulator {
  let counts = new Float64Array(0);
  return {
    skipsNulls: true,
    bytes: () => counts.byteLength,
    reserve: (groups) => {
      counts = grownFloats(counts, groups) as Float64Array<ArrayBuffer>;
    },
    add: (_, groups) => {
      for (let i = 0; i < groups.length; i++) counts[groups[i]!] = counts[groups[i]!]! + 1;
    },
    rowCounts: () => counts,
    addCounts: (more) => {
      for (let group = 0; group < more.length; group++)
        counts[group] = counts[group]! + more[group]!;
    },
    merge: ([states], groups) => {
      const others = floatsOf(states);
      for (let i = 0; i < groups.length; i++) {
        counts[groups[i]!] = counts[groups[i]!]! + others[i]!;
      }
    },
    statesOfRows: ([column], rows) => {
      const ones = new Float64Array(rows);
      for (let i = 0; i < rows; i++) ones[i] = column === undefined || isValid(column, i) ? 1 : 0;
      return [floatColumn(ones, rows, undefined)];
    },
    states: (groups) => [floatColumn(counts, groups, undefined)],
    result: (groups): Column => countColumn("", counts.subarray(0, groups)),
    close: () => giveBack(counts),
  };
}
