// What an agent and its executor process say to each other, and the executor's main thread to its threads.

import type { ErrorRecord } from "../../proto/errors.ts";
import type { ActionAnswer, PlanTargets } from "../../proto/plan/bundle.ts";
import type { DriverSpec, OwnSpec, TaskOutcome, TaskProgress } from "../../proto/ports/executor.ts";

/** Fixed for the life of an executor process. */
export interface ExecutorSettings {
  readonly workerId: string;
  /** Tasks at a time. */
  readonly slots: number;
  /** Absolute folders of compiled job modules and of sealed map outputs. */
  readonly bundleFolder: string;
  readonly shuffleFolder: string;
  /** Where rows go that do not fit into memory. */
  readonly spillFolder: string;
  /** Of the whole process; what operators may hold is less (see memory-limit.ts). */
  readonly memoryBytes: number;
  readonly threadHeapMiB: number;
  readonly closureDeadlineMs: number;
  /** Proves to peers that this worker may fetch their blocks. */
  readonly blockToken: string;
  readonly planTargets?: PlanTargets;
}

export type DriverQuestion =
  | { readonly kind: "runAction"; readonly graphJson: string }
  | { readonly kind: "recordedOutcome"; readonly actionIndex: number; readonly planDigest: string };

export type DriverAnswer =
  | { readonly kind: "answered"; readonly outcome: ActionAnswer | undefined }
  | { readonly kind: "failed"; readonly error: ErrorRecord };

export type DriverEnd =
  | { readonly kind: "returned"; readonly resultJson: string }
  | { readonly kind: "failed"; readonly error: ErrorRecord };

/** One attempt, by the number that its agent gave it. */
export interface NumberedTask {
  readonly id: number;
  readonly own: OwnSpec;
}

/** Attempts of one lease. */
export interface ToExecutorTasks {
  readonly kind: "tasks";
  /** Serialized, since only threads look into it: it names every map output that the stage reads. */
  readonly lease: Uint8Array;
  /** Names the stage; how long its tasks take is remembered by it. */
  readonly stage: string;
  /** Nothing of an attempt is seen before its report: one whose end nobody heard of may run again. */
  readonly isRepeatable: boolean;
  readonly tasks: readonly NumberedTask[];
}

export type ToExecutor =
  | { readonly kind: "start"; readonly settings: ExecutorSettings }
  | ToExecutorTasks
  | { readonly kind: "cancelTask"; readonly id: number }
  | { readonly kind: "driver"; readonly id: number; readonly spec: DriverSpec }
  | { readonly kind: "cancelDriver"; readonly id: number }
  | {
      readonly kind: "driverAnswer";
      readonly id: number;
      readonly questionId: number;
      readonly answer: DriverAnswer;
    };

export type FromExecutor =
  | { readonly kind: "tasksStarted"; readonly ids: readonly number[] }
  | { readonly kind: "progress"; readonly id: number; readonly progress: TaskProgress }
  | { readonly kind: "taskEnded"; readonly id: number; readonly outcome: TaskOutcome }
  | {
      readonly kind: "driverQuestion";
      readonly id: number;
      readonly questionId: number;
      readonly question: DriverQuestion;
    }
  | { readonly kind: "driverEnded"; readonly id: number; readonly end: DriverEnd };

/** Tasks of one lease that a thread of the pool runs one after another. */
export interface ThreadRun {
  readonly settings: ExecutorSettings;
  readonly lease: SharedLease;
  readonly tasks: readonly OwnSpec[];
  readonly cells: SharedArrayBuffer;
  /** What all threads hold of rows, and the word of this run in it. */
  readonly ledger: SharedArrayBuffer;
  readonly slot: number;
}

/** A serialized `LeaseSpec`, which all threads read in the same memory. */
export interface SharedLease {
  /** No other lease of the process has it. */
  readonly number: number;
  readonly bytes: SharedArrayBuffer;
}

/** How a thread learns that it is to run a driver. */
export interface DriverThreadData {
  readonly kind: "millraceDriver";
  readonly settings: ExecutorSettings;
  readonly spec: DriverSpec;
}

export type FromDriverThread =
  | { readonly kind: "question"; readonly questionId: number; readonly question: DriverQuestion }
  | { readonly kind: "ended"; readonly end: DriverEnd };

export interface ToDriverThread {
  readonly questionId: number;
  readonly answer: DriverAnswer;
}
