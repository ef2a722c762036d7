// The executor as its agent sees it: runs tasks and drivers of user code somewhere that may die.

import type { ErrorRecord } from "../errors.ts";
import type { ActionAnswer, ActionOutcome, JobContext } from "../plan/bundle.ts";
import type { PartitionRange } from "../plan/partition-cuts.ts";
import type { TaskProgram, TaskSplit } from "../plan/program.ts";
import type { ShuffleInput } from "../plan/stage.ts";
import type { PendingUpload } from "./store.ts";

/** Where one sealed map output lies. */
export interface MapLocation {
  readonly taskIndex: number;
  readonly workerId: string;
  readonly address: string;
  readonly token: number;
  /** The action and stage that sealed it; those of the input where not set. */
  readonly actionIndex?: number;
  readonly stageId?: number;
}

export interface StageInput {
  readonly input: ShuffleInput;
  readonly maps: readonly MapLocation[];
}

/** What the tasks of one lease have in common. */
export interface LeaseSpec {
  readonly context: JobContext;
  readonly bundleSha256: string;
  readonly actionIndex: number;
  readonly planDigest: string;
  /** Outcomes of earlier actions by index, for the replay; undefined for one that still runs. */
  readonly history: readonly (ActionOutcome | undefined)[];
  readonly stageId: number;
  readonly token: number;
  readonly label: string;
  readonly program: TaskProgram;
  /** Of the stage: where an input has a span, only the tasks in it read it. */
  readonly inputs: readonly StageInput[];
  /** 0 when the stage has no shuffle output. */
  readonly outputPartitions: number;
  /** The size of each of these is to be told with the result. */
  readonly tellsPartitionBytes?: true;
}

/** What one attempt has for itself. */
export interface OwnSpec {
  readonly taskIndex: number;
  readonly attempt: number;
  readonly split?: TaskSplit;
  /** What it reads of inputs of which it reads its own partition; where not set, that of its index. */
  readonly partitions?: PartitionRange;
}

/** One attempt of one task, complete: nothing else has to be asked for. */
export interface TaskSpec extends LeaseSpec, OwnSpec {}

/** One file of an output task. */
export interface TaskUpload extends PendingUpload {
  readonly rows: number;
  /** Of its bytes, as in the task's report. */
  readonly digest: string;
}

export interface TaskResult {
  readonly rowsIn: number;
  readonly bytesIn: number;
  readonly rowsOut: number;
  readonly bytesOut: number;
  readonly digest: string;
  /** Of each partition of a shuffle output, where it was asked for. */
  readonly partitionBytes?: readonly number[];
  readonly resultJson?: string;
  /** What user code and operators counted, by name; only what an accepted task counted counts. */
  readonly counters?: Readonly<Record<string, number>>;
  /** In the order of the output; not set where the task had no rows. */
  readonly uploads?: readonly TaskUpload[];
}

export interface TaskProgress {
  readonly rows: number;
  readonly bytes: number;
  /** Grows whenever anything moves, also while a closure runs over many rows. */
  readonly steps: number;
}

export type TaskOutcome =
  | { readonly kind: "done"; readonly result: TaskResult }
  | { readonly kind: "failed"; readonly error: ErrorRecord };

/** What a driver that runs in an executor asks of its agent. */
export interface DriverRequests {
  runAction(graphJson: string): Promise<ActionAnswer>;
  recordedOutcome(actionIndex: number, planDigest: string): Promise<ActionOutcome | undefined>;
}

export interface DriverSpec {
  readonly context: JobContext;
  readonly bundleSha256: string;
}

export interface ExecutorPool {
  /**
   * Runs one attempt. Never rejects: a death of the executor is a `failed` with EXECUTOR_DIED or, where this
   * task is to blame, USER_CODE_OUT_OF_MEMORY or USER_CODE_DEADLINE.
   */
  runTask(spec: TaskSpec, onProgress: (progress: TaskProgress) => void): Promise<TaskOutcome>;
  /** Stops the attempt with this token and index, if it runs; its outcome is then `failed`. */
  cancelTask(token: number, taskIndex: number): void;
  /** Runs a driver program to its end: tagged JSON of what `run` returned. Rejects with EngineError. */
  runDriver(spec: DriverSpec, requests: DriverRequests): Promise<string>;
  cancelDriver(jobId: string): void;
  /** Makes a verified bundle available to the executor. Throws BUNDLE_HASH_MISMATCH. */
  addBundle(sha256: string, code: Uint8Array): Promise<void>;
  hasBundle(sha256: string): boolean;
  /** Deletes the sealed outputs of a job. */
  releaseJob(jobId: string): Promise<void>;
  /** Jobs with sealed outputs or bundles here. */
  heldJobs(): readonly string[];
  close(): Promise<void>;
}
