// Finding things in the state by their ids.

import { assert } from "../../proto/errors.ts";
import type { Incarnation, JobId, TaskRef, WorkerId } from "../../proto/ids.ts";
import { refuse } from "./refuse.ts";
import type {
  ActionState,
  ClusterState,
  JobState,
  StageState,
  TaskState,
  WorkerState,
} from "./state.ts";

/** A running action with everything its tasks need. */
export interface RunningAction {
  readonly state: ClusterState;
  readonly job: JobState;
  readonly action: ActionState;
  readonly stages: readonly StageState[];
}

export interface FoundTask extends RunningAction {
  readonly stage: StageState;
  readonly taskIndex: number;
  readonly task: TaskState;
}

export function needJob(state: ClusterState, jobId: JobId): JobState {
  const job = state.jobs.get(jobId);
  if (job === undefined) {
    refuse("JOB_NOT_FOUND", `there is no job ${jobId}; list the known ones with \`millrace jobs\``);
  }
  return job;
}

/** The worker, if this very incarnation of it is a member. */
export function findWorker(
  state: ClusterState,
  workerId: WorkerId,
  incarnation: Incarnation,
): WorkerState | undefined {
  const worker = state.workers.get(workerId);
  return worker?.incarnation === incarnation ? worker : undefined;
}

export function needWorker(
  state: ClusterState,
  workerId: WorkerId,
  incarnation: Incarnation,
): WorkerState {
  const worker = findWorker(state, workerId, incarnation);
  if (worker === undefined) {
    refuse(
      "WORKER_UNKNOWN",
      `worker ${workerId} (incarnation ${incarnation}) is not a member of the cluster, ` +
        "or was lost; it has to register again",
    );
  }
  return worker;
}

export function findRunning(
  state: ClusterState,
  jobId: JobId,
  actionIndex: number,
): RunningAction | undefined {
  const job = state.jobs.get(jobId);
  const action = job?.actions.get(actionIndex);
  if (job === undefined || action === undefined || action.phase.kind !== "running")
    return undefined;
  return { state, job, action, stages: action.phase.stages };
}

export function findTask(state: ClusterState, ref: TaskRef): FoundTask | undefined {
  // Without a spread, which would take half of the time that the scheduler has for a task.
  const job = state.jobs.get(ref.jobId);
  const action = job?.actions.get(ref.actionIndex);
  if (job === undefined || action?.phase.kind !== "running") return undefined;
  const { stages } = action.phase;
  const stage = stages[ref.stageId];
  const task = stage?.tasks[ref.taskIndex];
  if (stage === undefined || task === undefined) return undefined;
  return { state, job, action, stages, stage, taskIndex: ref.taskIndex, task };
}

/** Running actions of live jobs, in order of submission and start. */
export function* runningActions(state: ClusterState): Iterable<RunningAction> {
  for (const jobId of state.live) {
    const job = state.jobs.get(jobId);
    assert(job !== undefined, `live job ${jobId} is not in the state`);
    for (const actionIndex of job.open) {
      const running = findRunning(state, jobId, actionIndex);
      if (running !== undefined) yield running;
    }
  }
}

export function refOf(running: RunningAction, stage: StageState, taskIndex: number): TaskRef {
  return {
    jobId: running.job.jobId,
    actionIndex: running.action.actionIndex,
    stageId: stage.plan.stageId,
    taskIndex,
  };
}

/** The tasks that a worker has: found among all that are under way, as few as the cluster has slots. */
export function leasedTo(state: ClusterState, workerId: WorkerId): TaskRef[] {
  const refs: TaskRef[] = [];
  for (const running of runningActions(state)) {
    for (const stage of running.stages) {
      for (const taskIndex of stage.running) {
        const task = stage.tasks[taskIndex]!;
        if (task.kind === "leased" && task.workerId === workerId) {
          refs.push(refOf(running, stage, taskIndex));
        }
      }
    }
  }
  return refs;
}

/** Live jobs whose end is not decided, in order of submission. */
export function* runningJobs(state: ClusterState): Iterable<JobState> {
  for (const jobId of state.live) {
    const job = needJob(state, jobId);
    if (job.phase.kind === "running") yield job;
  }
}

/**
 * Whether this very attempt was accepted and its output still counts, also after its action went
 * on.
 */
export function wasAccepted(state: ClusterState, ref: TaskRef, token: number): boolean {
  const phase = state.jobs.get(ref.jobId)?.actions.get(ref.actionIndex)?.phase;
  if (phase === undefined) return false;
  if (phase.kind === "running") {
    const task = phase.stages[ref.stageId]?.tasks[ref.taskIndex];
    return task?.kind === "done" && task.token === token;
  }
  return ref.stageId === phase.stages.length - 1 && phase.tokens[ref.taskIndex] === token;
}
