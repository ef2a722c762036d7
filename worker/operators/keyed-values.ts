// groupByKey, aggregateByKey and cogroup: values of pairs by key, for functions of the user.

import { chunkRowsMax, partialEntriesMax } from "../../proto/limits.ts";
import { decodeValue } from "../../proto/plan/values.ts";
import { cellAt } from "./cells.ts";
import { KeyTable } from "./key-table.ts";
import { compareValues } from "./order.ts";
import { pushBatchAsRows, type Stage } from "./stage.ts";
import {
  enterUser,
  leaveUser,
  refusePromise,
  type UserCode,
  unsupported,
  userFailure,
} from "./user-code.ts";

function pairOf(row: unknown, operator: string): readonly [unknown, unknown] {
  if (Array.isArray(row) && row.length === 2) return row as [unknown, unknown];
  const what = Array.isArray(row) ? `an array of ${row.length}` : `a ${typeof row}`;
  throw unsupported(`${operator} got ${what} where a pair [key, value] belongs`);
}

/** Pairs of each entry in chunks; empties the table. */
function* drainPairs<Value>(
  table: KeyTable<Value>,
  answer: (value: Value) => unknown,
  next: Stage,
): Iterable<void> {
  let rows: unknown[] = [];
  for (const [key, value] of table.entries()) {
    if (!next.wantsMore()) break;
    rows.push([key, answer(value)]);
    if (rows.length < chunkRowsMax) continue;
    next.push(rows);
    rows = [];
    yield;
  }
  if (rows.length > 0) next.push(rows);
  table.clear();
  yield;
}

function entryOf<Value>(table: KeyTable<Value>, key: unknown, make: () => Value): Value {
  const known = table.get(key);
  if (known !== undefined) return known;
  const made = make();
  table.set(key, made);
  return made;
}

function blocking(push: (rows: readonly unknown[]) => void, finish: () => Iterable<void>): Stage {
  return {
    push,
    pushBatch: pushBatchAsRows({ push }),
    wantsMore: () => true,
    finish,
    takesSmall: true,
  };
}

/** The values in the order of what the function answers for each, ties in the order they came. */
function sortedBy(
  values: readonly unknown[],
  keyOf: (value: unknown) => unknown,
  index: number,
  user: UserCode,
): unknown[] {
  const keys = new Array<unknown>(values.length);
  enterUser(user, index);
  try {
    for (let i = 0; i < values.length; i++) {
      user.cells.ints[cellAt.row] = i;
      keys[i] = keyOf(values[i]);
    }
    if (keys.length > 0) refusePromise(keys[0], "groupByKey");
  } catch (thrown) {
    throw userFailure(user, thrown);
  }
  leaveUser(user);
  const order = values.map((_, at) => at);
  order.sort((a, b) => compareValues(keys[a], keys[b]) || a - b);
  return order.map((at) => values[at]);
}

/** `[key, value]` in, `[key, values]` out. `keyOf` answers by what the values of each key are sorted. */
export function groupByKeyStage(
  keyOf: ((value: unknown) => unknown) | undefined,
  index: number,
  user: UserCode,
  next: Stage,
): Stage {
  const table = new KeyTable<unknown[]>();
  const push = (rows: readonly unknown[]): void => {
    for (let i = 0; i < rows.length; i++) {
      const [key, value] = pairOf(rows[i], "groupByKey");
      entryOf(table, key, () => []).push(value);
    }
  };
  const valuesOf = (values: unknown[]): unknown[] =>
    keyOf === undefined ? values : sortedBy(values, keyOf, index, user);
  return blocking(push, () => drainPairs(table, valuesOf, next));
}

/** `[key, value]` of the pipeline and of the side to `[key, [lefts, rights]]`. */
export function cogroupStage(stageId: number, next: Stage): Stage {
  const table = new KeyTable<readonly [unknown[], unknown[]]>();
  const add = (rows: readonly unknown[], side: 0 | 1): void => {
    for (let i = 0; i < rows.length; i++) {
      const [key, value] = pairOf(rows[i], "cogroup");
      entryOf(table, key, (): readonly [unknown[], unknown[]] => [[], []])[side].push(value);
    }
  };
  const stage = blocking(
    (rows) => add(rows, 0),
    () => drainPairs(table, (values) => values, next),
  );
  const pushBatch = pushBatchAsRows({ push: (rows) => add(rows, 1) });
  return { ...stage, side: { stageId, pushBatch } };
}

/** What the function of an aggregateByKey node is asked to do: it stands for two. */
export type FoldFunction = (what: "add" | "merge", state: unknown, other: unknown) => unknown;

interface State {
  value: unknown;
}

export interface AggregateByKey {
  readonly phase: "partial" | "final";
  /** The state before the first value; each key begins with a copy of its own. */
  readonly zeroJson: string;
}

/** partial: [key, value] in, [key, state] out, a key maybe more than once. final: merges states. */
export function aggregateByKeyStage(
  { phase, zeroJson }: AggregateByKey,
  fold: FoldFunction,
  index: number,
  user: UserCode,
  next: Stage,
): Stage {
  const { ints } = user.cells;
  const table = new KeyTable<State>();
  let base = 0;
  const foldPair = (key: unknown, value: unknown): void => {
    const known = table.get(key);
    if (phase === "final") {
      if (known === undefined) table.set(key, { value });
      else {
        known.value = fold("merge", known.value, value);
        refusePromise(known.value, "aggregateByKey");
      }
      return;
    }
    const state = known ?? entryOf(table, key, () => ({ value: decodeValue(zeroJson) }));
    state.value = fold("add", state.value, value);
    refusePromise(state.value, "aggregateByKey");
  };
  const push = (rows: readonly unknown[]): void => {
    enterUser(user, index);
    try {
      for (let i = 0; i < rows.length; i++) {
        ints[cellAt.row] = base + i;
        const [key, value] = pairOf(rows[i], "aggregateByKey");
        foldPair(key, value);
      }
    } catch (thrown) {
      throw userFailure(user, thrown);
    }
    leaveUser(user);
    base += rows.length;
    if (phase === "final" || table.size <= partialEntriesMax) return;
    for (const _ of drainPairs(table, ({ value }) => value, next));
  };
  return blocking(push, () => drainPairs(table, ({ value }) => value, next));
}
