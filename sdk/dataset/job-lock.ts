// A lock that a job holds.

import { EngineError } from "../../proto/errors.ts";
import { jobLockWaitMsDefault, lockWaitMsMax } from "../../proto/limits/locks.ts";
import { lockNameProblem } from "../../proto/plan/lock-name.ts";
import { checkOptionNames } from "../columns/option-names.ts";
import type { Session } from "./session.ts";

export interface JobLockOptions {
  /**
   * How long to wait for whoever holds it, in milliseconds, up to a day; ten minutes unless told. 0: be refused
   * at once.
   */
  readonly waitMs?: number;
}

/**
 * A lock that a job holds: until it is released, or the job ends, in whatever way it does. There is no lease to
 * renew: while its driver is replaced, the job still holds it, with the same token.
 */
export interface JobLock extends AsyncDisposable {
  readonly name: string;
  /**
   * Rises with every grant of this lock, and is the same on every replay. Send it along with whatever is done
   * outside of Millrace: a receiver that refuses tokens smaller than the largest it has seen cannot be changed by
   * a holder of the past.
   */
  readonly token: bigint;
  /**
   * Gives it back; a second time does nothing.
   * @example
   * const lock = await mr.lock("prices");
   * await lock.release();
   */
  release(): Promise<void>;
}

/** Throws PLAN_INVALID for a name or a wait that cannot be, LOCK_HELD when the wait was in vain. */
export async function takeLock(
  session: Session,
  name: string,
  options: JobLockOptions = {},
): Promise<JobLock> {
  checkOptionNames("lock", options, ["waitMs"]);
  const { waitMs = jobLockWaitMsDefault } = options;
  const problem = lockNameProblem(name);
  if (problem !== undefined) {
    throw new EngineError("PLAN_INVALID", `the name of a lock ${problem}, not '${name}'`);
  }
  if (!Number.isSafeInteger(waitMs) || waitMs < 0 || waitMs > lockWaitMsMax) {
    const range = `a whole number of milliseconds from 0 to ${lockWaitMsMax}`;
    throw new EngineError("PLAN_INVALID", `waitMs of lock ${name} must be ${range}, not ${waitMs}`);
  }
  const { token, actionIndex } = await session.lock(name, waitMs);
  let released: Promise<void> | undefined;
  const release = (): Promise<void> => {
    released ??= session.unlock(name, actionIndex);
    return released;
  };
  return Object.freeze({ name, token, release, [Symbol.asyncDispose]: release });
}
