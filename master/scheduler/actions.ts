// Actions: from a stage graph to a recorded outcome.

import { assert, EngineError, type ErrorRecord, toErrorRecord } from "../../proto/errors.ts";
import type { JobId } from "../../proto/ids.ts";
import {
  actionsPerJobMax,
  cleanupLoggedTicks,
  jobHistoryBytesMax,
  sweepsPendingMax,
} from "../../proto/limits.ts";
import { absentColumn, withoutWatched } from "../../proto/plan/absent-column.ts";
import type { ActionOutcome } from "../../proto/plan/bundle.ts";
import { firstDifference } from "../../proto/plan/digest.ts";
import type { LockStep, StageGraph, StagePlan } from "../../proto/plan/stage.ts";
import { encodeValue } from "../../proto/plan/values.ts";
import type { TaskUpload } from "../../proto/ports/executor.ts";
import type { CommandReply } from "./commands.ts";
import { countersField, totalCounters } from "./counters.ts";
import { needDriver } from "./drivers.ts";
import { needJob, type RunningAction, runningActions } from "./find.ts";
import { settleJob } from "./job-end.ts";
import { adoptKept, keepOutputs, keptSizes } from "./kept.ts";
import { claimForJob, hold, releaseOwned, releaseStep, stepOwner } from "./locks.ts";
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
  if (known !== undefined) return restartAction(state, job, known, graph);
  if (graph.actionIndex >= actionsPerJobMax) {
    refuse(
      "LIMIT_EXCEEDED",
      `job ${jobId} wants action ${graph.actionIndex}; at most ${actionsPerJobMax} fit in one job`,
    );
  }
  if (graph.lock !== undefined) return startLockStep(state, job, graph, graph.lock);
  if (graph.answerJson !== undefined) return recordAnswer(state, job, graph, graph.answerJson);
  const folderUri = outputFolder(graph);
  if (folderUri !== "") lockOutput(state, job, graph.actionIndex, folderUri);
  beginStages(state, job, graph, state.appliedIndex);
  job.driversLost = 0;
  job.open.add(graph.actionIndex);
  job.revision = state.appliedIndex;
  return { kind: "ok" };
}

function outputFolder(graph: StageGraph): string {
  const output = graph.stages.at(-1)?.output;
  return output?.kind === "output" ? output.folderUri : "";
}

/** Runs the stages of an action, also of one that was planned again. */
function beginStages(
  state: ClusterState,
  job: JobState,
  graph: StageGraph,
  startedIndex: number,
): void {
  const { actionIndex } = graph;
  const output = graph.stages.at(-1)?.output;
  assert(output !== undefined, `action ${actionIndex} of job ${job.jobId} has no stages`);
  const stages = startStages(graph.stages, state.tick);
  const action: ActionState = {
    actionIndex,
    planDigest: graph.planDigest,
    label: graph.label,
    ...(graph.measures === true ? { measures: true } : {}),
    ...(graph.note === undefined ? {} : { note: graph.note }),
    ...(graph.publishes === true ? { publishes: true } : {}),
    ...(graph.cleanup === undefined ? {} : { cleanup: graph.cleanup }),
    startedIndex,
    folderUri: outputFolder(graph),
    format: output.kind === "output" ? output.format : "",
    revision: state.appliedIndex,
    touched: false,
    resultBytes: 0,
    phase: { kind: "running", stages },
  };
  job.actions.set(actionIndex, action);
  adoptKept({ state, job, action, stages });
  completeAction({ state, job, action, stages });
}

/** Without stages: what it reads is gone, and it waits for its driver to plan it from further down. */
export function isUnplanned({ phase, lock }: ActionState): boolean {
  return phase.kind === "running" && phase.stages.length === 0 && lock === undefined;
}

/** What was to be there already, and cannot be made here, is not. */
export function unplanAction(running: RunningAction): void {
  const { state, job, action, stages } = running;
  keepOutputs(job, action.actionIndex, stages);
  dropAllLeases(running);
  action.phase = { kind: "running", stages: [] };
  action.resultBytes = 0;
  touchNow(state, job, action);
}

/**
 * The lock's token becomes the outcome, at once or when the lock is granted. A job that holds it already, or
 * waits for it, is refused: it would wait for itself.
 */
