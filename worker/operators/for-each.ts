// forEach: runs the user's function for its effects; no row goes on.

import { cellAt } from "./cells.ts";
import { nothingHeld, pushBatchAsRows, type Stage } from "./stage.ts";
import { enterUser, leaveUser, refusePromise, type UserCode, userFailure } from "./user-code.ts";

export function forEachStage(
  closure: (row: unknown) => unknown,
  index: number,
  user: UserCode,
): Stage {
  const { ints } = user.cells;
  let base = 0;
  const push = (rows: readonly unknown[]): void => {
    enterUser(user, index);
    try {
      for (let i = 0; i < rows.length; i++) {
        ints[cellAt.row] = base + i;
        refusePromise(closure(rows[i]), "forEach");
      }
    } catch (thrown) {
      throw userFailure(user, thrown);
    }
    leaveUser(user);
    base += rows.length;
  };
  return {
    push,
    pushBatch: pushBatchAsRows({ push }),
    wantsMore: () => true,
    finish: nothingHeld,
    takesSmall: false,
  };
}
