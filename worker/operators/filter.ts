// filter: the rows for which the closure's answer is true.

import { batchRows } from "../../proto/batch/batch.ts";
import { gatherBatch } from "../kernels/columns/gather.ts";
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
  return {
    push: (rows) => {
      const kept = keptOf(rows);
      if (kept.length > 0) next.push(kept.map((row) => rows[row]));
    },
    // Columns keep their types: those of the values alone would be others.
    pushBatch: (batch) => {
      const kept = keptOf(batchRows(batch));
      if (kept.length === batch.rows) next.pushBatch(batch);
      else if (kept.length > 0) next.pushBatch(gatherBatch(batch, Int32Array.from(kept)));
    },
    wantsMore: () => next.wantsMore(),
    finish: nothingHeld,
    takesSmall: false,
  };
}
