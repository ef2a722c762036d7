// What steps on pairs share: their place in the task, and pairs out of rows and of columns.

import { type Batch, batchRows } from "../../../proto/batch/batch.ts";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import { assert } from "../../../proto/errors.ts";
import { sliceBatch } from "../../kernels/columns/gather.ts";
import type { OperatorMemory } from "../../memory/task-memory.ts";
import { cellAt } from "../cells.ts";
import { enterUser, leaveUser, type UserCode, unsupported, userFailure } from "../user-code.ts";

/** What such a step has beside its function. */
export interface KeyedPlace {
  /** Of the step in its task. */
  readonly index: number;
  readonly user: UserCode;
  readonly memory: OperatorMemory;
}

/** Pairs that become values at a time: what so few hold mostly is garbage before any is collected. */
const sliceRows = 1024;

export interface Pairs {
  readonly keys: readonly unknown[];
  readonly values: readonly unknown[];
}

export function pairOf(row: unknown, operator: string): readonly [unknown, unknown] {
  if (Array.isArray(row) && row.length === 2) return row as [unknown, unknown];
  const what = Array.isArray(row) ? `an array of ${row.length}` : `a ${typeof row}`;
  throw unsupported(`${operator} got ${what} where a pair [key, value] belongs`);
}

/** Runs what calls functions of the user, so that what they throw has its place. */
export function withinUser({ index, user }: KeyedPlace, work: () => void): void {
  enterUser(user, index);
  try {
    work();
  } catch (thrown) {
    throw userFailure(user, thrown);
  }
  leaveUser(user);
}

/** `base`: the number of the first row among all that came. */
export function pairsOfRows(
  rows: readonly unknown[],
  operator: string,
  place: KeyedPlace,
  base: number,
): Pairs {
  const keys = new Array<unknown>(rows.length);
  const values = new Array<unknown>(rows.length);
  const { ints } = place.user.cells;
  withinUser(place, () => {
    for (let i = 0; i < rows.length; i++) {
      ints[cellAt.row] = base + i;
      [keys[i], values[i]] = pairOf(rows[i], operator);
    }
  });
  return { keys, values };
}

/** As columns have them, some at a time: no array is made for a pair. */
export function* pairsOfBatch(
  batch: Batch,
  operator: string,
  place: KeyedPlace,
  base: number,
): Iterable<Pairs> {
  if (batch.shape !== "pair") return yield pairsOfRows(batchRows(batch), operator, place, base);
  for (let start = 0; start < batch.rows; start += sliceRows) {
    const some = sliceBatch(batch, start, Math.min(start + sliceRows, batch.rows));
    const [keys, values] = some.columns.map(columnValues);
    assert(keys !== undefined && values !== undefined, "a pair batch needs two columns");
    yield { keys, values };
  }
}
