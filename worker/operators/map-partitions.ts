// mapPartitions: the user's function over all rows of a task at once.

import { chunkRowsMax } from "../../proto/limits.ts";
import type { OperatorMemory } from "../memory/task-memory.ts";
import { cellAt } from "./cells.ts";
import { holdRows } from "./held-rows.ts";
import type { Stage } from "./stage.ts";
import {
  enterUser,
  leaveUser,
  refusePromise,
  type UserCode,
  unsupported,
  userFailure,
} from "./user-code.ts";

function isIterable(value: unknown): value is Iterable<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { readonly [Symbol.iterator]?: unknown })[Symbol.iterator] === "function"
  );
}

/**
 * The rows wait as columns until all are there, since a function cannot be stopped while it asks for the next
 * one; then it gets them one by one, and what it yields goes on as it comes.
 */
export function mapPartitionsStage(
  closure: (rows: IterableIterator<unknown>) => unknown,
  index: number,
  user: UserCode,
  memory: OperatorMemory,
  next: Stage,
): Stage {
  const { ints } = user.cells;
  const held = holdRows(user, memory);
  /** One chunk of what the function yields; undefined when there is no more. */
  const take = (items: Iterator<unknown>): unknown[] | undefined => {
    const out: unknown[] = [];
    enterUser(user, index);
    try {
      while (out.length < chunkRowsMax) {
        const item = items.next();
        if (item.done === true) break;
        out.push(item.value);
        ints[cellAt.steps] = ints[cellAt.steps]! + 1;
      }
    } catch (thrown) {
      throw userFailure(held.user, thrown);
    }
    leaveUser(user);
    return out.length === 0 ? undefined : out;
  };
  const begin = (): Iterator<unknown> => {
    enterUser(user, index);
    try {
      const answer = closure(held.rows());
      refusePromise(answer, "mapPartitions");
      if (!isIterable(answer)) {
        throw unsupported(
          `the function of mapPartitions returned ${answer === null ? "null" : typeof answer} ` +
            "where an array or iterable belongs; return [] for no rows",
        );
      }
      return answer[Symbol.iterator]();
    } catch (thrown) {
      throw userFailure(held.user, thrown);
    } finally {
      leaveUser(user);
    }
  };
  return {
    push: held.push,
    pushBatch: held.pushBatch,
    wantsMore: () => next.wantsMore(),
    finish: function* () {
      const items = begin();
      while (next.wantsMore()) {
        const rows = take(items);
        if (rows === undefined) return;
        next.push(rows);
        yield;
      }
      // A generator may hold what it has to give back.
      items.return?.();
    },
    takesSmall: false,
  };
}
