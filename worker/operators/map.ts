// map: one row out for each row in.

import { type Batch, makeBatch } from "../../proto/batch/batch.ts";
import { chunkRowsMax } from "../../proto/limits.ts";
import { type CalledRow, callRows, numberCalls } from "./call-rows.ts";
import { cellAt } from "./cells.ts";
import { nothingHeld, type Stage } from "./stage.ts";
import { enterUser, leaveUser, refusePromise, type UserCode, userFailure } from "./user-code.ts";

function numbersBatch(values: Float64Array): Batch {
  const base = {
    name: "value",
    length: values.length,
    nulls: "null",
    validity: undefined,
  } as const;
  return makeBatch("scalar", [{ ...base, type: "float64", values }]);
}

/** The function's calls, and where its answers go. */
class MapCalls {
  private readonly closure: (row: unknown) => unknown;
  private readonly index: number;
  private readonly user: UserCode;
  private readonly next: Stage;
  /** Rows that came before. */
  private base = 0;
  /** As long as the next stage would make a column of them, and nothing else was answered. */
  private givesNumbers: boolean;

  constructor(closure: (row: unknown) => unknown, index: number, user: UserCode, next: Stage) {
    this.closure = closure;
    this.index = index;
    this.user = user;
    this.next = next;
    this.givesNumbers = next.takesBatches === true;
  }

  /** Runs what calls the function. */
  private entered<Answer>(call: () => Answer): Answer {
    const { user } = this;
    enterUser(user, this.index);
    try {
      const answer = call();
      leaveUser(user);
      return answer;
    } catch (thrown) {
      throw userFailure(user, thrown);
    }
  }

  push(rows: readonly unknown[]): void {
    const { closure, base } = this;
    const { ints } = this.user.cells;
    const out = new Array<unknown>(rows.length);
    this.entered(() => {
      for (let i = 0; i < rows.length; i++) {
        ints[cellAt.row] = base + i;
        out[i] = closure(rows[i]);
      }
      ints[cellAt.row] = base;
      if (out.length > 0) refusePromise(out[0], "map");
    });
    this.base += rows.length;
    this.next.push(out);
  }

  pushBatch(batch: Batch): void {
    const called = this.givesNumbers ? this.pushNumbers(batch) : undefined;
    if (called?.row !== batch.rows) this.pushValues(batch, called);
    this.base += batch.rows;
  }

  /** Calls the function as long as it answers numbers, which go on as a column. */
  private pushNumbers(batch: Batch): CalledRow | undefined {
    const call = numberCalls(this.closure, batch, this.user, this.base);
    if (call === undefined) return undefined;
    const out = { numbers: new Float64Array(batch.rows), other: undefined };
    let done = 0;
    while (this.givesNumbers && done < batch.rows) {
      const end = Math.min(done + chunkRowsMax, batch.rows);
      done = this.entered(() => call(out, done, end));
      this.givesNumbers = done === end;
    }
    if (done > 0) this.next.pushBatch(numbersBatch(out.numbers.subarray(0, done)));
    return { row: done, answer: out.other };
  }

  private pushValues(batch: Batch, called: CalledRow | undefined): void {
    const chunks = callRows(this.closure, batch, this.user, this.base, called)[Symbol.iterator]();
    for (;;) {
      const chunk = this.entered(() => {
        const answers = chunks.next();
        if (answers.done !== true) refusePromise(answers.value[0], "map");
        return answers;
      });
      if (chunk.done === true) break;
      this.next.push(chunk.value);
    }
  }
}

export function mapStage(
  closure: (row: unknown) => unknown,
  index: number,
  user: UserCode,
  next: Stage,
): Stage {
  const calls = new MapCalls(closure, index, user, next);
  return {
    push: (rows) => calls.push(rows),
    pushBatch: (batch) => calls.pushBatch(batch),
    wantsMore: () => next.wantsMore(),
    finish: nothingHeld,
    takesSmall: false,
  };
}
