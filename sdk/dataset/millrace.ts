// What `run` is given: the entry to data, and the only clock and dice that replays can repeat.

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
}

export function createMillrace(
  session: Session,
  submittedWallMs: number,
  random: () => number,
): Millrace {
  return Object.freeze({ read: new Reader(session), now: () => submittedWallMs, random });
}
