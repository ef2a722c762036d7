// The life of one task: pending, leased, done, lost, and what may follow what.

import { assert } from "../../proto/errors.ts";
import type { WorkerId } from "../../proto/ids.ts";
import { countPartitionBytes, cutStage } from "./coalesce.ts";
import type { DoneReport } from "./commands.ts";
import type { FoundTask, RunningAction } from "./find.ts";
import { isComplete, isRunnable, setTask } from "./stages.ts";
import type { DoneTask, LeasedTask, StageState, TaskTrials } from "./state.ts";

function trialsOf(task: TaskTrials): TaskTrials {
  return {
    attempt: task.attempt,
    failures: task.failures,
    deaths: task.deaths,
    fetchFailures: task.fetchFailures,
    priorDigest: task.priorDigest,
  };
}

/** pending → leased. */
export function leaseTask(found: FoundTask, token: number, workerId: WorkerId): void {
  const { state, stage, taskIndex, task } = found;
  assert(task.kind === "pending", `task ${taskIndex} is ${task.kind} and cannot be leased`);
  const worker = state.workers.get(workerId);
  assert(worker !== undefined, `task ${taskIndex} leased to an unknown worker`);
  setTask(stage, taskIndex, {
    kind: "leased",
    ...trialsOf(task),
    attempt: task.attempt + 1,
    token,
    workerId,
    renewedTick: state.tick,
    progress: 0,
    progressTick: state.tick,
    rows: 0,
    bytes: 0,
  });
  worker.leases++;
  found.action.touched = true;
}

/** Takes the lease off the worker's count; the task itself is set by the caller. */
export function dropLease(running: RunningAction, stage: StageState, taskIndex: number): void {
  const task = stage.tasks[taskIndex]!;
  assert(task.kind === "leased", `task ${taskIndex} is ${task.kind} and has no lease to drop`);
  const worker = running.state.workers.get(task.workerId);
  if (worker !== undefined) worker.leases--;
  running.action.touched = true;
}

/** leased → pending. `pauseTicks` 0: due at once. */
export function requeueTask(
  running: RunningAction,
  stage: StageState,
  taskIndex: number,
  trials: Partial<TaskTrials>,
  pauseTicks: number,
): void {
  const task = stage.tasks[taskIndex]!;
  dropLease(running, stage, taskIndex);
  stage.retries++;
  const dueTick = pauseTicks === 0 ? 0 : running.state.tick + pauseTicks;
  setTask(stage, taskIndex, { kind: "pending", ...trialsOf(task), ...trials, dueTick });
}

/** leased → done. */
export function finishTask(found: FoundTask, task: LeasedTask, report: DoneReport): DoneTask {
  const { state, stages, stage, taskIndex } = found;
  dropLease(found, stage, taskIndex);
  const done: DoneTask = {
    kind: "done",
    ...trialsOf(task),
    priorDigest: "",
    token: task.token,
    workerId: task.workerId,
    digest: report.digest,
    rows: report.rows,
    bytes: report.bytes,
    bytesOut: report.bytesOut,
    ...(report.resultJson === undefined ? {} : { resultJson: report.resultJson }),
    ...(report.counters === undefined ? {} : { counters: report.counters }),
    ...(report.uploads === undefined ? {} : { uploads: report.uploads }),
  };
  setTask(stage, taskIndex, done);
  stage.rows += report.rows;
  stage.bytes += report.bytes;
  countPartitionBytes(stage, task.priorDigest !== "", report.partitionBytes);
  if (isComplete(stage)) {
    for (const consumerId of stage.consumers) {
      const consumer = stages[consumerId]!;
      if (!isRunnable(stages, consumer)) continue;
      consumer.runnableTick = state.tick;
      cutStage(stages, consumer);
    }
  }
  return done;
}

/** done → lost: its sealed output does not exist any more. */
export function loseTask(stage: StageState, taskIndex: number): void {
  const task = stage.tasks[taskIndex]!;
  assert(task.kind === "done", `task ${taskIndex} is ${task.kind} and has no output to lose`);
  assert(stage.plan.output.kind === "shuffle", "only shuffle outputs can be lost");
  const trials = { ...trialsOf(task), priorDigest: task.digest };
  const { rows, bytes, counters } = task;
  const counted = counters === undefined ? {} : { counters };
  setTask(stage, taskIndex, { kind: "lost", ...trials, rows, bytes, ...counted });
}

/** lost → pending: somebody needs its output again. */
export function rerunTask(running: RunningAction, stage: StageState, taskIndex: number): void {
  const task = stage.tasks[taskIndex]!;
  assert(task.kind === "lost", `task ${taskIndex} is ${task.kind} and need not run again`);
  stage.reruns++;
  stage.rows -= task.rows;
  stage.bytes -= task.bytes;
  running.action.touched = true;
  setTask(stage, taskIndex, { kind: "pending", ...trialsOf(task), dueTick: 0 });
}
