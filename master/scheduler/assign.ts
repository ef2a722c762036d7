// Which tasks a worker gets when it asks: policy of the leader alone, checked again when the grant
// applies.

import { type JobId, type TaskRef, taskName, type WorkerId } from "../../proto/ids.ts";
import { placementWaitLoggedTicks, tasksPerGrantMax } from "../../proto/limits.ts";
import { placePartitions } from "../placement/owners.ts";
import { type RunningAction, refOf, runningActions, runningJobs } from "./find.ts";
import { isRunnable } from "./stages.ts";
import type { ClusterState, StageState, WorkerState } from "./state.ts";
import { ringOf } from "./workers.ts";

/** Tasks whose grant is under way, by name: not to be given away twice. */
export type Reserved = ReadonlySet<string>;

/** Pending tasks looked at in one stage: bounds the work of one question. */
const lookedAtMax = 8192;

/** What a worker has room for: tasks, and beyond these tasks that are known to be short. */
export interface Room {
  readonly slots: number;
  readonly ahead: number;
}

/** Of what is left of a stage, workers take no more ahead than its share of as many as these times all workers. */
const aheadShares = 4;

/** Tasks of one stage, the earliest that has any for this worker; maybe none. */
export function assign(
  state: ClusterState,
  workerId: WorkerId,
  room: Room,
  reserved: Reserved,
): readonly TaskRef[] {
  const worker = state.workers.get(workerId);
  if (worker === undefined || room.slots <= 0) return [];
  for (const running of runningActions(state)) {
    for (const stage of running.stages) {
      if (stage.pending.size === 0 || !isRunnable(running.stages, stage)) continue;
      const wanted = Math.min(room.slots + aheadOf(state, stage, room), tasksPerGrantMax);
      const tasks = chooseTasks(running, stage, worker, wanted, reserved);
      if (tasks.length > 0) return tasks;
    }
  }
  return [];
}

/**
 * Tasks that a worker takes before it has a slot for them: of a stage that has ended as many, and never so many that
 * others would have nothing left to do if what is taken proves to be long.
 */
function aheadOf(state: ClusterState, { pending, done }: StageState, room: Room): number {
  const share = Math.floor(pending.size / (aheadShares * state.workers.size));
  return Math.min(room.ahead, done, share);
}

function chooseTasks(
  running: RunningAction,
  stage: StageState,
  worker: WorkerState,
  wanted: number,
  reserved: Reserved,
): readonly TaskRef[] {
  const { state } = running;
  const waited = state.tick - stage.runnableTick >= placementWaitLoggedTicks;
  const ownerOf = preferred(running, stage);
  if (ownerOf === undefined) {
    const share = waited ? wanted : fairShare(state, worker, stage.pending.size);
    return takeFree(running, stage, Math.min(wanted, share), reserved, () => true);
  }
  const { workerId } = worker;
  const isOwn = (taskIndex: number) => ownerOf(taskIndex) === workerId;
  const own = takeFree(running, stage, wanted, reserved, isOwn);
  if (own.length > 0) return own;
  return takeFree(running, stage, wanted, reserved, (taskIndex) => {
    const owner = state.workers.get(ownerOf(taskIndex) as WorkerId);
    return owner === undefined || waited || owner.leases >= owner.slots;
  });
}

/** The first free tasks that suit. */
function takeFree(
  running: RunningAction,
  stage: StageState,
  wanted: number,
  reserved: Reserved,
  suits: (taskIndex: number) => boolean,
): readonly TaskRef[] {
  const tasks: TaskRef[] = [];
  let lookedAt = 0;
  for (const taskIndex of stage.pending) {
    if (tasks.length >= wanted || lookedAt++ >= lookedAtMax) break;
    if (!suits(taskIndex)) continue;
    const ref = refOf(running, stage, taskIndex);
    if (!reserved.has(taskName(ref))) tasks.push(ref);
  }
  return tasks;
}

/** Tasks that this worker may still take so that none idles while another hoards. */
function fairShare(state: ClusterState, worker: WorkerState, pending: number): number {
  let slots = 0;
  let leased = 0;
  for (const other of state.workers.values()) {
    slots += other.slots;
    leased += other.leases;
  }
  return Math.ceil(((leased + pending) * worker.slots) / slots) - worker.leases;
}

/** The worker that a task prefers; undefined when the stage has no preference. */
function preferred(
  running: RunningAction,
  stage: StageState,
): ((taskIndex: number) => string | undefined) | undefined {
  const { placement } = stage.plan;
  switch (placement.kind) {
    case "any":
      return undefined;
    case "ring": {
      const owners = ownersOf(running, stage);
      return (taskIndex) => owners[taskIndex];
    }
    case "with": {
      const tasks = running.stages[placement.stageId]!.tasks;
      return (taskIndex) => {
        const task = tasks[taskIndex];
        return task?.kind === "done" ? task.workerId : undefined;
      };
    }
  }
}

/**
 * Stages of an action share the owners of equal numbers of partitions, so that joined partitions
 * meet.
 */
function ownersOf(running: RunningAction, stage: StageState): readonly string[] {
  const { job, action, state } = running;
  return placePartitions(ringOf(state), `${job.jobId}/a${action.actionIndex}`, stage.tasks.length);
}

/** The longest waiting job that needs a driver. */
export function assignDriver(
  state: ClusterState,
  freeDriverSlots: number,
  reserved: ReadonlySet<JobId>,
): JobId | undefined {
  if (freeDriverSlots <= 0) return undefined;
  for (const job of runningJobs(state)) {
    if (job.driver.kind === "waiting" && !reserved.has(job.jobId)) return job.jobId;
  }
  return undefined;
}
