// forEach: runs the user's function for its effects, once with all rows of a task; no row goes on.

import type { OperatorMemory } from "../memory/task-memory.ts";
import { cellAt, cellStates } from "./cells.ts";
import { holdRows } from "./held-rows.ts";
import type { Stage } from "./stage.ts";
import { enterUser, leaveUser, type UserCode, userFailure } from "./user-code.ts";

/** What the function answers is awaited: it may be a promise. */
export function forEachStage(
  closure: (rows: IterableIterator<unknown>) => unknown,
  index: number,
  user: UserCode,
  memory: OperatorMemory,
): Stage {
  const held = holdRows(user, memory);
  const run = async (): Promise<void> => {
    try {
      enterUser(user, index);
      const answer = closure(held.rows());
      // Also while it waits the time is the user's: what never answers must meet the deadline.
      user.cells.ints[cellAt.state] = cellStates.user;
      await answer;
    } catch (thrown) {
      user.cells.ints[cellAt.operator] = index;
      throw userFailure(held.user, thrown);
    } finally {
      leaveUser(user);
    }
  };
  let work: Promise<void> | undefined;
  return {
    push: held.push,
    pushBatch: held.pushBatch,
    wantsMore: () => true,
    drain: () => {
      const begun = work;
      work = undefined;
      return begun;
    },
    finish: function* () {
      work = run();
      // It is awaited by `drain`, but not where the attempt is stopped before.
      work.catch(() => undefined);
      yield;
    },
    takesSmall: false,
  };
}
