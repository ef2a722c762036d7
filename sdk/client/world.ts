// What a client needs from the outside, and what it is told and tells of a job.

import type { CommittedOutput, JobBundle } from "../../proto/plan/bundle.ts";
import type { Clock } from "../../proto/ports/clock.ts";
import type { LeaderCalls } from "../../proto/ports/leader.ts";
import type { RandomStream } from "../../proto/ports/random.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";
import type { StageProgress } from "../../proto/wire/generated/engine.ts";

export interface ClientWorld {
  readonly leader: LeaderCalls;
  readonly clock: Clock;
  readonly random: RandomStream;
  readonly store: ObjectStore;
  /** Folder that this process and all workers reach, for rows on their way to `run`. */
  readonly scratchUri?: string;
}

/** A job module that was compiled and loaded into this process. */
export interface CompiledJob {
  readonly bundle: JobBundle;
  /** What is sent to the cluster. */
  readonly code: Uint8Array;
  readonly sha256: string;
}

/** How the action under way is doing. */
export interface ActionProgress {
  readonly actionIndex: number;
  readonly label: string;
  readonly stages: readonly StageProgress[];
}

export type OnProgress = (action: ActionProgress) => void;

export interface FinishedJob {
  readonly jobId: string;
  /** Tagged JSON of what `run` returned. */
  readonly resultJson: string;
  /** In order of the actions that wrote them. */
  readonly outputs: readonly CommittedOutput[];
}
