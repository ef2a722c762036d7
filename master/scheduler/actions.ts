// Actions: from a stage graph to a recorded outcome.

import { assert, type ErrorRecord } from "../../proto/errors.ts";
import type { JobId } from "../../proto/ids.ts";
import { actionsPerJobMax, jobHistoryBytesMax, sweepsPendingMax } from "../../proto/limits.ts";
import type { ActionOutcome } from "../../proto/plan/bundle.ts";
import { firstDifference } from "../../proto/plan/digest.ts";
import type { StageGraph } from "../../proto/plan/stage.ts";
import type { TaskUpload } from "../../proto/ports/executor.ts";
import type { CommandReply } from "./commands.ts";
import { needDriver } from "./drivers.ts";
import { needJob, type RunningAction } from "./find.ts";
import { settleJob } from "./job-end.ts";
import { acquire, releaseOwned } from "./locks.ts";
import { refuse } from "./refuse.ts";
import { isComplete, startStages, summarizeStage } from "./stages.ts";
import type { ActionState, ClusterState, JobState, StageState, StageSummary } from "./state.ts";
import { addSweep, hasSweep } from "./sweeps.ts";
import { dropLease } from "./tasks.ts";
import { utf8Bytes } from "./text.ts";

export function startAction(
  state: ClusterState,
  jobId: JobId,
  driverToken: number,
  graph: StageGraph,
): CommandReply {
  const job = needJob(state, jobId);
  needDriver(job, driverToken);
  const known = job.actions.get(graph.actionIndex);
  if (known !== undefined) return restartAction(job, known, graph);
  if (graph.actionIndex >= actionsPerJobMax) {
    refuse(
      "LIMIT_EXCEEDED",
      `job ${jobId} wants action ${graph.actionIndex}; at most ${actionsPerJobMax} fit in one job`,
    );
  }
  const output = graph.stages.at(-1)?.output;
  assert(output !== undefined, `action ${graph.actionIndex} of job ${jobId} has no stages`);
  const folderUri = output.kind === "output" ? output.folderUri : "";
  if (folderUri !== "") lockOutput(state, job, graph.actionIndex, folderUri);
  const stages = startStages(graph.stages, state.tick);
  const action: ActionState = {
    actionIndex: graph.actionIndex,
    planDigest: graph.planDigest,
    label: graph.label,
    startedIndex: state.appliedIndex,
    folderUri,
    format: output.kind === "output" ? output.format : "",
    revision: state.appliedIndex,
    touched: false,
    resultBytes: 0,
    phase: { kind: "running", stages },
  };
  job.actions.set(graph.actionIndex, action);
  job.driversLost = 0;
  job.open.add(graph.actionIndex);
  job.revision = state.appliedIndex;
  completeAction({ state, job, action, stages });
  return { kind: "ok" };
}

/** A driver that replays, or repeats a request whose reply it missed. */
function restartAction(job: JobState, known: ActionState, graph: StageGraph): CommandReply {
  if (known.planDigest === graph.planDigest) return { kind: "ok" };
  refuse(
    "PLAN_DIVERGED",
    `action ${graph.actionIndex} of job ${job.jobId} (${known.label}) was planned otherwise ` +
      `before: ${firstDifference(known.planDigest, graph.planDigest)}; ` +
      "run must make the same plan on every replay: use mr.now() and mr.random()",
  );
}

function lockOutput(state: ClusterState, job: JobState, actionIndex: number, folderUri: string) {
  if (hasSweep(state, job.jobId, folderUri)) {
    refuse(
      "OUTPUT_LOCKED",
      `what an earlier action of job ${job.jobId} left in ${folderUri} is still being removed; ` +
        "try again in some seconds, or write to another folder",
    );
  }
  if (state.sweeps.size >= sweepsPendingMax) {
    refuse(
      "UNAVAILABLE",
      `${state.sweeps.size} output folders wait for the removal of leftovers; ` +
        "check that the masters can reach the object store",
    );
  }
  const held = acquire(state, outputLock(folderUri), lockOwner(job.jobId, actionIndex), 0);
  if (held.owner !== lockOwner(job.jobId, actionIndex)) {
    refuse(
      "OUTPUT_LOCKED",
      `${folderUri} is being written by ${held.owner}; wait for it or write to another folder`,
    );
  }
}

