// The stage graph: what a submitted action is, after planning. The scheduler reads this and no deeper.

import type { OutputFormat } from "./logical.ts";
import type { TaskProgram, TaskSplit } from "./program.ts";

/** Which sealed blocks of an earlier stage a task reads. */
export interface ShuffleInput {
  readonly stageId: number;
  /** `own`: the partition with the task's own index; else a fixed one (a broadcast). */
  readonly partition: "own" | number;
  /** `all` map tasks of that stage, or only the one with the task's `own` index. */
  readonly maps: "all" | "own";
  /** Only these tasks of the stage read it, and count themselves from the first; all where not set. */
  readonly span?: { readonly firstTask: number; readonly tasks: number };
}

/** The index that a task counts itself by in an input; undefined where it does not read it. */
export function readerIndex(input: ShuffleInput, taskIndex: number): number | undefined {
  if (input.span === undefined) return taskIndex;
  const index = taskIndex - input.span.firstTask;
  return index >= 0 && index < input.span.tasks ? index : undefined;
}

export type StageOutput =
  | { readonly kind: "shuffle"; readonly partitions: number }
  | { readonly kind: "result" }
  | { readonly kind: "output"; readonly format: OutputFormat; readonly folderUri: string };

/** Where its tasks prefer to run. `with`: where the same-numbered task of that stage ran. */
export type Placement =
  | { readonly kind: "any" }
  | { readonly kind: "ring" }
  | { readonly kind: "with"; readonly stageId: number };

/** Partitions side by side are read by one task, as many as have at most so many bytes; at least one. */
export interface Coalescing {
  readonly targetBytes: number;
}

export interface StagePlan {
  /** Index in `StageGraph.stages`; inputs always have smaller ids. */
  readonly stageId: number;
  /** Shown in progress and errors: `read text → flatMap → countByValue`. */
  readonly label: string;
  readonly taskCount: number;
  readonly inputs: readonly ShuffleInput[];
  readonly placement: Placement;
  readonly output: StageOutput;
  readonly program: TaskProgram;
  /** One per task for stages in which some task reads files, else empty. */
  readonly splits: readonly TaskSplit[];
  /** Names an output that later actions of the job use again where they have the same stage. */
  readonly keep?: string;
  /** There is no way here to make that output: without it the action has to be planned again. */
  readonly keptOnly?: true;
  /** `taskCount` small partitions are read by fewer tasks, several by each, once their sizes are known. */
  readonly coalesce?: Coalescing;
  /** It has as many tasks as that earlier stage turns out to have, and each reads the output of one. */
  readonly follows?: number;
  /** Input bytes of the whole stage where known, for progress. */
  readonly inputBytes: number;
}

/**
 * A step of a job that computes nothing: takes a lock, or gives back the one that an earlier action took.
 * Its outcome is recorded like that of any action, so that replays see the same token.
 */
export type LockStep =
  | { readonly kind: "lock"; readonly name: string; readonly waitMs: number }
  | { readonly kind: "unlock"; readonly name: string; readonly actionIndex: number };

export interface StageGraph {
  readonly actionIndex: number;
  /** Digest of the logical plan of the action, without its inputs: equal on every replay. */
  readonly planDigest: string;
  readonly label: string;
  /** It only counts rows that are kept for the plan's next action: no action of the program is numbered so. */
  readonly measures?: true;
  /** Given back with the result: what the driver wants to know of the plan on every replay. */
  readonly note?: string;
  /** In topological order; the last stage carries the action's output. None for a lock step, or beside an answer. */
  readonly stages: readonly StagePlan[];
  /** The one part of its result, as tagged JSON, where the driver knows it without a task: it is recorded as it is. */
  readonly answerJson?: string;
  readonly lock?: LockStep;
  /** It makes visible what an earlier action staged: it goes on to its end though its job was cancelled. */
  readonly publishes?: true;
  /** Runs when the action failed or was cancelled, before its outcome is known: one stage without inputs. */
  readonly cleanup?: StagePlan;
}
