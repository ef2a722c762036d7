// filter: the rows for which the closure's answer is true.

import type { Batch } from "../../proto/batch/batch.ts";
import { gatherBatch } from "../kernels/columns/gather.ts";
import { callRows } from "./call-rows.ts";
import { cellAt } from "./cells.ts";
import { nothingHeld, type Stage } from "./stage.ts";
import { enterUser, leaveUser, refusePromise, type UserCode, userFailure } from "./user-code.ts";

export function filterStage(
  closure: (row: unknown) => unknown,
  index: number,
  user: UserCode,
  next: Stage,
): Stage {
  const { ints } = user.cells;
  let base = 0;
  /** Places of the rows to keep. */
  const keptOf = (rows: readonly unknown[]): readonly number[] => {
    const kept: number[] = [];
    enterUser(user, index);
    try {
      let answer: unknown;
      for (let i = 0; i < rows.length; i++) {
        ints[cellAt.row] = base + i;
        answer = closure(rows[i]);
        if (answer) kept.push(i);
      }
      refusePromise(answer, "filter");
    } catch (thrown) {
      throw userFailure(user, thrown);
    }
    leaveUser(user);
    base += rows.length;
    return kept;
  };
  /** The same of a batch. */
  const keptOfBatch = (batch: Batch): Int32Array => {
    const kept = new Int32Array(batch.rows);
    let count = 0;
    let row = 0;
    enterUser(user, index);
    try {
      for (const answers of callRows(closure, batch, user, base)) {
        for (let i = 0; i < answers.length; i++, row++) if (answers[i]) kept[count++] = row;
        refusePromise(answers.at(-1), "filter");
      }
    } catch (thrown) {
      throw userFailure(user, thrown);
    }
    leaveUser(user);
    base += batch.rows;
    return kept.subarray(0, count);
  };
  return {
    push: (rows) => {
      const kept = keptOf(rows);
      if (kept.length > 0) next.push(kept.map((row) => rows[row]));
    },
    // Columns keep their types: those of the values alone would be others.
    pushBatch: (batch) => {
      const kept = keptOfBatch(batch);
      if (kept.length === batch.rows) next.pushBatch(batch);
      else if (kept.length > 0) next.pushBatch(gatherBatch(batch, kept));
    },
    wantsMore: () => next.wantsMore(),
    finish: nothingHeld,
    takesSmall: false,
  };
}
