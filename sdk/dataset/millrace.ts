// What `run` is given: the entry to data, and the only clock and dice that replays can repeat.

import type { RowSchema } from "../columns/schema.ts";
import { constantRows, type RangeArguments, type RangeOptions, rangeOf } from "./constant-rows.ts";
import type { Dataset } from "./dataset.ts";
import { type JobLock, type JobLockOptions, takeLock } from "./job-lock.ts";
import { Reader } from "./reader.ts";
import type { Counter, Session } from "./session.ts";

/** The hold of a job's `run` on the cluster. */
export interface Millrace {
  /** Reads files into datasets. */
  readonly read: Reader;
  /**
   * A dataset of rows that stand in the program; they travel with the plan, so let them be few.
   * @param rows scalars, pairs or plain objects
   * @param schema the columns and their types; without it they are read off the rows
   * @throws VALUE_UNSUPPORTED for what cannot be a row
   * @example mr.of([{ origin: "SEA", city: "Seattle" }, { origin: "SFO", city: "San Francisco" }])
   */
  of<Row>(rows: readonly NoInfer<Row>[], schema: RowSchema<Row>): Dataset<Row>;
  of<T>(rows: readonly T[]): Dataset<T>;
  /**
   * A dataset of whole numbers from `start` up to, and without, `end`.
   * @param start the first number; with one argument it is the end, and the start is 0
   * @param end the bound
   * @param step from one number to the next; 1 unless told, negative to count down
   * @param options `partitions`: how many tasks make the numbers, where functions behind them take long for each
   * @throws PLAN_INVALID for numbers that are not whole, a step of 0, or partitions that are not 1 to 100 000
   * @example mr.range(1_000_000).map((n) => n * n)
   * @example mr.range(1000, { partitions: 1000 }).map((seed) => Math.sin(seed))
   */
  range(end: number, options?: RangeOptions): Dataset<number>;
  range(start: number, end: number, step?: number, options?: RangeOptions): Dataset<number>;
  /**
   * A counter that functions given to datasets add to. What counts is each accepted task, once: tries that
   * failed or were repeated leave no trace. Rows of a dataset that is computed by several actions count in each,
   * unless it is cached.
   * @param name of the counter; counters of one name are one
   * @throws PLAN_INVALID for an empty or overlong name
   * @example
   * const bad = mr.counter("bad lines");
   * await lines.filter((line) => line !== "" || (bad.add(), false)).write.text("clean");
   * console.log(bad.value);
   */
  counter(name: string): Counter;
  /**
   * When the job was submitted, in milliseconds since 1970: the same on every replay. Use it instead of
   * `Date.now()`, which makes a replay differ and the job end with PLAN_DIVERGED.
   * @example const yesterday = new Date(mr.now() - 86_400_000);
   */
  now(): number;
  /**
   * A number from 0 up to 1 that is the same on every replay, as `Math.random()` is not. For `run` itself:
   * inside functions given to datasets it would answer alike on every worker.
   * @example const centers = Array.from({ length: 3 }, () => mr.random());
   */
  random(): number;
  /**
   * Takes a lock, waiting for whoever holds it, and keeps it while `body` runs; see `lock` for the rest.
   * @throws LOCK_HELD when the wait was in vain, or when this job holds it already
   * @example
   * await mr.withLock("prices", async (lock) => {
   *   await mr.read.csv("prices/*.csv").write.ndjson(`merged/${lock.token}`);
   * });
   */
  withLock<Result>(
    name: string,
    body: (lock: JobLock) => Promise<Result>,
    options?: JobLockOptions,
  ): Promise<Result>;
  /**
   * Takes a lock for this job: nobody else, job or not, holds a lock of this name until it is released or the job
   * has ended, its outputs committed. For `run` itself, never for functions given to datasets.
   * @throws LOCK_HELD when the wait was in vain, or when this job holds it already
   * @example await using lock = await mr.lock("prices", { waitMs: 60_000 });
   */
  lock(name: string, options?: JobLockOptions): Promise<JobLock>;
}

export function createMillrace(
  session: Session,
  submittedWallMs: number,
  random: () => number,
): Millrace {
  return Object.freeze({
    read: new Reader(session),
    of: (rows: readonly unknown[], schema?: RowSchema<unknown>) =>
      constantRows(session, rows, schema),
    range: (...given: RangeArguments) => rangeOf(session, given),
    counter: (name: string) => session.counter(name),
    now: () => submittedWallMs,
    random,
    lock: (name: string, options?: JobLockOptions) => takeLock(session, name, options),
    withLock: async <Result>(
      name: string,
      body: (lock: JobLock) => Promise<Result>,
      options?: JobLockOptions,
    ): Promise<Result> => {
      const lock = await takeLock(session, name, options);
      try {
        return await body(lock);
      } finally {
        await lock.release();
      }
    },
  });
}
