// What a dataset needs of the run of a job that it belongs to.

import type { CommittedOutput } from "../../proto/plan/bundle.ts";
import type { StagedPart } from "../../proto/plan/connector.ts";
import type { Action, NodeId } from "../../proto/plan/logical.ts";

/** A function of the user's, kept beside the node that applies it. */
export type Closure = (...args: never[]) => unknown;

/** A number that functions of datasets add to, and `run` reads. */
export interface Counter {
  readonly name: string;
  /**
   * Inside functions given to datasets. Each row counts once, however often its task was tried.
   * @param amount 1 unless told
   * @throws VALUE_UNSUPPORTED for what is no number
   * @example
   * const characters = mr.counter("characters");
   * await words.forEach((word) => characters.add(word.length));
   */
  add(amount?: number): void;
  /** In `run`: the sum over all actions whose outcome `run` has awaited. */
  readonly value: number;
}

export interface HeldLock {
  readonly token: bigint;
  readonly actionIndex: number;
}

type ActionOf<Kind extends Action["kind"]> = Extract<Action, { kind: Kind }>;

export interface Session {
  /** Relative paths are resolved against it. */
  readonly workingFolder: string;
  /** Ids follow the order of creation, which makes them equal on every replay. */
  nextNode(closure?: Closure): NodeId;
  collect(action: ActionOf<"collect">): Promise<readonly unknown[]>;
  /** As `collect`, in parts in their order, of which only one is held where the cluster has a scratch folder. */
  rowParts(action: ActionOf<"rows">): AsyncIterable<readonly unknown[]>;
  /** As `collect`, as an Arrow IPC stream. */
  toArrow(action: ActionOf<"toArrow">): Promise<Uint8Array>;
  count(action: ActionOf<"count">): Promise<number>;
  forEach(action: ActionOf<"forEach">): Promise<void>;
  write(action: ActionOf<"write">): Promise<CommittedOutput>;
  /** As `write`, to a folder of the cluster's where the action names none. */
  checkpoint(action: ActionOf<"checkpoint">): Promise<CommittedOutput>;
  /** Answers what the tasks of the action staged, and the number under which they did. */
  stage(action: ActionOf<"stage">): Promise<{
    readonly parts: readonly StagedPart[];
    readonly actionIndex: number;
  }>;
  publish(action: ActionOf<"publish">): Promise<void>;
  /** The plans of an action as text; with `analyze` after running it, with what it took. */
  explain(action: Action, options: { readonly analyze: boolean }): Promise<string>;
  /** Counters of one name are one. */
  counter(name: string): Counter;
  /** Numbered among the actions, by which it is given back. */
  lock(name: string, waitMs: number): Promise<HeldLock>;
  unlock(name: string, actionIndex: number): Promise<void>;
}
