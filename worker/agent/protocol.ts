// What the agent is told and what it asks for: closed unions, one switch on each side.

import type { ErrorRecord } from "../../proto/errors.ts";
import type { TaskOutcome, TaskProgress } from "../../proto/ports/executor.ts";
import type {
  DriverGrant,
  GrantedTask,
  RenewedDriver,
  RenewedTask,
  TaskGrant,
  TaskReport,
} from "../../proto/wire/generated/engine.ts";

/** Names one attempt on this worker: the lease's token and the task's index within the lease. */
export interface AttemptKey {
  readonly token: number;
  readonly taskIndex: number;
}

/**
 * Answers to questions that were asked under an earlier incarnation are not events: they say nothing
 * about this one.
 */
export type AgentEvent =
  /** Time passes; the agent counts these and knows no other time. */
  | { readonly kind: "tick" }
  | { readonly kind: "registered" }
  | { readonly kind: "registerFailed" }
  | {
      readonly kind: "polled";
      readonly grants: readonly TaskGrant[];
      readonly drivers: readonly DriverGrant[];
    }
  | { readonly kind: "pollFailed"; readonly error: ErrorRecord }
  | {
      readonly kind: "renewed";
      readonly known: boolean;
      readonly lostTasks: readonly RenewedTask[];
      readonly lostDrivers: readonly RenewedDriver[];
      readonly releasedJobs: readonly string[];
    }
  | { readonly kind: "renewFailed"; readonly error: ErrorRecord }
  | { readonly kind: "progressed"; readonly key: AttemptKey; readonly progress: TaskProgress }
  | { readonly kind: "ended"; readonly key: AttemptKey; readonly outcome: TaskOutcome }
  | { readonly kind: "reported"; readonly reports: readonly TaskReport[] }
  | {
      readonly kind: "reportFailed";
      readonly reports: readonly TaskReport[];
      readonly error: ErrorRecord;
    }
  /** The driver program ended and its end was told to the leader, or it lost its lease. */
  | { readonly kind: "driverEnded"; readonly jobId: string; readonly token: number };

export type AgentEffect =
  /** Under an incarnation that was never used before. */
  | { readonly kind: "register" }
  | {
      readonly kind: "poll";
      readonly freeSlots: number;
      /** More of them than slots, where tasks are short. */
      readonly freeAhead: number;
      readonly freeDriverSlots: number;
    }
  | {
      readonly kind: "renew";
      readonly tasks: readonly RenewedTask[];
      readonly drivers: readonly RenewedDriver[];
    }
  | { readonly kind: "report"; readonly reports: readonly TaskReport[] }
  /** Get what the attempt needs (bundle, history), then run it; ends in `ended`. */
  | { readonly kind: "run"; readonly grant: TaskGrant; readonly task: GrantedTask }
  | { readonly kind: "cancel"; readonly key: AttemptKey }
  | { readonly kind: "runDriver"; readonly grant: DriverGrant }
  | { readonly kind: "cancelDriver"; readonly jobId: string }
  /** Delete the sealed outputs of a job that ended. */
  | { readonly kind: "release"; readonly jobId: string };
