// The replicated state of the scheduler: plain data, changed only by `apply`.
// Fields marked "derived" follow from the others; snapshots leave them out and restoring rebuilds
// them.

import type { ErrorRecord } from "../../proto/errors.ts";
import type { Incarnation, JobId, Sha256, WorkerId } from "../../proto/ids.ts";
import type { ActionOutcome, CounterValues } from "../../proto/plan/bundle.ts";
import type { OutputFormat } from "../../proto/plan/logical.ts";
import type { LockStep, StagePlan } from "../../proto/plan/stage.ts";
import type { TaskUpload } from "../../proto/ports/executor.ts";
import type { StageView } from "../../proto/wire/views.ts";
import type { Ring } from "../placement/ring.ts";
import type { LeaseBug } from "./planted-bugs.ts";

export interface ClusterState {
  appliedIndex: number;
  /** Logged ticks since the cluster began: the only time there is. */
  tick: number;
  readonly workers: Map<WorkerId, WorkerState>;
  readonly bundles: Map<Sha256, BundleState>;
  /** In order of submission. */
  readonly jobs: Map<JobId, JobState>;
  /** The term of the leader that last let time pass. */
  tickTerm: number;
  readonly locks: Map<string, LockState>;
  /** Claims that are over, by owner and lock, in order of their ends. */
  readonly endedClaims: Map<string, EndedClaim>;
  readonly sweeps: Map<string, SweepState>;
  /** Derived: jobs that have not ended, in order of submission. */
  readonly live: Set<JobId>;
  /** Derived: built when first asked for after a change of membership. */
  ring: Ring | undefined;
  /** Derived: locks freed by this entry, for which claims wait. */
  readonly freedLocks: Set<string>;
  /** Known mistakes are for tests only; no snapshot carries one. */
  readonly plantedBug: LeaseBug | undefined;
}

export interface WorkerState {
  readonly workerId: WorkerId;
  readonly incarnation: Incarnation;
  readonly dataAddress: string;
  readonly slots: number;
  readonly weight: number;
  renewedTick: number;
  /** Derived: how many tasks are leased to it. Which ones, their stages tell. */
  leases: number;
}

export interface BundleState {
  readonly codeBase64: string;
  /** Live jobs that use it. */
  users: number;
  unusedSinceTick: number;
}

/** One attempt to hold a lock, by whoever made up its id. */
export interface LockClaim {
  /** Unique to the attempt: asking again with it changes nothing. */
  readonly owner: string;
  /** For people. */
  readonly holder: string;
  /** 0: held until released. */
  readonly ttlLoggedTicks: number;
  /** The lock step of a job that made the claim. */
  readonly step?: { readonly jobId: JobId; readonly actionIndex: number };
}

export interface LockWaiter extends LockClaim {
  readonly deadlineTick: number;
}

export interface LockState {
  /** Undefined only within the entry that freed it, while claims wait. */
  claim: LockClaim | undefined;
  /** Log index of the grant: rises from grant to grant. */
  token: number;
  /** 0: held until released. */
  expiresTick: number;
  /** In order of their coming. */
  readonly waiters: LockWaiter[];
}

export interface EndedClaim {
  readonly how: "released" | "expired" | "refused";
  /** 0 when it was never granted. */
  readonly token: number;
  readonly tick: number;
}

/**
 * Uploads of an ended action that the store may still hold: removed once no zombie can write any
 * more.
 */
export interface SweepState {
  readonly jobId: JobId;
  readonly actionIndex: number;
  readonly folderUri: string;
  readonly dueTick: number;
  /** Its attempts have tokens below; a later action of the job may write to the same folder again. */
  readonly tokenEnd: number;
  /** Swept once already; what a request that was given up left later is removed then. */
  readonly again: boolean;
}

export type JobEnd =
  | { readonly kind: "succeeded"; readonly resultJson: string }
  | { readonly kind: "failed"; readonly error: ErrorRecord }
  | { readonly kind: "cancelled"; readonly error: ErrorRecord };

export type JobPhase =
  | { readonly kind: "running" }
  /** The end is decided; an output is still being committed, and that always completes first. */
  | { readonly kind: "ending"; readonly end: JobEnd }
  | { readonly kind: "ended"; readonly end: JobEnd };

export type DriverState =
  | { readonly kind: "client"; readonly token: number; readonly renewedTick: number }
  | {
      readonly kind: "worker";
      readonly token: number;
      readonly workerId: WorkerId;
      readonly renewedTick: number;
    }
  | { readonly kind: "waiting" }
  /** `token`: of the last driver, so that it may repeat its last words; 0 when there was none. */
  | { readonly kind: "ended"; readonly token: number };

export interface JobState {
  readonly jobId: JobId;
  readonly name: string;
  readonly paramsJson: string;
  readonly bundleSha256: Sha256;
  readonly seed: number;
  readonly submittedWallMs: number;
  readonly workingFolder: string;
  readonly detached: boolean;
  readonly submittedIndex: number;
  /** Log index of the last visible change. */
  revision: number;
  phase: JobPhase;
  driver: DriverState;
  /** Drivers whose lease ran out since the last new action. */
  driversLost: number;
  /** In order of their start. */
  readonly actions: Map<number, ActionState>;
  /** By the name of the stage; null where the output was lost. */
  readonly kept: Map<string, (KeptTask | null)[]>;
  /** UTF-8 bytes of all recorded outcomes as JSON. */
  historyBytes: number;
  /** Derived: actions that have not ended. */
  readonly open: Set<number>;
}

