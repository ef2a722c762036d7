// What a dataset needs of the run of a job that it belongs to.

import type { CommittedOutput } from "../../proto/plan/bundle.ts";
import type { Action, NodeId } from "../../proto/plan/logical.ts";

/** A function of the user's, kept beside the node that applies it. */
export type Closure = (...args: never[]) => unknown;

export interface HeldLock {
  readonly token: bigint;
  readonly actionIndex: number;
}

export interface Session {
  /** Relative paths are resolved against it. */
  readonly workingFolder: string;
  /** Ids follow the order of creation, which makes them equal on every replay. */
  nextNode(closure?: Closure): NodeId;
  collect(action: Extract<Action, { kind: "collect" }>): Promise<readonly unknown[]>;
  count(action: Extract<Action, { kind: "count" }>): Promise<number>;
  write(action: Extract<Action, { kind: "write" }>): Promise<CommittedOutput>;
  /** Numbered among the actions, by which it is given back. */
  lock(name: string, waitMs: number): Promise<HeldLock>;
  unlock(name: string, actionIndex: number): Promise<void>;
}