const outputLock = (folderUri: string): string => `output:${folderUri}`;
const lockOwner = (jobId: JobId, actionIndex: number): string => `job ${jobId}/a${actionIndex}`;

/**
 * Once all tasks of the last stage are accepted, the action has its result, or commits its output.
 */
export function completeAction(running: RunningAction): void {
  const { state, job, action, stages } = running;
  const last = stages.at(-1)!;
  if (!isComplete(last)) return;
  if (action.folderUri === "") {
    const parts = last.tasks.map((task) => (task.kind === "done" ? (task.resultJson ?? "") : ""));
    endAction(running, { kind: "result", parts }, false);
    return;
  }
  const uploads: TaskUpload[] = [];
  for (const task of last.tasks) {
    if (task.kind === "done" && task.upload !== undefined) uploads.push(task.upload);
  }
  const tokens = acceptedTokens(running);
  dropAllLeases(running);
  action.phase = { kind: "committing", stages: stages.map(lastSummary), uploads, tokens };
  touchNow(state, job, action);
}

/** With the leases dropped nothing of it runs any more. */
function lastSummary(stage: StageState): StageSummary {
  return { ...summarizeStage(stage), running: 0 };
}

export function failAction(running: RunningAction, error: ErrorRecord): void {
  endAction(running, { kind: "failed", error }, false);
}

export function cancelAction(running: RunningAction, error: ErrorRecord): void {
  endAction(running, { kind: "failed", error }, true);
}

function endAction(running: RunningAction, outcome: ActionOutcome, cancelled: boolean): void {
  const { state, job, action, stages } = running;
  const tokens = acceptedTokens(running);
  dropAllLeases(running);
  recordOutcome(state, job, action, outcome, {
    stages: stages.map(lastSummary),
    tokens,
    cancelled,
  });
}

/** The end of a committing action, as the store decided it. */
export function endCommit(
  state: ClusterState,
  job: JobState,
  action: ActionState,
  outcome: ActionOutcome,
): void {
  const { phase } = action;
  assert(phase.kind === "committing", `action ${action.actionIndex} is ${phase.kind}`);
  recordOutcome(state, job, action, outcome, {
    stages: phase.stages,
    tokens: phase.tokens,
    cancelled: false,
  });
}

function recordOutcome(
  state: ClusterState,
  job: JobState,
  action: ActionState,
  wanted: ActionOutcome,
  rest: Omit<Extract<ActionState["phase"], { kind: "ended" }>, "kind" | "outcome">,
): void {
  const outcome = fitHistory(job, action, wanted);
  action.phase = { kind: "ended", outcome, ...rest };
  job.open.delete(action.actionIndex);
  touchNow(state, job, action);
  if (action.folderUri !== "") {
    releaseOwned(state, outputLock(action.folderUri), lockOwner(job.jobId, action.actionIndex));
    // Uploads carry the job's name, so another job may write here at once; strays go when none can
    // come.
    addSweep(state, job.jobId, action.actionIndex, action.folderUri);
  }
  settleJob(state, job, outcome);
}

/**
 * Replays need every outcome of the job in one reply: a result that does not fit fails its action.
 */
function fitHistory(job: JobState, action: ActionState, wanted: ActionOutcome): ActionOutcome {
  const bytes = utf8Bytes(JSON.stringify(wanted));
  if (job.historyBytes + bytes <= jobHistoryBytesMax || wanted.kind !== "result") {
    job.historyBytes += bytes;
    return wanted;
  }
  const message =
    `the result of action ${action.actionIndex} (${action.label}) has ${bytes} bytes and those ` +
    `before it ${job.historyBytes}; a job may collect ${jobHistoryBytesMax} bytes in all: ` +
    "write large results to an output folder";
  const details = { limitBytes: jobHistoryBytesMax, peakBytes: job.historyBytes + bytes };
  return { kind: "failed", error: { code: "RESULT_TOO_LARGE", message, details } };
}

function acceptedTokens(running: RunningAction): number[] {
  return running.stages.at(-1)!.tasks.map((task) => (task.kind === "done" ? task.token : 0));
}

function dropAllLeases(running: RunningAction): void {
  for (const stage of running.stages) {
    for (const taskIndex of stage.running) dropLease(running, stage, taskIndex);
  }
}

function touchNow(state: ClusterState, job: JobState, action: ActionState): void {
  action.revision = state.appliedIndex;
  action.touched = false;
  job.revision = state.appliedIndex;
}
