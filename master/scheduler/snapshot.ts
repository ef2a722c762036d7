// The state as text and back: what a snapshot holds, and what replicas compare.

import { EngineError } from "../../proto/errors.ts";
import { digestText } from "../../proto/plan/digest.ts";
import { type JsonPiece, type JsonPieces, jsonPieces } from "./json-pieces.ts";
import type { LeaseBug } from "./planted-bugs.ts";
import { indexStage } from "./stages.ts";
import {
  type ActionPhase,
  type ActionState,
  type ClusterState,
  emptyState,
  type JobState,
  type KeptTask,
  type StageState,
} from "./state.ts";

export const snapshotVersion = 4;

type StoredStage = Omit<
  StageState,
  "consumers" | "pending" | "delayed" | "running" | "done" | "lost"
>;
type StoredPhase =
  | Exclude<ActionPhase, { kind: "running" }>
  | (Omit<Extract<ActionPhase, { kind: "running" }>, "stages"> & {
      readonly stages: readonly StoredStage[];
    });
type StoredAction = Omit<ActionState, "phase"> & { readonly phase: StoredPhase };
type StoredJob = Omit<JobState, "actions" | "open" | "kept"> & {
  readonly actions: readonly StoredAction[];
  readonly kept: readonly (readonly [string, (KeptTask | null)[]])[];
};

interface StoredState {
  readonly version: number;
  readonly appliedIndex: number;
  readonly tick: number;
  readonly tickTerm: number;
  readonly workers: readonly Omit<
    ClusterState["workers"] extends Map<unknown, infer Worker> ? Worker : never,
    "leases"
  >[];
  readonly bundles: readonly (readonly [string, unknown])[];
  readonly jobs: readonly StoredJob[];
  readonly locks: readonly (readonly [string, unknown])[];
  readonly endedClaims: readonly (readonly [string, unknown])[];
  readonly sweeps: readonly (readonly [string, unknown])[];
}

/**
 * The state as JSON, in pieces of a few milliseconds each. They may be made later, one by one, while
 * the state goes on changing: what changes in place is copied here, and all else is only replaced.
 */
export function snapshotPieces(state: ClusterState): readonly JsonPiece[] {
  const json = jsonPieces();
  const stored = {
    version: snapshotVersion,
    appliedIndex: state.appliedIndex,
    tick: state.tick,
    tickTerm: state.tickTerm,
    workers: [...state.workers.values()].map(({ leases: _, ...worker }) => worker),
    locks: [...state.locks],
    endedClaims: [...state.endedClaims],
    sweeps: [...state.sweeps],
  };
  json.begin(stored, "bundles");
  // Each may have megabytes.
  const bundles = [...state.bundles].map(([sha256, bundle]) => [sha256, { ...bundle }]);
  json.list(bundles, 1);
  json.text(`,"jobs":`);
  json.each([...state.jobs.values()], (job) => putJob(json, job));
  json.text("}");
  return json.pieces();
}

function putJob(json: JsonPieces, { open: _, actions, kept, ...fields }: JobState): void {
  const copied = [...kept].map(([name, tasks]) => [name, [...tasks]]);
  json.begin({ ...fields, kept: copied }, "actions");
  json.each([...actions.values()], (action) => putAction(json, action));
  json.text("}");
}

function putAction(json: JsonPieces, { phase, ...fields }: ActionState): void {
  json.begin(fields, "phase");
  if (phase.kind === "running") {
    const { stages: _, ...head } = phase;
    json.begin(head, "stages");
    json.each(phase.stages, (stage) => putStage(json, stage));
    json.text("}}");
  } else {
    json.value(phase);
    json.text("}");
  }
}

function putStage(json: JsonPieces, stage: StageState): void {
  const { plan, tasks, retries, reruns, rows, bytes, runnableTick } = stage;
  const { partitionBytes, starts } = stage;
  json.begin({ retries, reruns, rows, bytes, runnableTick, partitionBytes, starts }, "plan");
  json.value(plan);
  json.text(`,"tasks":`);
  json.list(tasks);
  json.text("}");
}

/** Canonical: equal states give equal text. */
export function encodeSnapshot(state: ClusterState): string {
  return snapshotPieces(state)
    .map((piece) => piece())
    .join("");
}

/** Equal on replicas that applied the same entries. */
export function digest(state: ClusterState): string {
  return digestText(encodeSnapshot(state));
}

/** `plantedBug`: for tests only. */
export function decodeSnapshot(text: string, plantedBug?: LeaseBug): ClusterState {
  const stored = parse(text);
  const state = emptyState(plantedBug);
  state.appliedIndex = stored.appliedIndex;
  state.tick = stored.tick;
  state.tickTerm = stored.tickTerm;
  for (const worker of stored.workers) {
    state.workers.set(worker.workerId, { ...worker, leases: 0 });
  }
  fill(state.bundles, stored.bundles);
  fill(state.locks, stored.locks);
  fill(state.endedClaims, stored.endedClaims);
  fill(state.sweeps, stored.sweeps);
  for (const job of stored.jobs) restoreJob(state, job);
  return state;
}

function fill<Key, Value>(map: Map<Key, Value>, entries: readonly (readonly [string, unknown])[]) {
  for (const [key, value] of entries) map.set(key as Key, value as Value);
}

/** The bytes carry a checksum of their own; what is left to refuse is another version's meaning. */
function parse(text: string): StoredState {
  let stored: Partial<StoredState> | null;
  try {
    stored = JSON.parse(text);
  } catch (cause) {
    throw new EngineError("LOG_CORRUPT", "a scheduler snapshot is not JSON", {}, cause);
  }
  if (typeof stored !== "object" || stored === null || stored.version !== snapshotVersion) {
    throw new EngineError(
      "DATA_FOLDER_VERSION",
      `a scheduler snapshot has version ${stored?.version}, ` +
        `this program reads ${snapshotVersion}; ` +
        "run the version that wrote it",
    );
  }
  const numbers = [stored.appliedIndex, stored.tick, stored.tickTerm];
  const { workers, bundles, jobs, locks, endedClaims, sweeps } = stored;
  const lists = [workers, bundles, jobs, locks, endedClaims, sweeps];
  if (!numbers.every(Number.isSafeInteger) || !lists.every(Array.isArray)) {
    throw new EngineError("LOG_CORRUPT", "a scheduler snapshot lacks a part of the state");
  }
  return stored as StoredState;
}

function restoreJob(state: ClusterState, stored: StoredJob): void {
  const { actions, kept, ...fields } = stored;
  const job: JobState = { ...fields, actions: new Map(), open: new Set(), kept: new Map(kept) };
  state.jobs.set(job.jobId, job);
  if (job.phase.kind !== "ended") state.live.add(job.jobId);
  for (const action of actions) {
    job.actions.set(action.actionIndex, { ...action, phase: restorePhase(action.phase) });
    if (action.phase.kind !== "ended") job.open.add(action.actionIndex);
    if (action.phase.kind === "running") {
      restoreLeases(state, action.phase.stages);
    }
  }
}

function restorePhase(phase: StoredPhase): ActionPhase {
  if (phase.kind !== "running") return phase;
  const plans = phase.stages.map((stage) => stage.plan);
  return { ...phase, stages: phase.stages.map((stage) => indexStage(plans, stage)) };
}

function restoreLeases(state: ClusterState, stages: readonly StoredStage[]): void {
  for (const stage of stages) {
    for (const task of stage.tasks) {
      const worker = task.kind === "leased" ? state.workers.get(task.workerId) : undefined;
      if (worker !== undefined) worker.leases++;
    }
  }
}
