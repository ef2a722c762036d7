// Which places count for each place of a window.

import type { FrameBound, WindowFrame } from "../../../proto/plan/expr.ts";
import type { WindowOrder } from "./window-order.ts";

/** Places from `starts[i]` (included) to `ends[i]` count for place `i`. */
export interface Frames {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}

/** The start of the peers that lie so many groups of peers away, within the partition. */
function peersAway(order: WindowOrder, place: number, groups: number): number {
  const { peersStart, peersEnd, partitionStart, partitionEnd } = order;
  let at = peersStart[place]!;
  for (let left = groups; left > 0 && at < partitionEnd[place]!; left--) at = peersEnd[at]!;
  for (let left = groups; left < 0; left++) {
    if (at <= partitionStart[place]!) return -1;
    at = peersStart[at - 1]!;
  }
  return at;
}

function startOf(order: WindowOrder, bound: FrameBound, unit: WindowFrame["unit"], place: number) {
  const first = order.partitionStart[place]!;
  if (bound.kind === "unbounded") return first;
  if (unit === "rows") return clamp(place + bound.rows, first, order.partitionEnd[place]!);
  return Math.max(peersAway(order, place, bound.rows), first);
}

function endOf(order: WindowOrder, bound: FrameBound, unit: WindowFrame["unit"], place: number) {
  const last = order.partitionEnd[place]!;
  const first = order.partitionStart[place]!;
  if (bound.kind === "unbounded") return last;
  if (unit === "rows") return clamp(place + bound.rows + 1, first, last);
  const at = peersAway(order, place, bound.rows);
  if (at < 0) return first;
  return at >= last ? last : order.peersEnd[at]!;
}

export function framesOf(order: WindowOrder, { unit, start, end }: WindowFrame): Frames {
  const { length } = order.rows;
  const starts = new Int32Array(length);
  const ends = new Int32Array(length);
  for (let place = 0; place < length; place++) {
    starts[place] = startOf(order, start, unit, place);
    ends[place] = Math.max(endOf(order, end, unit, place), starts[place]!);
  }
  return { starts, ends };
}

/** Whether each frame is the whole partition. */
export function areWhole({ start, end }: WindowFrame): boolean {
  return start.kind === "unbounded" && end.kind === "unbounded";
}
