// Everything the replicated log can say to the scheduler, and everything the scheduler answers.

import type { ErrorRecord } from "../../proto/errors.ts";
import type { Incarnation, JobId, Sha256, TaskRef, WorkerId } from "../../proto/ids.ts";
import type { CounterValues } from "../../proto/plan/bundle.ts";
import type { StageGraph } from "../../proto/plan/stage.ts";
import type { TaskUpload } from "../../proto/ports/executor.ts";

/** Version of the meaning of commands; a replica refuses a log from a later one. */
export const commandVersion = 5;

export interface RenewedLease extends TaskRef {
  readonly token: number;
  /** Any integer that changes with progress. */
  readonly progress: number;
  readonly rows: number;
  readonly bytes: number;
}

export interface RenewedDriverLease {
  readonly jobId: JobId;
  readonly token: number;
}

export interface DoneReport {
  readonly kind: "done";
  /** Read. */
  readonly rows: number;
  readonly bytes: number;
  /** Made; not set in reports of versions that did not tell. */
  readonly rowsOut?: number;
  readonly bytesOut: number;
  readonly digest: string;
  /** Of each partition of its output, where the grant asked for it. */
  readonly partitionBytes?: readonly number[];
  readonly resultJson?: string;
  /** Sorted by name. */
  readonly counters?: CounterValues;
  readonly uploads?: readonly TaskUpload[];
}

export type ReportOutcome = DoneReport | { readonly kind: "failed"; readonly error: ErrorRecord };

export interface LeaseReport extends TaskRef {
  readonly token: number;
  readonly outcome: ReportOutcome;
}

export type Command =
  /** `term`: of the leader that waited for it. */
  | { readonly kind: "tick"; readonly term: number }
  // Clients and drivers.
  | { readonly kind: "putBundle"; readonly sha256: Sha256; readonly codeBase64: string }
  | {
      readonly kind: "submitJob";
      readonly jobId: JobId;
      readonly name: string;
      readonly paramsJson: string;
      readonly bundleSha256: Sha256;
      readonly seed: number;
      readonly submittedWallMs: number;
      readonly workingFolder: string;
      readonly detached: boolean;
    }
  | {
      readonly kind: "startAction";
      readonly jobId: JobId;
      readonly driverToken: number;
      readonly graph: StageGraph;
    }
  | { readonly kind: "renewDriver"; readonly jobId: JobId; readonly driverToken: number }
  | {
      readonly kind: "finishJob";
      readonly jobId: JobId;
      readonly driverToken: number;
      readonly end: JobFinish;
    }
  | { readonly kind: "cancelJob"; readonly jobId: JobId; readonly reason: string }
  // Workers.
  | {
      readonly kind: "registerWorker";
      readonly workerId: WorkerId;
      readonly incarnation: Incarnation;
      readonly dataAddress: string;
      readonly slots: number;
      readonly weight: number;
      /** The member that goes for it: only who was told of that one knows that it is over. */
      readonly replaces: Incarnation | undefined;
    }
  | {
      readonly kind: "grantTasks";
      readonly workerId: WorkerId;
      readonly incarnation: Incarnation;
      readonly tasks: readonly TaskRef[];
    }
  | {
      readonly kind: "grantDriver";
      readonly workerId: WorkerId;
      readonly incarnation: Incarnation;
      readonly jobId: JobId;
    }
  | {
      readonly kind: "renew";
      readonly workerId: WorkerId;
      readonly incarnation: Incarnation;
      readonly tasks: readonly RenewedLease[];
      readonly drivers: readonly RenewedDriverLease[];
      readonly heldJobs: readonly JobId[];
    }
  | {
      readonly kind: "report";
      readonly workerId: WorkerId;
      readonly reports: readonly LeaseReport[];
    }
  // The leader itself, about what it did in the store.
  | { readonly kind: "actionCommitted"; readonly jobId: JobId; readonly actionIndex: number }
  | {
      readonly kind: "actionCommitFailed";
      readonly jobId: JobId;
      readonly actionIndex: number;
      readonly error: ErrorRecord;
    }
  | { readonly kind: "actionSwept"; readonly jobId: JobId; readonly actionIndex: number }
  // Named locks. `owner` is the id of the claim: asking again with it changes nothing.
  | {
      readonly kind: "acquireLock";
      readonly name: string;
      readonly owner: string;
      readonly holder: string;
      readonly ttlLoggedTicks: number;
      /** 0: refused at once where it is held. */
      readonly waitLoggedTicks: number;
    }
  | {
      readonly kind: "renewLock";
      readonly name: string;
      readonly owner: string;
      readonly token: number;
      readonly ttlLoggedTicks: number;
    }
  | {
      readonly kind: "releaseLock";
      readonly name: string;
      /** Empty: whoever holds it with this token, as its operator says. */
      readonly owner: string;
      readonly token: number;
    };

export type JobFinish =
  | { readonly kind: "succeeded"; readonly resultJson: string }
  | { readonly kind: "failed"; readonly error: ErrorRecord };

export type CommandReply =
  | { readonly kind: "error"; readonly error: ErrorRecord }
  | { readonly kind: "ok" }
  /** `driverToken` is 0 for detached jobs. */
  | { readonly kind: "submitted"; readonly driverToken: number }
  | { readonly kind: "driver"; readonly held: boolean }
  /** `holder`: another incarnation has the name, and nothing changed. */
  | { readonly kind: "registered"; readonly holder: Incarnation | undefined }
  | { readonly kind: "cancelled"; readonly state: "running" | "succeeded" | "failed" | "cancelled" }
  /** The tasks that were still free; maybe none. */
  | { readonly kind: "granted"; readonly token: number; readonly tasks: readonly TaskRef[] }
  | { readonly kind: "driverGranted"; readonly token: number }
  | {
      readonly kind: "renewed";
      /** False: this incarnation is not a member; it registers again and drops everything. */
      readonly known: boolean;
      readonly lostTasks: readonly RenewedLease[];
      readonly lostDrivers: readonly RenewedDriverLease[];
      readonly releasedJobs: readonly JobId[];
    }
  | { readonly kind: "verdicts"; readonly verdicts: readonly Verdict[] }
  | { readonly kind: "locked"; readonly token: number }
  /** The claim has its place among those that wait. */
  | { readonly kind: "lockWaits" }
  /** `held`: this claim held the lock until now. */
  | { readonly kind: "lockReleased"; readonly held: boolean };

/**
 * accepted: counts, or already counted for this token. stale: changes nothing; delete what was
 * made.
 */
export type Verdict = "accepted" | "stale";

/** Every kind that this version knows. */
export const commandKinds: Readonly<Record<Command["kind"], true>> = {
  tick: true,
  putBundle: true,
  submitJob: true,
  startAction: true,
  renewDriver: true,
  finishJob: true,
  cancelJob: true,
  registerWorker: true,
  grantTasks: true,
  grantDriver: true,
  renew: true,
  report: true,
  actionCommitted: true,
  actionCommitFailed: true,
  actionSwept: true,
  acquireLock: true,
  renewLock: true,
  releaseLock: true,
};
