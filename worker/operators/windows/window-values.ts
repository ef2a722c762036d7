// The value of one window for each place of its order.

import { type Column, countColumn } from "../../../proto/batch/column.ts";
import { EngineError } from "../../../proto/errors.ts";
import type { Expr, WindowCall } from "../../../proto/plan/expr.ts";
import { concat } from "../../kernels/columns/concat.ts";
import { gatherOrNull } from "../../kernels/columns/gather.ts";
import { framedAggregate, wholeAggregate } from "./framed-aggregates.ts";
import { areWhole, type Frames, framesOf } from "./frames.ts";
import type { WindowOrder } from "./window-order.ts";

function counted(length: number, valueAt: (place: number) => number): Column {
  const counts = new Float64Array(length);
  for (let place = 0; place < length; place++) counts[place] = valueAt(place);
  return countColumn("", counts);
}

function wholeArgument(call: WindowCall, at: number, usual: number | undefined): number {
  const expr: Expr | undefined = call.args[at];
  if (expr === undefined && usual !== undefined) return usual;
  const value = expr?.kind === "literal" ? Number(expr.text ?? "NaN") : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new EngineError(
    "PLAN_INVALID",
    `${call.function} needs a whole number as a literal for argument ${at + 1}`,
  );
}

function denseRanks({ partitionStart, peersStart }: WindowOrder): Column {
  let rank = 0;
  return counted(peersStart.length, (place) => {
    if (partitionStart[place] === place) rank = 1;
    else if (peersStart[place] === place) rank++;
    return rank;
  });
}

function percentRanks({ partitionStart, partitionEnd, peersStart }: WindowOrder): Column {
  const { length } = peersStart;
  const values = new Float64Array(length);
  for (let place = 0; place < length; place++) {
    const others = partitionEnd[place]! - partitionStart[place]! - 1;
    const before = peersStart[place]! - partitionStart[place]!;
    values[place] = others === 0 ? 0 : before / others;
  }
  return { name: "", type: "float64", length, nulls: "null", validity: undefined, values };
}

/** Tiles of almost equal size: the first ones have one row more where they do not come out even. */
function tiles(call: WindowCall, { partitionStart, partitionEnd }: WindowOrder): Column {
  const count = wholeArgument(call, 0, undefined);
  if (count < 1) throw new EngineError("PLAN_INVALID", `ntile of ${count} parts; give 1 or more`);
  return counted(partitionStart.length, (place) => {
    const rows = partitionEnd[place]! - partitionStart[place]!;
    const at = place - partitionStart[place]!;
    const size = Math.floor(rows / count);
    const larger = rows % count;
    const inLarger = larger * (size + 1);
    if (at < inLarger) return Math.floor(at / (size + 1)) + 1;
    return larger + Math.floor((at - inLarger) / Math.max(size, 1)) + 1;
  });
}

/** The value so many rows away; beyond the partition the third argument, or null. */
function shifted(call: WindowCall, args: readonly Column[], order: WindowOrder): Column {
  const { partitionStart, partitionEnd } = order;
  const { length } = partitionStart;
  const rows = wholeArgument(call, 1, 1) * (call.function === "lag" ? -1 : 1);
  const [values, usual] = [args[0]!, args[2]];
  const from = new Int32Array(length);
  for (let place = 0; place < length; place++) {
    const at = place + rows;
    const isInside = at >= partitionStart[place]! && at < partitionEnd[place]!;
    from[place] = isInside ? at : usual === undefined ? -1 : length + place;
  }
  const both = usual === undefined ? values : concat("", [values, usual]);
  return gatherOrNull(both, from);
}

function edge(values: Column, { starts, ends }: Frames, wanted: "first" | "last"): Column {
  const from = new Int32Array(starts.length);
  for (let place = 0; place < from.length; place++) {
    if (starts[place] === ends[place]) from[place] = -1;
    else from[place] = wanted === "first" ? starts[place]! : ends[place]! - 1;
  }
  return gatherOrNull(values, from);
}

/** `args` are the values of the call's arguments in the order of the places. */
export function windowValues(
  call: WindowCall,
  args: readonly Column[],
  order: WindowOrder,
): Column {
  const { partitionStart, peersStart } = order;
  switch (call.function) {
    case "rowNumber":
      return counted(peersStart.length, (place) => place - partitionStart[place]! + 1);
    case "rank":
      return counted(peersStart.length, (place) => peersStart[place]! - partitionStart[place]! + 1);
    case "denseRank":
      return denseRanks(order);
    case "percentRank":
      return percentRanks(order);
    case "ntile":
      return tiles(call, order);
    case "lag":
    case "lead":
      return shifted(call, args, order);
    case "firstValue":
      return edge(args[0]!, framesOf(order, call.frame), "first");
    case "lastValue":
      return edge(args[0]!, framesOf(order, call.frame), "last");
    default: {
      const aggregate = { function: call.function, args: call.args, distinct: false };
      if (areWhole(call.frame)) return wholeAggregate(aggregate, args, partitionStart);
      return framedAggregate(aggregate, args, framesOf(order, call.frame));
    }
  }
}
