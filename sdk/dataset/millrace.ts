// What `run` is given: the entry to data, and the only clock and dice that replays can repeat.

import { type JobLock, type JobLockOptions, takeLock } from "./job-lock.ts";
import { Reader } from "./reader.ts";
import type { Session } from "./session.ts";

/** The hold of a job's `run` on the cluster. */
export interface Millrace {
  /** Reads files into datasets. */
  readonly read: Reader;
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
