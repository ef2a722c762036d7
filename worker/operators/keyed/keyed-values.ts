// reduceByKey, aggregateByKey, groupByKey and cogroup: values of pairs by key, for functions of the user.

import type { Batch } from "../../../proto/batch/batch.ts";
import { keyedUnsettledBytesMax } from "../../../proto/limits/memory.ts";
import { chunkRowsMax, partialEntriesMax, partialKeyedBytesMax } from "../../../proto/limits.ts";
import { decodeValue } from "../../../proto/plan/values.ts";
import { cellAt } from "../cells.ts";
import { compareValues } from "../order.ts";
import type { Stage } from "../stage.ts";
import { refusePromise } from "../user-code.ts";
import { type KeyedPlace, pairOf, pairsOfBatch, withinUser } from "./keyed-place.ts";
import { KeyedState, type KeyedWork, type Side } from "./keyed-state.ts";

type Phase = "partial" | "final";

interface KeyedStep<State> {
  readonly name: string;
  readonly phase: Phase;
  readonly work: KeyedWork<State>;
  answer(state: State): unknown;
}

/** Pairs in, one pair for each key out; in a partial phase maybe more than one. */
class KeyedStage<State> {
  private readonly step: KeyedStep<State>;
  private readonly place: KeyedPlace;
  private readonly next: Stage;
  private readonly state: KeyedState<State>;
  private base = 0;
  /** Since it was last looked at whether there is room. */
  private unsettledRows = 0;
  private settledBytes = 0;

  constructor(step: KeyedStep<State>, place: KeyedPlace, next: Stage) {
    this.step = step;
    this.place = place;
    this.next = next;
    this.state = new KeyedState(step.work, place.memory);
  }

  /** May be a few rows only: whether they have room is looked at once there are many. */
  push(rows: readonly unknown[], side: Side): void {
    const { state, base } = this;
    const { ints } = this.place.user.cells;
    const { name } = this.step;
    withinUser(this.place, () => {
      for (let i = 0; i < rows.length; i++) {
        ints[cellAt.row] = base + i;
        const [key, value] = pairOf(rows[i], name);
        state.add(key, value, side);
      }
    });
    this.base += rows.length;
    this.unsettledRows += rows.length;
    const newBytes = state.bytes - this.settledBytes;
    if (this.unsettledRows >= chunkRowsMax || newBytes >= keyedUnsettledBytesMax) this.settle();
  }

  pushBatch(batch: Batch, side: Side): void {
    const { state, place, step } = this;
    const { ints } = place.user.cells;
    for (const { keys, values } of pairsOfBatch(batch, step.name, place, this.base)) {
      const { base } = this;
      withinUser(place, () => {
        for (let i = 0; i < keys.length; i++) {
          ints[cellAt.row] = base + i;
          state.add(keys[i], values[i], side);
        }
      });
      this.base += keys.length;
    }
    this.settle();
  }

  /** What does not fit goes to files, or on to the next step. */
  private settle(): void {
    const { state } = this;
    this.unsettledRows = 0;
    if (this.step.phase === "final") state.settle();
    else {
      // Bounds of its own come first: how far a budget reaches depends on other tasks, and the blocks must not.
      const isMuch = state.size > partialEntriesMax || state.bytes > partialKeyedBytesMax;
      if (isMuch || !state.reserve()) for (const _ of this.handOn());
    }
    this.settledBytes = state.bytes;
  }

  /** All that is held, once no more rows come. */
  *drain(): Iterable<void> {
    this.settle();
    yield* this.handOn();
  }

  /** In chunks. */
  private *handOn(): Iterable<void> {
    const { next, step, state, place } = this;
    let rows: unknown[] = [];
    const within = (add: () => void): void => withinUser(place, add);
    for (const pair of state.drain(step.answer, within)) {
      if (!next.wantsMore()) break;
      rows.push(pair);
      if (rows.length < chunkRowsMax) continue;
      next.push(rows);
      rows = [];
      yield;
    }
    if (rows.length > 0) next.push(rows);
    yield;
  }
}

function keyedStage<State>(
  step: KeyedStep<State>,
  place: KeyedPlace,
  next: Stage,
): { readonly stage: Stage; readonly keyed: KeyedStage<State> } {
  const keyed = new KeyedStage(step, place, next);
  const push = (rows: readonly unknown[]): void => keyed.push(rows, 0);
  const pushBatch = (batch: Batch): void => keyed.pushBatch(batch, 0);
  const finish = () => keyed.drain();
  return { keyed, stage: { push, pushBatch, wantsMore: () => true, finish, takesSmall: true } };
}

