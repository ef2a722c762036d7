// quantile and median: exact, from all numbers of each group. Between two of them the answer lies on the line.

import { columnType } from "../../../proto/batch/column.ts";
import { isNumeric } from "../../../proto/plan/types.ts";
import { selectNumber } from "../../kernels/columns/select-number.ts";
import { asFloats } from "../../kernels/columns/widen.ts";
import { type Accumulator, floatColumn, validWhere } from "./accumulator.ts";
import { GroupedNumbers, listsOf } from "./grouped-numbers.ts";

/** Puts every NaN last, as it comes after all other numbers; answers where they begin. */
function numbersEnd(values: Float64Array, start: number, end: number): number {
  let to = end;
  for (let i = start; i < to; ) {
    if (!Number.isNaN(values[i]!)) i++;
    else values[i] = values[--to]!;
  }
  values.fill(Number.NaN, to, end);
  return to;
}

/** Of at least one number; their order changes. */
function quantileOf(values: Float64Array, start: number, end: number, share: number): number {
  const place = share * (end - start - 1);
  const floor = Math.floor(place);
  const above = place - floor;
  const numbers = numbersEnd(values, start, end);
  const at = start + floor;
  const low = at < numbers ? selectNumber(values, start, numbers, at) : Number.NaN;
  if (above === 0) return low;
  let high = at + 1 < numbers ? Number.POSITIVE_INFINITY : Number.NaN;
  for (let i = at + 1; i < numbers; i++) if (values[i]! < high) high = values[i]!;
  // Nothing lies evenly between a number and an infinity or NaN: the nearer of the two.
  if (!Number.isFinite(low) || !Number.isFinite(high)) return above < 0.5 ? low : high;
  return low + (high - low) * above;
}

/** `share`: from 0 for the least number to 1 for the greatest. */
export function exactQuantileAccumulator(share: number): Accumulator {
  const held = new GroupedNumbers();
  return {
    skipsNulls: true,
    bytes: () => held.bytes,
    reserve: () => undefined,
    add: ([column], groups) => {
      if (column!.type !== "null") held.add(asFloats(column!), groups);
    },
    merge: ([lists], groups) => held.addLists(lists, groups),
    statesOfRows: ([column], rows) => {
      if (!isNumeric(columnType(column!)) || column!.validity !== undefined) return undefined;
      const offsets = Int32Array.from({ length: rows + 1 }, (_, row) => row);
      return [listsOf(offsets, asFloats(column!))];
    },
    states: (groups) => [held.lists(groups)],
    result: (groups) => {
      const { starts, values } = held.byGroup(groups);
      const out = new Float64Array(groups);
      const counts = new Float64Array(groups);
      for (let group = 0; group < groups; group++) {
        const start = starts[group]!;
        const end = starts[group + 1]!;
        counts[group] = end - start;
        if (end > start) out[group] = quantileOf(values, start, end, share);
      }
      return floatColumn(out, groups, validWhere(counts, groups));
    },
  };
}
