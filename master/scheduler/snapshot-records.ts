// What a snapshot is made of: records, each a line of JSON that takes a few milliseconds to make or to read.

import type { StagePlan } from "../../proto/plan/stage.ts";
import type { TaskRow } from "./snapshot-tasks.ts";
import type {
  ActionPhase,
  ActionState,
  ClusterState,
  JobState,
  KeptTask,
  StageState,
} from "./state.ts";

export const snapshotVersion = 6;

type ValueOf<Whole> = Whole extends Map<unknown, infer Value> ? Value : never;
type EntryOf<Whole> = Whole extends Map<infer Key, infer Value> ? readonly [Key, Value] : never;

/** Without what follows from the tasks. */
export type StoredWorker = Omit<ValueOf<ClusterState["workers"]>, "leases">;
export type StoredJob = Omit<JobState, "actions" | "open" | "kept">;
export type StoredStage = Pick<
  StageState,
  "retries" | "reruns" | "rows" | "bytes" | "runnableTick" | "partitionBytes" | "starts"
> & { readonly plan: StagePlan };
/** Of a running action the stages follow, each in a record of its own. */
export type StoredPhase =
  | Exclude<ActionPhase, { kind: "running" }>
  | (Omit<Extract<ActionPhase, { kind: "running" }>, "stages"> & { readonly stages: number });
export type StoredAction = Omit<ActionState, "phase"> & { readonly phase: StoredPhase };

/** In this order; what belongs to something follows it, until the next of its kind. */
export type SnapshotRecord =
  | {
      readonly kind: "state";
      readonly version: number;
      readonly appliedIndex: number;
      readonly tick: number;
      readonly tickTerm: number;
    }
  | { readonly kind: "workers"; readonly items: readonly StoredWorker[] }
  | { readonly kind: "locks"; readonly items: readonly EntryOf<ClusterState["locks"]>[] }
  | {
      readonly kind: "endedClaims";
      readonly items: readonly EntryOf<ClusterState["endedClaims"]>[];
    }
  | { readonly kind: "sweeps"; readonly items: readonly EntryOf<ClusterState["sweeps"]>[] }
  | { readonly kind: "bundle"; readonly item: EntryOf<ClusterState["bundles"]> }
  | { readonly kind: "job"; readonly job: StoredJob }
  /** Some of what one kept stage of the job made; the next ones of this name go on. */
  | { readonly kind: "kept"; readonly name: string; readonly items: readonly (KeptTask | null)[] }
  | { readonly kind: "action"; readonly action: StoredAction }
  /** `tasks`: how many there are. */
  | { readonly kind: "stage"; readonly stage: StoredStage; readonly tasks: number }
  /** Some tasks of a stage of the action, by its place; the next ones of it go on. */
  | { readonly kind: "tasks"; readonly stageAt: number; readonly items: readonly TaskRow[] }
  /** The last one, with how many there are. */
  | { readonly kind: "end"; readonly records: number };
