// flatMap: any number of rows out for each row in, from an array or any other iterable.

import { chunkRowsMax } from "../../proto/limits.ts";
import { cellAt } from "./cells.ts";
import { nothingHeld, pushBatchAsRows, type Stage } from "./stage.ts";
import { enterUser, leaveUser, type UserCode, unsupported, userFailure } from "./user-code.ts";

function isIterable(value: unknown): value is Iterable<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { readonly [Symbol.iterator]?: unknown })[Symbol.iterator] === "function"
  );
}

function notIterable(answer: unknown): Error {
  const what =
    typeof answer === "string"
      ? "a string; to give out one row return [text], for its characters [...text]"
      : `${answer === null ? "null" : typeof answer} where an array or iterable belongs; return [] for no rows`;
  return unsupported(`the function of flatMap returned ${what}`);
}

export function flatMapStage(
  closure: (row: unknown) => unknown,
  index: number,
  user: UserCode,
  next: Stage,
): Stage {
  const { ints } = user.cells;
  let base = 0;
  let out: unknown[] = [];
  const flush = (): void => {
    const rows = out;
    out = [];
    leaveUser(user);
    next.push(rows);
    enterUser(user, index);
  };
  const iterate = (items: Iterable<unknown>): void => {
    for (const item of items) {
      out.push(item);
      ints[cellAt.steps] = ints[cellAt.steps]! + 1;
      if (out.length < chunkRowsMax) continue;
      flush();
      if (!next.wantsMore()) return;
    }
  };
  /** The next stage takes each array as it comes: nothing is copied, nothing lives long. */
  const pushSmall = (rows: readonly unknown[]): void => {
    for (let i = 0; i < rows.length; i++) {
      ints[cellAt.row] = base + i;
      const answer = closure(rows[i]);
      if (Array.isArray(answer)) {
        next.push(answer);
        // It may call functions too, and then is not in this one any more.
        if (ints[cellAt.operator] !== index) enterUser(user, index);
      } else if (isIterable(answer)) iterate(answer);
      else throw notIterable(answer);
    }
  };
  const pushGathered = (rows: readonly unknown[]): void => {
    for (let i = 0; i < rows.length; i++) {
      ints[cellAt.row] = base + i;
      const answer = closure(rows[i]);
      if (Array.isArray(answer)) {
        for (let k = 0; k < answer.length; k++) out.push(answer[k]);
        if (out.length >= chunkRowsMax) flush();
      } else if (isIterable(answer)) iterate(answer);
      else throw notIterable(answer);
    }
  };
  const push = (rows: readonly unknown[]): void => {
    enterUser(user, index);
    try {
      if (next.takesSmall) pushSmall(rows);
      else pushGathered(rows);
      if (out.length > 0) flush();
    } catch (thrown) {
      throw userFailure(user, thrown);
    }
    leaveUser(user);
    base += rows.length;
  };
  return {
    push,
    pushBatch: pushBatchAsRows({ push }),
    wantsMore: () => next.wantsMore(),
    finish: nothingHeld,
    takesSmall: false,
  };
}