function startLockStep(
  state: ClusterState,
  job: JobState,
  graph: StageGraph,
  lock: LockStep,
): CommandReply {
  const { actionIndex } = graph;
  const { jobId } = job;
  const action = { ...withoutStages(state, graph), lock };
  const token = lock.kind === "lock" ? claimForJob(state, jobId, actionIndex, lock) : 0;
  if (lock.kind === "unlock") {
    const taken = job.actions.get(lock.actionIndex);
    if (taken !== undefined) releaseStep(state, jobId, taken);
  }
  const running = openAction(state, job, action);
  if (token instanceof EngineError) failAction(running, toErrorRecord(token));
  else if (token !== undefined) completeLockStep(running, token);
  return { kind: "ok" };
}

/** The driver knew the result: there is nothing to run, and replays read it as they read any other. */
function recordAnswer(
  state: ClusterState,
  job: JobState,
  graph: StageGraph,
  answerJson: string,
): CommandReply {
  const running = openAction(state, job, withoutStages(state, graph));
  endAction(running, { kind: "result", parts: [answerJson] }, false);
  return { kind: "ok" };
}

function withoutStages(state: ClusterState, graph: StageGraph): ActionState {
  const { actionIndex, planDigest, label } = graph;
  return {
    ...{ actionIndex, planDigest, label, folderUri: "", format: "" },
    startedIndex: state.appliedIndex,
    revision: state.appliedIndex,
    touched: false,
    resultBytes: 0,
    phase: { kind: "running", stages: [] },
  };
}

function openAction(state: ClusterState, job: JobState, action: ActionState): RunningAction {
  job.actions.set(action.actionIndex, action);
  job.driversLost = 0;
  job.open.add(action.actionIndex);
  job.revision = state.appliedIndex;
  return { state, job, action, stages: [] };
}

/** A token as text, since its reader is a program that replays: the same value on every road. */
export function completeLockStep(running: RunningAction, token: number): void {
  endAction(running, { kind: "result", parts: [encodeValue(String(token))] }, false);
}

/** A driver that replays, repeats a request whose reply it missed, or brings the plan that is waited for. */
function restartAction(
  state: ClusterState,
  job: JobState,
  known: ActionState,
  graph: StageGraph,
): CommandReply {
  if (known.planDigest === graph.planDigest) {
    if (!isUnplanned(known)) return { kind: "ok" };
    const folderUri = outputFolder(graph);
    if (folderUri === known.folderUri) {
      beginStages(state, job, graph, known.startedIndex);
      return { kind: "ok" };
    }
    refuse(
      "PLAN_DIVERGED",
      `action ${graph.actionIndex} of job ${job.jobId} writes to ${folderUri} and wrote to ` +
        `${known.folderUri} before; run must make the same plan on every replay`,
    );
  }
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
  const owner = stepOwner(job.jobId, actionIndex);
  const { claim } = hold(state, outputLock(folderUri), { owner, holder: owner, ttlLoggedTicks: 0 });
  if (claim?.owner !== owner) {
    refuse(
      "OUTPUT_LOCKED",
      `${folderUri} is being written by ${claim?.holder}; wait for it or write to another folder`,
    );
  }
}

const outputLock = (folderUri: string): string => `output:${folderUri}`;

/**
 * Once all tasks of the last stage are accepted, the action has its result, or commits its output.
 */
export function completeAction(running: RunningAction): void {
  const { state, job, action, stages } = running;
  if (isUnplanned(action)) return;
  const last = stages.at(-1)!;
  if (!isComplete(last)) return;
  if (isCleanup(action)) {
    endCleanup(running);
    return;
  }
  const counted = totalCounters(stages);
  const absent = absentColumn(counted);
  if (absent !== undefined) {
    failAction(running, absent);
    return;
  }
  const counters = withoutWatched(counted);
  if (action.folderUri === "") {
    const parts = last.tasks.map((task) => (task.kind === "done" ? (task.resultJson ?? "") : ""));
    const measured = action.measures === true ? ({ measured: true } as const) : {};
    const note = action.note === undefined ? {} : { note: action.note };
    const rest = { ...measured, ...countersField(counters), ...note };
    endAction(running, { kind: "result", parts, ...rest }, false);
    return;
  }
  const uploads: TaskUpload[] = [];
  for (const task of last.tasks) {
    if (task.kind === "done" && task.uploads !== undefined) uploads.push(...task.uploads);
  }
  const tokens = acceptedTokens(running);
  keepOutputs(job, action.actionIndex, stages);
  dropAllLeases(running);
  const summaries = stages.map(lastSummary);
  action.phase = { kind: "committing", stages: summaries, uploads, tokens, counters };
  touchNow(state, job, action);
}

