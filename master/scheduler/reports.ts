// What workers say of their tasks, and what follows from a failure.

import { type ErrorRecord, errorTable } from "../../proto/errors.ts";
import { taskName, type WorkerId } from "../../proto/ids.ts";
import {
  actionResultBytesMax,
  taskAttemptsMax,
  taskExecutorDeathsMax,
  taskFetchFailuresMax,
  taskFetchRetryLoggedTicksMax,
  taskRetryLoggedTicks,
} from "../../proto/limits.ts";
import { completeAction, failAction } from "./actions.ts";
import type { CommandReply, DoneReport, LeaseReport, Verdict } from "./commands.ts";
import { answerCounts } from "./counted.ts";
import { type FoundTask, findTask, refOf, wasAccepted } from "./find.ts";
import { checkRerun, loseOutput } from "./reruns.ts";
import type { ClusterState, LeasedTask } from "./state.ts";
import { finishTask, requeueTask } from "./tasks.ts";
import { utf8Bytes } from "./text.ts";

export function report(
  state: ClusterState,
  workerId: WorkerId,
  reports: readonly LeaseReport[],
): CommandReply {
  return { kind: "verdicts", verdicts: reports.map((each) => reportTask(state, workerId, each)) };
}

/** Only the holder of the current token is heard. */
function reportTask(state: ClusterState, workerId: WorkerId, each: LeaseReport): Verdict {
  const found = findTask(state, each);
  if (each.outcome.kind === "done" && wasAccepted(state, each, each.token)) return "accepted";
  if (found === undefined) return "stale";
  const { task } = found;
  if (task.kind !== "leased") return "stale";
  const isHolder = task.token === each.token && task.workerId === workerId;
  if (!isHolder && state.plantedBug !== "fencingOff") return "stale";
  if (each.outcome.kind === "done") acceptTask(found, task, each.outcome);
  else failTask(found, task, each.outcome.error);
  return "accepted";
}

function acceptTask(found: FoundTask, task: LeasedTask, done: DoneReport): void {
  const { action, stages, stage, taskIndex } = found;
  const stray = done.uploads?.find(({ uri }) => !uri.startsWith(action.folderUri));
  if (stray !== undefined) {
    failAction(found, {
      code: "INTERNAL",
      message:
        `task ${taskName(refOf(found, stage, taskIndex))} wrote ${stray.uri}, ` +
        `which is outside of ${action.folderUri}`,
      details: { partition: taskIndex },
    });
    return;
  }
  const made = finishTask(found, task, done);
  action.resultBytes += utf8Bytes(done.resultJson ?? "");
  if (action.resultBytes > actionResultBytesMax) {
    failAction(found, {
      code: "RESULT_TOO_LARGE",
      message:
        `action ${action.actionIndex} (${action.label}) has collected ` +
        `${action.resultBytes} bytes, at most ${actionResultBytesMax} may be; ` +
        "write large results to an output folder",
      details: { limitBytes: actionResultBytesMax, peakBytes: action.resultBytes },
    });
    return;
  }
  if (stage === stages.at(-1)) {
    completeAction(found);
    return;
  }
  checkRerun(found, stage, taskIndex, task.priorDigest);
  if (action.phase.kind !== "running" || done.rowsOut === undefined) return;
  if (answerCounts(found, made, done.rowsOut)) completeAction(found);
}

function failTask(found: FoundTask, task: LeasedTask, error: ErrorRecord): void {
  if (isFetchFailure(error)) failFetch(found, task, error);
  else if (error.code === "EXECUTOR_DIED") countDeath(found, task, error);
  else if (errorTable[error.code].retriable) countFailure(found, task, error);
  else failAction(found, error);
}

const fetchCodes = ["BLOCK_MISSING", "BLOCK_CORRUPT", "BLOCK_RELEASED", "UNAVAILABLE"] as const;

function isFetchFailure(error: ErrorRecord): boolean {
  const { stageId, taskIndex, token } = error.details;
  if (stageId === undefined || taskIndex === undefined || token === undefined) return false;
  return fetchCodes.some((code) => code === error.code);
}

/** The output that could not be read is made again; its reader waits, and is not to blame. */
function failFetch(found: FoundTask, task: LeasedTask, error: ErrorRecord): void {
  const fetchFailures = task.fetchFailures + 1;
  if (fetchFailures >= taskFetchFailuresMax) {
    exhaust(found, `could not read its input ${fetchFailures} times`, error);
    return;
  }
  const pauseTicks = Math.min(fetchFailures, taskFetchRetryLoggedTicksMax);
  requeueTask(found, found.stage, found.taskIndex, { fetchFailures }, pauseTicks);
  const { stageId, taskIndex, token } = error.details;
  if (stageId !== undefined && taskIndex !== undefined && token !== undefined) {
    loseOutput(found, { stageId, taskIndex, token });
  }
}

function countDeath(found: FoundTask, task: LeasedTask, error: ErrorRecord): void {
  const deaths = task.deaths + 1;
  if (deaths >= taskExecutorDeathsMax) {
    exhaust(found, `was running when its executor died, ${deaths} times`, error);
    return;
  }
  requeueTask(found, found.stage, found.taskIndex, { deaths }, taskRetryLoggedTicks);
}

/** A failure that may pass: the task runs again after a pause, a bounded number of times. */
export function countFailure(found: FoundTask, task: LeasedTask, error: ErrorRecord): void {
  const failures = task.failures + 1;
  if (failures >= taskAttemptsMax) {
    exhaust(found, `failed ${failures} times`, error);
    return;
  }
  const pauseTicks = taskRetryLoggedTicks * 2 ** (failures - 1);
  requeueTask(found, found.stage, found.taskIndex, { failures }, pauseTicks);
}

function exhaust(found: FoundTask, what: string, last: ErrorRecord): void {
  const ref = refOf(found, found.stage, found.taskIndex);
  failAction(found, {
    code: "TASK_ATTEMPTS_EXHAUSTED",
    message:
      `task ${taskName(ref)} (${found.stage.plan.label}) ${what}; ` +
      `the last time: ${last.code}: ${last.message}`,
    details: { partition: found.taskIndex, ...last.details },
  });
}
