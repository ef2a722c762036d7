// reduceByKey: combines the values of each key with the user's function, in the order they came.

import { chunkRowsMax, partialEntriesMax } from "../../proto/limits.ts";
import { cellAt } from "./cells.ts";
import { KeyTable } from "./key-table.ts";
import { pushBatchAsRows, type Stage } from "./stage.ts";
import {
  enterUser,
  leaveUser,
  refusePromise,
  type UserCode,
  unsupported,
  userFailure,
} from "./user-code.ts";

function* drain(table: KeyTable<unknown>, next: Stage): Iterable<void> {
  let rows: unknown[] = [];
  for (const [key, value] of table.entries()) {
    rows.push([key, value]);
    if (rows.length < chunkRowsMax) continue;
    next.push(rows);
    rows = [];
    yield;
  }
  if (rows.length > 0) next.push(rows);
  table.clear();
  yield;
}

function notPair(row: unknown): Error {
  const what = Array.isArray(row) ? `an array of ${row.length}` : `a ${typeof row}`;
  return unsupported(`reduceByKey got ${what} where a pair [key, value] belongs`);
}

/** Pairs in and out. In the `partial` phase a key may come out more than once. */
export function reduceByKeyStage(
  closure: (left: unknown, right: unknown) => unknown,
  phase: "partial" | "final",
  index: number,
  user: UserCode,
  next: Stage,
): Stage {
  const { ints } = user.cells;
  const table = new KeyTable<unknown>();
  let base = 0;
  const push = (rows: readonly unknown[]): void => {
    enterUser(user, index);
    try {
      let combined: unknown;
      for (let i = 0; i < rows.length; i++) {
        ints[cellAt.row] = base + i;
        const row = rows[i];
        if (!Array.isArray(row) || row.length !== 2) throw notPair(row);
        const [key, value] = row as [unknown, unknown];
        const before = table.get(key);
        const isNew = before === undefined && !table.has(key);
        if (!isNew) combined = closure(before, value);
        table.set(key, isNew ? value : combined);
      }
      refusePromise(combined, "reduceByKey");
    } catch (thrown) {
      throw userFailure(user, thrown);
    }
    leaveUser(user);
    base += rows.length;
    if (phase === "partial" && table.size > partialEntriesMax) {
      for (const _ of drain(table, next));
    }
  };
  return {
    push,
    pushBatch: pushBatchAsRows({ push }),
    wantsMore: () => true,
    finish: () => drain(table, next),
    takesSmall: false,
  };
}