/** With the leases dropped nothing of it runs any more. */
function lastSummary(stage: StageState): StageSummary {
  return { ...summarizeStage(stage), running: 0 };
}

export function failAction(running: RunningAction, error: ErrorRecord): void {
  endUnfinished(running, error, false);
}

/**
 * What makes staged rows visible is not stopped: whether it happened would be unknown. Its job ends after it, as
 * after an output that is being committed.
 */
export function cancelAction(running: RunningAction, error: ErrorRecord): void {
  if (running.action.publishes === true || isCleanup(running.action)) return;
  endUnfinished(running, error, true);
}

/** A cleanup that fails is no other failure of its action: a later one of the same target finds what it left. */
function endUnfinished(running: RunningAction, error: ErrorRecord, cancelled: boolean): void {
  if (isCleanup(running.action)) endCleanup(running);
  else if (running.action.cleanup !== undefined) {
    beginCleanup(running, running.action.cleanup, { kind: "failed", error }, cancelled);
  } else endAction(running, { kind: "failed", error }, cancelled);
}

function isCleanup({ phase }: ActionState): boolean {
  return phase.kind === "running" && phase.ending !== undefined;
}

/** The action goes on with one stage, and then ends as it would have. */
function beginCleanup(
  running: RunningAction,
  cleanup: StagePlan,
  outcome: ActionOutcome,
  cancelled: boolean,
): void {
  const { state, job, action, stages } = running;
  keepOutputs(job, action.actionIndex, stages);
  dropAllLeases(running);
  const dueTick = state.tick + cleanupLoggedTicks;
  const ending = { outcome, cancelled, dueTick };
  action.phase = { kind: "running", stages: startStages([cleanup], state.tick), ending };
  touchNow(state, job, action);
}

function endCleanup(running: RunningAction): void {
  const { action } = running;
  const { phase } = action;
  assert(phase.kind === "running" && phase.ending !== undefined, "no cleanup is under way");
  const { outcome, cancelled } = phase.ending;
  endAction(running, outcome, cancelled);
}

/** A cleanup without a worker to run it, or that hangs, must not hold up the end of its job for ever. */
export function expireCleanups(state: ClusterState): void {
  for (const running of [...runningActions(state)]) {
    const { phase } = running.action;
    if (phase.kind !== "running" || phase.ending === undefined) continue;
    if (phase.ending.dueTick <= state.tick) endCleanup(running);
  }
}

function endAction(running: RunningAction, outcome: ActionOutcome, cancelled: boolean): void {
  const { state, job, action, stages } = running;
  const tokens = acceptedTokens(running);
  keepOutputs(job, action.actionIndex, stages);
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
  const outcome = fitHistory(job, action, withKeptSizes(job, action, wanted));
  action.phase = { kind: "ended", outcome, ...rest };
  job.open.delete(action.actionIndex);
  touchNow(state, job, action);
  if (action.folderUri !== "") {
    releaseOwned(state, outputLock(action.folderUri), stepOwner(job.jobId, action.actionIndex));
    // Uploads carry the job's name, so another job may write here at once; strays go when none can
    // come.
    addSweep(state, job.jobId, action.actionIndex, action.folderUri);
  }
  if (outcome.kind !== "result") releaseStep(state, job.jobId, action);
  settleJob(state, job, outcome);
}

/** How much is kept of what this action made, for the plans that will read it. */
function withKeptSizes(job: JobState, action: ActionState, outcome: ActionOutcome): ActionOutcome {
  if (outcome.kind === "failed") return outcome;
  const kept = keptSizes(job, action.actionIndex);
  return kept.length === 0 ? outcome : { ...outcome, kept };
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
  const tasks = running.stages.at(-1)?.tasks ?? [];
  return tasks.map((task) => (task.kind === "done" ? task.token : 0));
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
