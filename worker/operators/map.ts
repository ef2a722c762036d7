// map: one row out for each row in.

import type { Batch } from "../../proto/batch/batch.ts";
import { callRows } from "./call-rows.ts";
import { cellAt } from "./cells.ts";
import { nothingHeld, type Stage } from "./stage.ts";
import { enterUser, leaveUser, refusePromise, type UserCode, userFailure } from "./user-code.ts";

export function mapStage(
  closure: (row: unknown) => unknown,
  index: number,
  user: UserCode,
  next: Stage,
): Stage {
  const { ints } = user.cells;
  let base = 0;
  const push = (rows: readonly unknown[]): void => {
    const out = new Array<unknown>(rows.length);
    enterUser(user, index);
    try {
      for (let i = 0; i < rows.length; i++) {
        ints[cellAt.row] = base + i;
        out[i] = closure(rows[i]);
      }
      ints[cellAt.row] = base;
      if (out.length > 0) refusePromise(out[0], "map");
    } catch (thrown) {
      throw userFailure(user, thrown);
    }
    leaveUser(user);
    base += rows.length;
    next.push(out);
  };
  const pushBatch = (batch: Batch): void => {
    const chunks = callRows(closure, batch, user, base)[Symbol.iterator]();
    for (;;) {
      let chunk: IteratorResult<unknown[]>;
      enterUser(user, index);
      try {
        chunk = chunks.next();
        if (chunk.done !== true) refusePromise(chunk.value[0], "map");
      } catch (thrown) {
        throw userFailure(user, thrown);
      }
      leaveUser(user);
      if (chunk.done === true) break;
      next.push(chunk.value);
    }
    base += batch.rows;
  };
  return {
    push,
    pushBatch,
    wantsMore: () => next.wantsMore(),
    finish: nothingHeld,
    takesSmall: false,
  };
}
