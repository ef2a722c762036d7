// filter: the rows for which the closure's answer is true.

import { cellAt } from "./cells.ts";
import { nothingHeld, pushBatchAsRows, type Stage } from "./stage.ts";
import { enterUser, leaveUser, refusePromise, type UserCode, userFailure } from "./user-code.ts";

export function filterStage(
  closure: (row: unknown) => unknown,
  index: number,
  user: UserCode,
  next: Stage,
): Stage {
  const { ints } = user.cells;
  let base = 0;
  const push = (rows: readonly unknown[]): void => {
    const out: unknown[] = [];
    enterUser(user, index);
    try {
      let answer: unknown;
      for (let i = 0; i < rows.length; i++) {
        ints[cellAt.row] = base + i;
        answer = closure(rows[i]);
        if (answer) out.push(rows[i]);
      }
      refusePromise(answer, "filter");
    } catch (thrown) {
      throw userFailure(user, thrown);
    }
    leaveUser(user);
    base += rows.length;
    if (out.length > 0) next.push(out);
  };
  return {
    push,
    pushBatch: pushBatchAsRows({ push }),
    wantsMore: () => next.wantsMore(),
    finish: nothingHeld,
    takesSmall: false,
  };
}
