// Lost map outputs: which tasks have to run again, and what a different second answer means.

import { taskName, type WorkerId } from "../../proto/ids.ts";
import { readerIndex, type ShuffleInput } from "../../proto/plan/stage.ts";
import { failAction, unplanAction } from "./actions.ts";
import { type RunningAction, refOf, runningActions } from "./find.ts";
import { forgetKept } from "./kept.ts";
import type { ClusterState, DoneTask, StageState, TaskState } from "./state.ts";
import { loseTask, requeueTask, rerunTask } from "./tasks.ts";

/** Forgets every sealed output on a lost worker; results and uploads are not on it, they stay. */
export function loseOutputsOf(state: ClusterState, workerId: WorkerId): void {
  for (const running of runningActions(state)) {
    let lost = 0;
    for (const stage of running.stages) {
      if (stage.plan.output.kind !== "shuffle" || stage.done === 0) continue;
      stage.tasks.forEach((task, taskIndex) => {
        if (task.kind !== "done" || task.workerId !== workerId) return;
        loseTask(stage, taskIndex);
        lost++;
      });
    }
    if (lost > 0) rerunNeeded(running);
  }
}

/** One output that a consumer could not read. False: it is not the current one. */
export function loseOutput(
  running: RunningAction,
  lost: { readonly stageId: number; readonly taskIndex: number; readonly token: number },
): boolean {
  const stage = running.stages[lost.stageId];
  const task = stage?.tasks[lost.taskIndex];
  if (stage?.plan.output.kind !== "shuffle") return false;
  if (task?.kind !== "done" || task.token !== lost.token) return false;
  forgetKept(running.job, stage, lost.taskIndex);
  loseTask(stage, lost.taskIndex);
  rerunNeeded(running);
  return true;
}

/** The task that reads the map task of this index as its own. */
function ownReader(input: ShuffleInput, mapIndex: number): number {
  return mapIndex + (input.span?.firstTask ?? 0);
}

function isUnfinished(task: TaskState | undefined): boolean {
  return task?.kind === "pending" || task?.kind === "leased";
}

/** Consumers first: a consumer that must run again makes its own lost inputs needed. */
export function rerunNeeded(running: RunningAction): void {
  for (let stageId = running.stages.length - 1; stageId >= 0; stageId--) {
    const consumer = running.stages[stageId]!;
    const unfinished = consumer.tasks.length - consumer.done - consumer.lost;
    if (unfinished === 0) continue;
    for (const input of consumer.plan.inputs) {
      const stage = running.stages[input.stageId]!;
      if (stage.lost === 0) continue;
      for (const [taskIndex, task] of stage.tasks.entries()) {
        if (task.kind !== "lost") continue;
        if (input.maps === "own" && !isUnfinished(consumer.tasks[ownReader(input, taskIndex)])) {
          continue;
        }
        if (stage.plan.keptOnly === true) return unplanAction(running);
        rerunTask(running, stage, taskIndex);
      }
    }
  }
}

/**
 * A re-run that made other bytes than before. Consumers that are still running start over with the
 * new ones;
 * if a finished one already used the old ones, rows of two different runs would meet: the action
 * fails by name.
 */
export function checkRerun(
  running: RunningAction,
  stage: StageState,
  taskIndex: number,
  priorDigest: string,
): void {
  const task = stage.tasks[taskIndex] as DoneTask;
  if (priorDigest === "" || priorDigest === task.digest) return;
  for (const consumerId of stage.consumers) {
    const consumer = running.stages[consumerId]!;
    if (hasUsed(consumer, stage.plan.stageId, taskIndex)) {
      const ref = refOf(running, stage, taskIndex);
      failAction(running, {
        code: "NONDETERMINISTIC_TASK",
        message:
          `task ${taskName(ref)} (${stage.plan.label}) gave other rows when it ran again ` +
          `(digest ${priorDigest}, then ${task.digest}), and stage ${consumerId} ` +
          `(${consumer.plan.label}) had already used the first ones; make its functions ` +
          "depend on their input alone (no clock, no random numbers, no outside state)",
        details: { partition: taskIndex, stageId: stage.plan.stageId, taskIndex },
      });
      return;
    }
  }
  for (const consumerId of stage.consumers) {
    const consumer = running.stages[consumerId]!;
    for (const consumerTask of [...consumer.running]) {
      if (reads(consumer, consumerTask, stage.plan.stageId, taskIndex)) {
        requeueTask(running, consumer, consumerTask, {}, 0);
      }
    }
  }
}

function reads(consumer: StageState, task: number, stageId: number, mapIndex: number): boolean {
  return consumer.plan.inputs.some(
    (input) =>
      input.stageId === stageId &&
      readerIndex(input, task) !== undefined &&
      (input.maps === "all" || task === ownReader(input, mapIndex)),
  );
}

function hasUsed(consumer: StageState, stageId: number, mapIndex: number): boolean {
  if (consumer.done + consumer.lost === 0) return false;
  return consumer.tasks.some(
    (task, index) =>
      (task.kind === "done" || task.kind === "lost") && reads(consumer, index, stageId, mapIndex),
  );
}
