// A snapshot read line by line, as it arrives, so that no master is busy with all of it at once.

import { EngineError, unreachable } from "../../proto/errors.ts";
import type { LeaseBug } from "./planted-bugs.ts";
import {
  type SnapshotRecord,
  type StoredAction,
  type StoredStage,
  snapshotVersion,
} from "./snapshot-records.ts";
import { type TaskRow, taskOfRow } from "./snapshot-tasks.ts";
import { addTask, indexStage } from "./stages.ts";
import {
  type ActionPhase,
  type ActionState,
  type ClusterState,
  emptyState,
  type JobState,
  type StageState,
} from "./state.ts";

export interface SnapshotDecoder {
  /** One line, without its end. Throws for what cannot be a part of a snapshot of this version. */
  take(line: string): void;
  /** After the last line. */
  finish(): ClusterState;
}

/** A running action of which not all stages are known yet. */
interface OpenAction {
  readonly action: StoredAction;
  readonly stages: StoredStage[];
  readonly wanted: number;
}

interface Progress {
  readonly state: ClusterState;
  records: number;
  isOver: boolean;
  job: JobState | undefined;
  open: OpenAction | undefined;
  /** Of the last running action: their tasks are still to come. */
  stages: readonly StageState[];
  taskCounts: number[];
}

/** `plantedBug`: for tests only. */
export function createSnapshotDecoder(plantedBug?: LeaseBug): SnapshotDecoder {
  const progress: Progress = {
    state: emptyState(plantedBug),
    ...{ records: 0, isOver: false, job: undefined, open: undefined, stages: [], taskCounts: [] },
  };
  return {
    take: (line) => {
      const record = parse(line);
      if (progress.records === 0) checkVersion(record);
      if (progress.isOver) throw corrupt("goes on after its end");
      takeRecord(progress, record);
      progress.records++;
    },
    finish: () => {
      if (!progress.isOver) throw corrupt("lacks a part of the state");
      return progress.state;
    },
  };
}

function corrupt(what: string, cause?: unknown): EngineError {
  return new EngineError("LOG_CORRUPT", `a scheduler snapshot ${what}`, {}, cause);
}

function parse(line: string): SnapshotRecord {
  let record: SnapshotRecord | null;
  try {
    record = JSON.parse(line);
  } catch (cause) {
    throw corrupt("is not JSON", cause);
  }
  if (typeof record !== "object" || record === null) throw corrupt("has a line that is no record");
  return record;
}

/** The bytes carry a checksum of their own; what is left to refuse is another version's meaning. */
function checkVersion(record: SnapshotRecord): void {
  const version = "version" in record ? record.version : undefined;
  if (version === snapshotVersion) return;
  throw new EngineError(
    "DATA_FOLDER_VERSION",
    `a scheduler snapshot has version ${version}, this program reads ${snapshotVersion}; ` +
      "run the version that wrote it",
  );
}

function takeRecord(progress: Progress, record: SnapshotRecord): void {
  const { state } = progress;
  switch (record.kind) {
    case "state": {
      const { appliedIndex, tick, tickTerm } = record;
      if (![appliedIndex, tick, tickTerm].every(Number.isSafeInteger) || progress.records > 0) {
        throw corrupt("lacks a part of the state");
      }
      state.appliedIndex = appliedIndex;
      state.tick = tick;
      state.tickTerm = tickTerm;
      return;
    }
    case "workers":
      for (const worker of listOf(record)) {
        state.workers.set(worker.workerId, { ...worker, leases: 0 });
      }
      return;
    case "locks":
      for (const [name, lock] of listOf(record)) state.locks.set(name, lock);
      return;
    case "endedClaims":
      for (const [owner, claim] of listOf(record)) state.endedClaims.set(owner, claim);
      return;
    case "sweeps":
      for (const [key, sweep] of listOf(record)) state.sweeps.set(key, sweep);
      return;
    case "bundle":
      state.bundles.set(...record.item);
      return;
    case "job":
      takeJob(progress, record);
      return;
    case "kept":
      takeKept(progress, record);
      return;
    case "action":
      takeAction(progress, record.action);
      return;
    case "stage":
      takeStage(progress, record);
      return;
    case "tasks":
      takeTasks(progress, record.stageAt, listOf(record));
      return;
    case "end":
      checkWhole(progress);
      if (record.records !== progress.records) throw corrupt("lacks a part of the state");
      progress.isOver = true;
      return;
    default:
      unreachable(record);
  }
}

