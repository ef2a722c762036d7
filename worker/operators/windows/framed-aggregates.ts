// Aggregates over the frames of a window, from the states of blocks of 1, 2, 4, … places: n log n in all,
// for every aggregate and every frame.

import type { Column } from "../../../proto/batch/column.ts";
import type { AggregateCall } from "../../../proto/plan/expr.ts";
import { concat } from "../../kernels/columns/concat.ts";
import { gather } from "../../kernels/columns/gather.ts";
import { accumulatorOf } from "../aggregates/accumulator-of.ts";
import { addArguments, mergeStates } from "../aggregates/feed.ts";
import type { Frames } from "./frames.ts";

/** Frames that are worked out at a time: bounds the list of their blocks. */
const framesAtATime = 16_384;

/** States of all blocks; those of a level lie from `starts[level]` on. */
interface Blocks {
  readonly states: readonly Column[];
  readonly starts: readonly number[];
}

function identity(length: number): Int32Array {
  const out = new Int32Array(length);
  for (let i = 0; i < length; i++) out[i] = i;
  return out;
}

function blocksOf(call: AggregateCall, args: readonly Column[], places: number): Blocks {
  const leaves = accumulatorOf(call, "partial");
  leaves.reserve(places);
  addArguments(leaves, args, identity(places), undefined);
  const levels = [leaves.states(places)];
  const starts = [0];
  let at = places;
  for (let below = places; below > 1; ) {
    const count = (below + 1) >> 1;
    const level = accumulatorOf(call, "partial");
    level.reserve(count);
    mergeStates(
      level,
      levels.at(-1)!,
      identity(below).map((block) => block >> 1),
    );
    levels.push(level.states(count));
    starts.push(at);
    at += count;
    below = count;
  }
  const states = levels[0]!.map((_, part) =>
    concat(
      "",
      levels.map((level) => level[part]!),
    ),
  );
  return { states, starts };
}

/** The blocks that make up places `start` to `end`, in order; written from `at` on. Answers where they end. */
function blocksBetween(
  starts: readonly number[],
  start: number,
  end: number,
  out: Int32Array,
  at: number,
): number {
  let to = at;
  let place = start;
  while (place < end) {
    let level = 0;
    let size = 1;
    while ((place & (2 * size - 1)) === 0 && place + 2 * size <= end) {
      size *= 2;
      level++;
    }
    out[to++] = starts[level]! + place / size;
    place += size;
  }
  return to;
}

/** The aggregate for each place, of the places of its frame; `args` are in the order of the places. */
export function framedAggregate(
  call: AggregateCall,
  args: readonly Column[],
  { starts, ends }: Frames,
): Column {
  const places = starts.length;
  const blocks = blocksOf(call, args, places);
  const results: Column[] = [];
  const blocksMax = 2 * blocks.starts.length;
  const chosen = new Int32Array(framesAtATime * blocksMax);
  const groups = new Int32Array(framesAtATime * blocksMax);
  for (let first = 0; first < places; first += framesAtATime) {
    const count = Math.min(framesAtATime, places - first);
    let used = 0;
    for (let i = 0; i < count; i++) {
      const end = blocksBetween(blocks.starts, starts[first + i]!, ends[first + i]!, chosen, used);
      groups.fill(i, used, end);
      used = end;
    }
    const accumulator = accumulatorOf(call, "last");
    accumulator.reserve(count);
    const picks = chosen.subarray(0, used);
    mergeStates(
      accumulator,
      blocks.states.map((state) => gather(state, picks)),
      groups.slice(0, used),
    );
    results.push(accumulator.result(count));
  }
  return concat("", results);
}

/** The aggregate for each place where its frame is its whole partition. */
export function wholeAggregate(
  call: AggregateCall,
  args: readonly Column[],
  partitionStart: Int32Array,
): Column {
  const groups = new Int32Array(partitionStart.length);
  let count = 0;
  for (let place = 0; place < groups.length; place++) {
    if (partitionStart[place] === place) count++;
    groups[place] = count - 1;
  }
  const accumulator = accumulatorOf(call, "last");
  accumulator.reserve(count);
  addArguments(accumulator, args, groups, undefined);
  return gather(accumulator.result(count), groups);
}