/** Combines the values of each key with the user's function, in the order they came. */
export function reduceByKeyStage(
  combine: (left: unknown, right: unknown) => unknown,
  phase: Phase,
  place: KeyedPlace,
  next: Stage,
): Stage {
  const work: KeyedWork<unknown> = {
    first: (value) => value,
    add: (state, value) => {
      const combined = combine(state, value);
      refusePromise(combined, "reduceByKey");
      return combined;
    },
    valuesOf: (state) => [[state, 0]],
    keepsValues: false,
  };
  const answer = (state: unknown): unknown => state;
  return keyedStage({ name: "reduceByKey", phase, work, answer }, place, next).stage;
}

/** What the function of an aggregateByKey node is asked to do: it stands for two. */
export type FoldFunction = (what: "add" | "merge", state: unknown, other: unknown) => unknown;

export interface AggregateByKey {
  readonly phase: Phase;
  /** The state before the first value; each key begins with a copy of its own. */
  readonly zeroJson: string;
}

/** partial: [key, value] in, [key, state] out, a key maybe more than once. final: merges states. */
export function aggregateByKeyStage(
  { phase, zeroJson }: AggregateByKey,
  fold: FoldFunction,
  place: KeyedPlace,
  next: Stage,
): Stage {
  const what = phase === "partial" ? "add" : "merge";
  const folded = (state: unknown, other: unknown): unknown => {
    const made = fold(what, state, other);
    refusePromise(made, "aggregateByKey");
    return made;
  };
  const work: KeyedWork<unknown> = {
    first: (value) => (phase === "partial" ? folded(decodeValue(zeroJson), value) : value),
    add: folded,
    valuesOf: (state) => [[state, 0]],
    keepsValues: false,
  };
  const answer = (state: unknown): unknown => state;
  return keyedStage({ name: "aggregateByKey", phase, work, answer }, place, next).stage;
}

/** The values in the order of what the function answers for each, ties in the order they came. */
function sortedBy(
  values: readonly unknown[],
  keyOf: (value: unknown) => unknown,
  place: KeyedPlace,
): unknown[] {
  const keys = new Array<unknown>(values.length);
  withinUser(place, () => {
    for (let i = 0; i < values.length; i++) {
      place.user.cells.ints[cellAt.row] = i;
      keys[i] = keyOf(values[i]);
    }
    if (keys.length > 0) refusePromise(keys[0], "groupByKey");
  });
  const order = values.map((_, at) => at);
  order.sort((a, b) => compareValues(keys[a], keys[b]) || a - b);
  return order.map((at) => values[at]);
}

/** `[key, value]` in, `[key, values]` out. `keyOf` answers by what the values of each key are sorted. */
export function groupByKeyStage(
  keyOf: ((value: unknown) => unknown) | undefined,
  place: KeyedPlace,
  next: Stage,
): Stage {
  const work: KeyedWork<unknown[]> = {
    first: (value) => [value],
    add: (values, value) => {
      values.push(value);
      return values;
    },
    valuesOf: function* (values) {
      for (const value of values) yield [value, 0];
    },
    keepsValues: true,
  };
  const answer = (values: unknown[]): unknown =>
    keyOf === undefined ? values : sortedBy(values, keyOf, place);
  const step = { name: "groupByKey", phase: "final", work, answer } as const;
  return keyedStage(step, place, next).stage;
}

/** `[key, value]` of the pipeline and of the side to `[key, [lefts, rights]]`. */
export function cogroupStage(stageId: number, place: KeyedPlace, next: Stage): Stage {
  type Both = [lefts: unknown[], rights: unknown[]];
  const work: KeyedWork<Both> = {
    first: (value, side) => (side === 0 ? [[value], []] : [[], [value]]),
    add: (both, value, side) => {
      // An array of one has room for one; an empty one to which a value is added would make room for many.
      if (both[side].length === 0) both[side] = [value];
      else both[side].push(value);
      return both;
    },
    valuesOf: function* ([lefts, rights]) {
      for (const value of lefts) yield [value, 0];
      for (const value of rights) yield [value, 1];
    },
    keepsValues: true,
  };
  const step = { name: "cogroup", phase: "final", work, answer: (both: Both) => both } as const;
  const { stage, keyed } = keyedStage(step, place, next);
  const pushBatch = (batch: Batch): void => keyed.pushBatch(batch, 1);
  return { ...stage, side: { stageId, pushBatch } };
}
