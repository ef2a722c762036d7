// The agent's own state: what it holds and which of its questions are under way.

import { reportsPerCallMax } from "../../proto/limits.ts";
import type { TaskProgress } from "../../proto/ports/executor.ts";
import type { DriverGrant, TaskGrant, TaskReport } from "../../proto/wire/generated/engine.ts";

/**
 *   granted ──► running ──ended──► reporting ──reported──► (forgotten)
 *                  └── lease lost ──► (cancelled and forgotten)
 */
export interface Attempt {
  readonly grant: TaskGrant;
  readonly taskIndex: number;
  progress: TaskProgress;
  /** Agent ticks since the attempt began; shows life while it still queues for a thread. */
  ticks: number;
}

/** A question to the leader: at most one of each kind is under way. */
export type Question =
  | { readonly kind: "idle" }
  | { readonly kind: "asked" }
  /** The last one failed; ask again when the agent's tick count reaches this. */
  | { readonly kind: "pausing"; readonly untilTick: number };

export type Membership = { readonly kind: "outside" } | { readonly kind: "member" };

export interface AgentOptions {
  readonly slots: number;
  readonly driverSlots: number;
  /** Ticks between two renewals. */
  readonly renewTicks: number;
  /** Ticks to wait after a failed question. */
  readonly pauseTicks: number;
}

export interface AgentState {
  readonly options: AgentOptions;
  membership: Membership;
  tick: number;
  nextRenewTick: number;
  /** Attempts that ended since the last tick. */
  endedSinceTick: number;
  /** Tasks taken beyond one more than there are slots: as many as end in a moment, 0 unless tasks are short. */
  ahead: number;
  /** Since before the last tick. */
  reportsWaited: boolean;
  register: Question;
  poll: Question;
  renew: Question;
  report: Question;
  /** By `token:taskIndex`. */
  readonly attempts: Map<string, Attempt>;
  readonly drivers: Map<string, DriverGrant>;
  /** Ended attempts whose report the leader has not acknowledged; bounded by slots plus one poll's grants. */
  reports: TaskReport[];
  /** 1 after the leader could not read a request of several: one of them spoils the rest. */
  reportsAtOnce: number;
}

export function initialAgentState(options: AgentOptions): AgentState {
  return {
    options,
    membership: { kind: "outside" },
    tick: 0,
    nextRenewTick: 0,
    endedSinceTick: 0,
    ahead: 0,
    reportsWaited: false,
    register: { kind: "idle" },
    poll: { kind: "idle" },
    renew: { kind: "idle" },
    report: { kind: "idle" },
    attempts: new Map(),
    drivers: new Map(),
    reports: [],
    reportsAtOnce: reportsPerCallMax,
  };
}

export function attemptKey(token: number, taskIndex: number): string {
  return `${token}:${taskIndex}`;
}
