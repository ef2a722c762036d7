// Outputs of stages that a job keeps: a later action with the same stage begins with them done.

import type { WorkerId } from "../../proto/ids.ts";
import { keptStagesMax } from "../../proto/limits.ts";
import type { KeptSizes } from "../../proto/plan/bundle.ts";
import { isUnplanned, unplanAction } from "./actions.ts";
import type { RunningAction } from "./find.ts";
import { rerunNeeded } from "./reruns.ts";
import { setTask } from "./stages.ts";
import type { ClusterState, DoneTask, JobState, KeptTask, StageState } from "./state.ts";

/** Notes what the stages to be kept have made; called before the action's stages are dropped. */
export function keepOutputs(
  job: JobState,
  actionIndex: number,
  stages: readonly StageState[],
): void {
  for (const stage of stages) {
    const { keep, stageId } = stage.plan;
    if (keep === undefined || stage.done === 0) continue;
    // What is read goes to the end of the line, too.
    job.kept.delete(keep);
    job.kept.set(
      keep,
      stage.tasks.map((task): KeptTask | null => {
        if (task.kind !== "done") return null;
        const { token, workerId, digest, rows, bytes, bytesOut } = task;
        const origin = task.origin ?? { actionIndex, stageId };
        return { token, workerId, digest, rows, bytes, bytesOut, origin };
      }),
    );
    // What was read longest ago goes: it is made again where it is still wanted.
    if (job.kept.size > keptStagesMax) job.kept.delete(job.kept.keys().next().value!);
  }
}

/** Begins a new action with what earlier ones kept; stages that only lead there need not run. */
export function adoptKept(running: RunningAction): void {
  const { job, stages } = running;
  let adopted = 0;
  for (const stage of stages) {
    const kept = stage.plan.keep === undefined ? undefined : job.kept.get(stage.plan.keep);
    // Another plan of the same node, which cannot be of a program that plans the same on every replay.
    if (kept === undefined || kept.length !== stage.tasks.length) continue;
    for (const [taskIndex, task] of kept.entries()) {
      if (task === null) continue;
      adoptTask(stage, taskIndex, task);
      adopted++;
    }
  }
  if (adopted > 0) {
    spareUpstream(stages);
    rerunNeeded(running);
  }
  const lacks = ({ plan, pending }: StageState) => plan.keptOnly === true && pending.size > 0;
  if (!isUnplanned(running.action) && stages.some(lacks)) unplanAction(running);
}

/** An output that could not be read is not kept any more. */
export function forgetKept(job: JobState, stage: StageState, taskIndex: number): void {
  const tasks = stage.plan.keep === undefined ? undefined : job.kept.get(stage.plan.keep);
  const task = stage.tasks[taskIndex];
  const kept = tasks?.[taskIndex];
  if (tasks === undefined || task?.kind !== "done" || kept?.token !== task.token) return;
  tasks[taskIndex] = null;
}

/** Names of what is kept as a whole. */
export function keptNames(job: JobState): readonly string[] {
  return [...job.kept].filter(([, tasks]) => !tasks.includes(null)).map(([name]) => name);
}

/** Of those outputs that are whole, and of which the action made some part. */
export function keptSizes(job: JobState, actionIndex: number): KeptSizes {
  const sizes: (readonly [string, number])[] = [];
  for (const [name, tasks] of job.kept) {
    const isWhole = !tasks.includes(null);
    if (!isWhole || !tasks.some((task) => task?.origin.actionIndex === actionIndex)) continue;
    sizes.push([name, tasks.reduce((sum, task) => sum + (task?.bytesOut ?? 0), 0)]);
  }
  return sizes;
}

function adoptTask(stage: StageState, taskIndex: number, kept: KeptTask): void {
  const { attempt, failures, deaths, fetchFailures } = stage.tasks[taskIndex]!;
  const trials = { attempt, failures, deaths, fetchFailures, priorDigest: "" };
  const done: DoneTask = { kind: "done", ...trials, ...kept };
  setTask(stage, taskIndex, done);
  stage.rows += kept.rows;
  stage.bytes += kept.bytes;
}

/** Tasks of stages whose readers are complete count as made and gone, until somebody needs them. */
function spareUpstream(stages: readonly StageState[]): void {
  for (let stageId = stages.length - 2; stageId >= 0; stageId--) {
    const stage = stages[stageId]!;
    const isWanted = stage.consumers.some((consumer) => !isSettled(stages[consumer]!));
    if (isWanted && !leadsToKept(stages, stage)) continue;
    stage.tasks.forEach((task, taskIndex) => {
      if (task.kind !== "pending") return;
      const { attempt, failures, deaths, fetchFailures, priorDigest } = task;
      const trials = { attempt, failures, deaths, fetchFailures, priorDigest };
      setTask(stage, taskIndex, { kind: "lost", ...trials, rows: 0, bytes: 0 });
    });
  }
}

function isSettled(stage: StageState): boolean {
  return stage.done + stage.lost === stage.tasks.length;
}

/** With some of a kept stage lost, what is above it runs for these only: `rerunNeeded` finds which. */
function leadsToKept(stages: readonly StageState[], stage: StageState): boolean {
  return stage.consumers.every((id) => {
    const consumer = stages[id]!;
    return isSettled(consumer) || consumer.done > 0;
  });
}

/** A lost worker takes what was kept on it along. */
export function loseKept(state: ClusterState, workerId: WorkerId): void {
  for (const jobId of state.live) {
    for (const tasks of state.jobs.get(jobId)!.kept.values()) {
      tasks.forEach((task, index) => {
        if (task?.workerId === workerId) tasks[index] = null;
      });
    }
  }
}