function listOf<Item>({ items }: { readonly items: readonly Item[] }): readonly Item[] {
  if (!Array.isArray(items)) throw corrupt("lacks a part of the state");
  return items;
}

/** All that was begun is there. */
function checkWhole({ open, stages, taskCounts }: Progress): void {
  const isWhole = stages.every(({ tasks }, at) => tasks.length === taskCounts[at]);
  if (open !== undefined || !isWhole) throw corrupt("lacks a part of an action");
}

function jobOf({ job }: Progress): JobState {
  if (job === undefined) throw corrupt("has a part of a job without the job");
  return job;
}

function takeJob(
  progress: Progress,
  { job: fields }: Extract<SnapshotRecord, { kind: "job" }>,
): void {
  checkWhole(progress);
  const { state } = progress;
  const job: JobState = { ...fields, actions: new Map(), open: new Set(), kept: new Map() };
  state.jobs.set(job.jobId, job);
  if (job.phase.kind !== "ended") state.live.add(job.jobId);
  progress.job = job;
  progress.stages = [];
}

function takeKept(progress: Progress, record: Extract<SnapshotRecord, { kind: "kept" }>): void {
  const { kept } = jobOf(progress);
  const before = kept.get(record.name) ?? [];
  before.push(...listOf(record));
  kept.set(record.name, before);
}

function takeAction(progress: Progress, action: StoredAction): void {
  checkWhole(progress);
  progress.stages = [];
  progress.taskCounts = [];
  const { phase } = action;
  if (phase.kind !== "running") {
    putAction(progress, { ...action, phase });
    return;
  }
  progress.open = { action, stages: [], wanted: phase.stages };
  beginStages(progress, progress.open);
}

function takeStage(
  progress: Progress,
  { stage, tasks }: Extract<SnapshotRecord, { kind: "stage" }>,
): void {
  const { open } = progress;
  if (open === undefined) throw corrupt("has a stage without its action");
  open.stages.push(stage);
  progress.taskCounts.push(tasks);
  beginStages(progress, open);
}

/** Once all are known, since a stage has to know who reads it. */
function beginStages(progress: Progress, { action, stages, wanted }: OpenAction): void {
  if (stages.length < wanted || action.phase.kind !== "running") return;
  const plans = stages.map(({ plan }) => plan);
  progress.stages = stages.map((stage) => indexStage(plans, { ...stage, tasks: [] }));
  const phase: ActionPhase = { ...action.phase, stages: progress.stages };
  putAction(progress, { ...action, phase });
  progress.open = undefined;
}

function putAction(progress: Progress, action: ActionState): void {
  const job = jobOf(progress);
  job.actions.set(action.actionIndex, action);
  if (action.phase.kind !== "ended") job.open.add(action.actionIndex);
}

function takeTasks(progress: Progress, stageAt: number, rows: readonly TaskRow[]): void {
  const stage = progress.stages[stageAt];
  if (stage === undefined) throw corrupt("has tasks without their stage");
  for (const row of rows) {
    const task = taskOfRow(row);
    if (task === undefined) throw corrupt("has a task that is none");
    addTask(stage, task);
    const worker = task.kind === "leased" ? progress.state.workers.get(task.workerId) : undefined;
    if (worker !== undefined) worker.leases++;
  }
}