/** What is kept of a stage once its tasks are over. */
export interface StageSummary extends StageView {
  readonly rows: number;
  readonly bytes: number;
  readonly inputBytes: number;
}

/** How an action ends once its cleanup is over. */
export interface ActionEnding {
  readonly outcome: ActionOutcome;
  readonly cancelled: boolean;
  /** By then the cleanup is given up. */
  readonly dueTick: number;
}

export type ActionPhase =
  | {
      readonly kind: "running";
      readonly stages: readonly StageState[];
      /** Set while the stage is the cleanup of an action whose end is decided. */
      readonly ending?: ActionEnding;
    }
  /**
   * The list is fixed: from here the action ends committed, unless the store itself lost an upload.
   */
  | {
      readonly kind: "committing";
      readonly stages: readonly StageSummary[];
      readonly uploads: readonly TaskUpload[];
      /** Accepted token by task of the last stage: a repeated report is still told "accepted". */
      readonly tokens: readonly number[];
      readonly counters: CounterValues;
    }
  | {
      readonly kind: "ended";
      readonly stages: readonly StageSummary[];
      readonly outcome: ActionOutcome;
      readonly tokens: readonly number[];
      readonly cancelled: boolean;
    };

export interface ActionState {
  readonly actionIndex: number;
  readonly planDigest: string;
  readonly label: string;
  readonly startedIndex: number;
  /** Its result counts rows for the plan of the action that follows. */
  readonly measures?: true;
  /** Given back with the result. */
  readonly note?: string;
  /** Where the output goes, and as what; empty for results. */
  readonly folderUri: string;
  readonly format: OutputFormat | "";
  /** Makes visible what an earlier action staged: the end of its job lets it go on. */
  readonly publishes?: true;
  /** Runs when the action failed or was cancelled, before its outcome is recorded. */
  readonly cleanup?: StagePlan;
  /** Set where the action only takes or gives back a lock; it has no stages then. */
  readonly lock?: LockStep;
  revision: number;
  /**
   * Tasks changed since the last tick: the next one raises the revision, so that watchers are not
   * flooded.
   */
  touched: boolean;
  /** UTF-8 bytes of the result parts accepted so far. */
  resultBytes: number;
  phase: ActionPhase;
}

export interface StageState {
  readonly plan: StagePlan;
  readonly tasks: TaskState[];
  /** Attempts that ended without being accepted. */
  retries: number;
  /** Times a finished task was run again because its output was lost. */
  reruns: number;
  /** Rows and bytes read by tasks accepted so far, each task once. */
  rows: number;
  bytes: number;
  /** Tick at which its inputs were last completed. */
  runnableTick: number;
  /** Sums over its tasks by partition, each task once, where a reader is cut by them. */
  partitionBytes?: number[] | undefined;
  /** Of a stage that coalesces partitions, once they were cut: the first one of each task. */
  starts?: readonly number[] | undefined;
  /** Derived: stages that read this one. */
  readonly consumers: readonly number[];
  /** Derived: task indices by state. `delayed` ones are pending too, but not yet due. */
  readonly pending: Set<number>;
  readonly delayed: Set<number>;
  readonly running: Set<number>;
  /**
   * Derived: tasks that are done with an output that still exists, and those whose output is lost.
   */
  done: number;
  lost: number;
}

/** What a task went through so far. */
export interface TaskTrials {
  /** Attempts granted. */
  readonly attempt: number;
  readonly failures: number;
  readonly deaths: number;
  readonly fetchFailures: number;
  /** Digest of an earlier accepted output that was lost since; empty when there was none. */
  readonly priorDigest: string;
}

export interface PendingTask extends TaskTrials {
  readonly kind: "pending";
  readonly dueTick: number;
}

export interface LeasedTask extends TaskTrials {
  readonly kind: "leased";
  readonly token: number;
  readonly workerId: WorkerId;
  readonly renewedTick: number;
  readonly progress: number;
  readonly progressTick: number;
  readonly rows: number;
  readonly bytes: number;
}

export interface DoneTask extends TaskTrials {
  readonly kind: "done";
  readonly token: number;
  readonly workerId: WorkerId;
  readonly digest: string;
  readonly rows: number;
  readonly bytes: number;
  /** Of its output. */
  readonly bytesOut: number;
  readonly resultJson?: string;
  readonly counters?: CounterValues;
  readonly uploads?: readonly TaskUpload[];
  /** The stage that sealed the output, where it is of an earlier action. */
  readonly origin?: OutputOrigin;
}

/** Names of sealed outputs begin with the action and the stage that made them. */
export interface OutputOrigin {
  readonly actionIndex: number;
  readonly stageId: number;
}

/** One task's output that a job keeps for later actions. */
export interface KeptTask {
  readonly token: number;
  readonly workerId: WorkerId;
  readonly digest: string;
  readonly rows: number;
  readonly bytes: number;
  readonly bytesOut: number;
  readonly origin: OutputOrigin;
}

/** Finished and used, then its output went away; runs again only when somebody needs it again. */
export interface LostTask extends TaskTrials {
  readonly kind: "lost";
  readonly rows: number;
  readonly bytes: number;
  readonly counters?: CounterValues;
}

export type TaskState = PendingTask | LeasedTask | DoneTask | LostTask;

export function emptyState(plantedBug?: LeaseBug): ClusterState {
  return {
    appliedIndex: 0,
    tick: 0,
    tickTerm: 0,
    workers: new Map(),
    bundles: new Map(),
    jobs: new Map(),
    locks: new Map(),
    endedClaims: new Map(),
    sweeps: new Map(),
    live: new Set(),
    ring: undefined,
    freedLocks: new Set(),
    plantedBug,
  };
}
