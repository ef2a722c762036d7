// What clients are shown of jobs and of the cluster, as JSON inside replies.

import type { ErrorRecord } from "../errors.ts";
import type { CommittedOutput } from "../plan/bundle.ts";

export type JobStateName = "running" | "succeeded" | "failed" | "cancelled";

export interface StageView {
  readonly stageId: number;
  readonly label: string;
  readonly tasks: number;
  readonly done: number;
  readonly running: number;
  /** Attempts that ended without being accepted. */
  readonly retries: number;
  /** Times a finished task was run again because its output was lost. */
  readonly reruns: number;
}

export interface ActionView {
  readonly actionIndex: number;
  readonly label: string;
  /** Digest of the logical plan, by which a replay knows its own action again. */
  readonly planDigest: string;
  readonly state: "running" | "committing" | "succeeded" | "failed" | "cancelled";
  readonly stages: readonly StageView[];
  readonly output?: CommittedOutput;
  readonly error?: ErrorRecord;
}

export interface JobView {
  readonly jobId: string;
  readonly name: string;
  readonly state: JobStateName;
  /** Grows with every change of the job; pass it to GetJob to wait for the next one. */
  readonly revision: number;
  readonly submittedWallMs: number;
  readonly driver: "client" | "worker" | "waiting" | "ended";
  readonly actions: readonly ActionView[];
  /** Tagged JSON of what `run` returned, once succeeded. */
  readonly resultJson?: string;
  readonly error?: ErrorRecord;
}

export interface LockView {
  readonly name: string;
  /** Who holds it, in words of its own. */
  readonly holder: string;
  readonly token: number;
  /** Left of its lease unless it is renewed; undefined where only its holder or the end of its job ends it. */
  readonly remainingMs?: number;
  /** Claims in line for it. */
  readonly waiting: number;
}

export interface WorkerView {
  readonly workerId: string;
  readonly dataAddress: string;
  readonly slots: number;
  readonly running: number;
}

export interface MasterView {
  readonly masterId: string;
  readonly address: string;
  /** Names the data folder that joined under this id; empty for a founder. */
  readonly key: string;
  /** A learner gets the log and votes once it has caught up; one that is leaving still votes. */
  readonly role: "leader" | "voter" | "learner" | "leaving";
  /** Its log is known to agree with the leader's up to this entry. */
  readonly matchIndex: number;
  /** Entries of the leader's log that it is not known to have. */
  readonly lagEntries: number;
  /** Whether the leader heard from it within an election timeout. */
  readonly isHeard: boolean;
  /** Of a learner: the voter that leaves when it is promoted. */
  readonly replaces?: string;
}

export interface MastersView {
  readonly clusterId: string;
  readonly leader: string;
  readonly term: number;
  readonly masters: readonly MasterView[];
}

export interface ClusterView extends MastersView {
  readonly appliedIndex: number;
  readonly workers: readonly WorkerView[];
  readonly jobsRunning: number;
  readonly jobsEnded: number;
}

/** What one master has of a cluster that lost the majority of its masters. */
export interface RecoveryView {
  readonly masterId: string;
  /** The lost one. */
  readonly clusterId: string;
  /** Where this master was reached, and will be. */
  readonly address: string;
  /** All masters that it knows of, itself included. */
  readonly masters: readonly string[];
  /** The last entry of its log; of those up to `commitIndex` it knows that they are committed. */
  readonly lastIndex: number;
  readonly lastTerm: number;
  readonly commitIndex: number;
  readonly jobsRunning: number;
  readonly jobsEnded: number;
  /** The cluster that goes on, once its folder is written. */
  readonly recoveredClusterId?: string;
}
