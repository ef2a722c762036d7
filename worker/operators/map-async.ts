// mapAsync: an asynchronous function of the user for each row, several at once, answers in order.

import { asyncRowsAheadMax, chunkRowsMax } from "../../proto/limits.ts";
import type { RateLimiter } from "../../proto/ports/rate-limiter.ts";
import { cellAt, cellStates } from "./cells.ts";
import { pushBatchAsRows, type Stage } from "./stage.ts";
import { calledUser, enterUser, leaveUser, type UserCode, userFailure } from "./user-code.ts";

export interface MapAsyncOptions {
  /** Calls under way at once. */
  readonly concurrency: number;
  /** Asked before each call begins. */
  readonly limiter: RateLimiter | undefined;
}

type Call = { readonly row: number } & (
  | { state: "running" }
  | { state: "done"; value: unknown }
  | { state: "failed"; thrown: unknown }
);

class AsyncCalls {
  private readonly closure: (row: unknown) => unknown;
  private readonly options: MapAsyncOptions;
  private readonly index: number;
  private readonly user: UserCode;
  private readonly next: Stage;
  private waiting: unknown[] = [];
  private waitingAt = 0;
  /** Begun, and not yet handed on, in the order of the rows. */
  private calls: Call[] = [];
  private running = 0;
  private rows = 0;
  private wake: (() => void) | undefined;
  isEnding = false;

  constructor(
    closure: (row: unknown) => unknown,
    options: MapAsyncOptions,
    index: number,
    user: UserCode,
    next: Stage,
  ) {
    this.closure = closure;
    this.options = options;
    this.index = index;
    this.user = user;
    this.next = next;
  }

  add(rows: readonly unknown[]): void {
    for (let i = 0; i < rows.length; i++) this.waiting.push(rows[i]);
  }

  get isIdle(): boolean {
    return this.waiting.length === 0 && this.calls.length === 0;
  }

  private fail(call: Call, thrown: unknown): Error {
    this.user.cells.ints[cellAt.operator] = this.index;
    this.user.cells.ints[cellAt.row] = call.row;
    return userFailure(this.user, thrown);
  }

  private begin(row: unknown): void {
    const call: Call = { row: this.rows++, state: "running" };
    this.calls.push(call);
    this.running++;
    const settle = (
      end: { state: "done"; value: unknown } | { state: "failed"; thrown: unknown },
    ) => {
      Object.assign(call, end);
      this.running--;
      const { ints } = this.user.cells;
      ints[cellAt.steps] = ints[cellAt.steps]! + 1;
      this.wake?.();
    };
    enterUser(this.user, this.index);
    this.user.cells.ints[cellAt.row] = call.row;
    let answer: unknown;
    try {
      answer = this.closure(row);
      calledUser();
    } catch (thrown) {
      throw this.fail(call, thrown);
    }
    Promise.resolve(answer).then(
      (value) => settle({ state: "done", value }),
      (thrown: unknown) => settle({ state: "failed", thrown }),
    );
  }

  /** Hands on answers whose turn it is. */
  private emit(): void {
    const rows: unknown[] = [];
    let count = 0;
    for (const call of this.calls) {
      if (call.state === "failed") throw this.fail(call, call.thrown);
      if (call.state === "running") break;
      rows.push(call.value);
      count++;
    }
    if (count === 0) return;
    this.calls = this.calls.slice(count);
    leaveUser(this.user);
    for (let start = 0; start < rows.length; start += chunkRowsMax) {
      this.next.push(rows.slice(start, start + chunkRowsMax));
    }
  }

  private async beginSome(): Promise<void> {
    const { limiter } = this.options;
    while (this.waitingAt < this.waiting.length) {
      if (!this.mayBegin) return;
      if (limiter !== undefined) {
        this.user.cells.ints[cellAt.state] = cellStates.waiting;
        await limiter.take(1);
      }
      this.begin(this.waiting[this.waitingAt++]);
    }
    this.waiting = [];
    this.waitingAt = 0;
  }

  /** Begins all calls that wait; at the end waits for all answers. */
  async work(): Promise<void> {
    while (this.next.wantsMore()) {
      await this.beginSome();
      const isDone = this.isEnding ? this.isIdle : this.waiting.length === 0;
      if (isDone) break;
      await this.settled();
      this.emit();
    }
    this.emit();
    leaveUser(this.user);
  }

  private get mayBegin(): boolean {
    return this.running < this.options.concurrency && this.calls.length < asyncRowsAheadMax;
  }

  /** Resolves when there is something to do: an answer to hand on, or room for a call. */
  private settled(): Promise<void> {
    const hasFailed = this.calls.some(({ state }) => state === "failed");
    if (hasFailed || this.calls[0]?.state === "done") return Promise.resolve();
    if (this.mayBegin && this.waitingAt < this.waiting.length) return Promise.resolve();
    // A call that never answers is the user's: its deadline must count.
    const { ints } = this.user.cells;
    ints[cellAt.operator] = this.index;
    ints[cellAt.state] = cellStates.user;
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }
}

export function mapAsyncStage(
  closure: (row: unknown) => unknown,
  options: MapAsyncOptions,
  index: number,
  user: UserCode,
  next: Stage,
): Stage {
  const calls = new AsyncCalls(closure, options, index, user, next);
  const push = (rows: readonly unknown[]): void => calls.add(rows);
  return {
    push,
    pushBatch: pushBatchAsRows({ push }),
    wantsMore: () => next.wantsMore(),
    drain: () => (calls.isIdle ? undefined : calls.work()),
    finish: function* () {
      calls.isEnding = true;
      while (!calls.isIdle && next.wantsMore()) yield;
    },
    takesSmall: true,
  };
}
