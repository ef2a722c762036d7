// Stages: how they start, when they can run, and the derived indices over their tasks.

import { tellsPartitionBytes } from "../../proto/plan/partition-cuts.ts";
import type { StagePlan } from "../../proto/plan/stage.ts";
import type { StageState, StageSummary, TaskState } from "./state.ts";

function consumersOf(plans: readonly StagePlan[], stageId: number): readonly number[] {
  return plans
    .filter((plan) => plan.inputs.some((input) => input.stageId === stageId))
    .map((plan) => plan.stageId);
}

/** The stage with its derived indices rebuilt from its tasks. */
export function indexStage(
  plans: readonly StagePlan[],
  stage: Omit<StageState, "consumers" | "pending" | "delayed" | "running" | "done" | "lost">,
): StageState {
  const indexed: StageState = {
    ...stage,
    consumers: consumersOf(plans, stage.plan.stageId),
    pending: new Set(),
    delayed: new Set(),
    running: new Set(),
    done: 0,
    lost: 0,
  };
  stage.tasks.forEach((task, taskIndex) => {
    enter(indexed, taskIndex, task);
  });
  return indexed;
}

/** One more task of a stage that is put together from a snapshot. */
export function addTask(stage: StageState, task: TaskState): void {
  enter(stage, stage.tasks.push(task) - 1, task);
}

function enter(stage: StageState, taskIndex: number, task: TaskState): void {
  switch (task.kind) {
    case "pending":
      // A task that never failed is due at once; the others wait for a tick to move them.
      (task.dueTick === 0 ? stage.pending : stage.delayed).add(taskIndex);
      return;
    case "leased":
      stage.running.add(taskIndex);
      return;
    case "done":
      stage.done++;
      return;
    case "lost":
      stage.lost++;
      return;
  }
}

function leave(stage: StageState, taskIndex: number, task: TaskState): void {
  switch (task.kind) {
    case "pending":
      (task.dueTick === 0 ? stage.pending : stage.delayed).delete(taskIndex);
      return;
    case "leased":
      stage.running.delete(taskIndex);
      return;
    case "done":
      stage.done--;
      return;
    case "lost":
      stage.lost--;
      return;
  }
}

/** The only way a task changes: keeps the indices in step. */
export function setTask(stage: StageState, taskIndex: number, task: TaskState): void {
  leave(stage, taskIndex, stage.tasks[taskIndex]!);
  stage.tasks[taskIndex] = task;
  enter(stage, taskIndex, task);
}

/** Leaves the first `count` tasks; none of the others has ever run. */
export function keepFirstTasks(stage: StageState, count: number): void {
  for (let taskIndex = count; taskIndex < stage.tasks.length; taskIndex++) {
    leave(stage, taskIndex, stage.tasks[taskIndex]!);
  }
  stage.tasks.length = count;
}

/** Pending tasks that waited out their pause become due. */
export function releaseDelayed(stage: StageState, tick: number): void {
  for (const taskIndex of stage.delayed) {
    const task = stage.tasks[taskIndex]!;
    if (task.kind === "pending" && task.dueTick <= tick) {
      setTask(stage, taskIndex, { ...task, dueTick: 0 });
    }
  }
}

export function startStages(plans: readonly StagePlan[], tick: number): StageState[] {
  return plans.map((plan) =>
    indexStage(plans, {
      plan,
      partitionBytes: noBytes(plans, plan),
      tasks: Array.from({ length: plan.taskCount }, () => freshTask),
      retries: 0,
      reruns: 0,
      rows: 0,
      bytes: 0,
      runnableTick: tick,
    }),
  );
}

function noBytes(plans: readonly StagePlan[], { stageId, output }: StagePlan) {
  if (output.kind !== "shuffle" || !tellsPartitionBytes(plans, stageId)) return undefined;
  return new Array<number>(output.partitions).fill(0);
}

/** States of tasks never change, so all that have not run yet are one: a million of them weigh nothing. */
const freshTask: TaskState = {
  kind: "pending",
  attempt: 0,
  failures: 0,
  deaths: 0,
  fetchFailures: 0,
  priorDigest: "",
  dueTick: 0,
};

/** Every output of the stage exists, but for those that nobody needs any more. */
export function isComplete(stage: StageState): boolean {
  return stage.done + stage.lost === stage.tasks.length;
}

/** Every output that its unfinished tasks read exists: a needed one is never left lost. */
export function isRunnable(stages: readonly StageState[], stage: StageState): boolean {
  return stage.plan.inputs.every((input) => isComplete(stages[input.stageId]!));
}

export function summarizeStage(stage: StageState): StageSummary {
  return {
    stageId: stage.plan.stageId,
    label: stage.plan.label,
    tasks: stage.tasks.length,
    done: stage.done + stage.lost,
    running: stage.running.size,
    retries: stage.retries,
    reruns: stage.reruns,
    rows: stage.rows,
    bytes: stage.bytes,
    inputBytes: stage.plan.inputBytes,
  };
}
