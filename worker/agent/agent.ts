// The agent's core: holds leases, renews them, asks for work, reports. Pure; told of events, answers effects.

import { type ErrorRecord, unreachable } from "../../proto/errors.ts";
import { reportCharsPerCallMax, reportsPerCallMax, tasksAheadMax } from "../../proto/limits.ts";
import type { TaskOutcome } from "../../proto/ports/executor.ts";
import type { TaskReport } from "../../proto/wire/generated/engine.ts";
import type { AgentEffect, AgentEvent, AttemptKey } from "./protocol.ts";
import { type AgentState, type Attempt, attemptKey, type Question } from "./state.ts";

/** Short tasks are taken ahead for one of these parts of a tick. */
const tickParts = 2;
/** So many for each slot in a tick are no chance: fewer may be of threads that ended in the same tick. */
const shortTasksMin = 8;

/** Applies one event to the state and says what to do now, in order. */
export function step(state: AgentState, event: AgentEvent): AgentEffect[] {
  const effects: AgentEffect[] = [];
  handle(state, event, effects);
  askQuestions(state, effects);
  return effects;
}

function handle(state: AgentState, event: AgentEvent, effects: AgentEffect[]): void {
  switch (event.kind) {
    case "tick":
      state.tick++;
      state.ahead = aheadOf(state);
      state.endedSinceTick = 0;
      state.reportsWaited = state.reports.length > 0;
      for (const attempt of state.attempts.values()) attempt.ticks++;
      return;
    case "registered":
      state.register = { kind: "idle" };
      state.membership = { kind: "member" };
      state.nextRenewTick = state.tick + state.options.renewTicks;
      return;
    case "registerFailed":
      state.register = pause(state);
      return;
    case "polled":
      state.poll = { kind: "idle" };
      takeGrants(state, event, effects);
      return;
    case "pollFailed":
      state.poll = pause(state);
      leaveIfUnknown(state, event.error, effects);
      return;
    case "renewed":
      state.renew = { kind: "idle" };
      takeRenewal(state, event, effects);
      return;
    case "renewFailed":
      state.renew = pause(state);
      leaveIfUnknown(state, event.error, effects);
      return;
    case "progressed": {
      const attempt = state.attempts.get(attemptKey(event.key.token, event.key.taskIndex));
      if (attempt !== undefined) attempt.progress = event.progress;
      return;
    }
    case "ended":
      endAttempt(state, event.key, event.outcome);
      return;
    case "reported": {
      state.report = { kind: "idle" };
      state.reportsAtOnce = reportsPerCallMax;
      const sent = new Set(event.reports);
      state.reports = state.reports.filter((report) => !sent.has(report));
      state.reportsWaited &&= state.reports.length > 0;
      return;
    }
    case "reportFailed":
      state.report = pause(state);
      if (isUnreadable(event.error)) setAsideUnreadable(state, event);
      leaveIfUnknown(state, event.error, effects);
      return;
    case "driverEnded":
      if (state.drivers.get(event.jobId)?.token === event.token) state.drivers.delete(event.jobId);
      return;
    default:
      unreachable(event);
  }
}

function pause(state: AgentState): Question {
  return { kind: "pausing", untilTick: state.tick + state.options.pauseTicks };
}

function takeGrants(
  state: AgentState,
  event: Extract<AgentEvent, { kind: "polled" }>,
  effects: AgentEffect[],
): void {
  // Work that was granted to an incarnation we have left meanwhile is not ours.
  if (state.membership.kind === "outside") return;
  for (const grant of event.grants) {
    for (const task of grant.tasks) {
      const key = attemptKey(grant.token, task.taskIndex);
      // A reply that was delivered twice must not run a task twice.
      if (state.attempts.has(key)) continue;
      state.attempts.set(key, {
        grant,
        taskIndex: task.taskIndex,
        progress: { rows: 0, bytes: 0, steps: 0 },
        ticks: 0,
      });
      effects.push({ kind: "run", grant, task });
    }
  }
  for (const grant of event.drivers) {
    const jobId = grant.job?.jobId;
    if (jobId === undefined || state.drivers.get(jobId)?.token === grant.token) continue;
    // Its lease ran out before we heard of it, and came back to us: the older run stops.
    if (state.drivers.has(jobId)) effects.push({ kind: "cancelDriver", jobId });
    state.drivers.set(jobId, grant);
    effects.push({ kind: "runDriver", grant });
  }
}

function takeRenewal(
  state: AgentState,
  event: Extract<AgentEvent, { kind: "renewed" }>,
  effects: AgentEffect[],
): void {
  if (!event.known) {
    leave(state, effects);
    return;
  }
  for (const lost of event.lostTasks) {
    if (!state.attempts.delete(attemptKey(lost.token, lost.taskIndex))) continue;
    effects.push({ kind: "cancel", key: { token: lost.token, taskIndex: lost.taskIndex } });
  }
  for (const lost of event.lostDrivers) {
    if (state.drivers.get(lost.jobId)?.token !== lost.token) continue;
    state.drivers.delete(lost.jobId);
    effects.push({ kind: "cancelDriver", jobId: lost.jobId });
  }
  for (const jobId of event.releasedJobs) effects.push({ kind: "release", jobId });
}

function leaveIfUnknown(state: AgentState, error: ErrorRecord, effects: AgentEffect[]): void {
  if (error.code === "WORKER_UNKNOWN") leave(state, effects);
}

/** The cluster has given us up: whatever we hold is someone else's by now. */
function leave(state: AgentState, effects: AgentEffect[]): void {
  if (state.membership.kind === "outside") return;
  state.membership = { kind: "outside" };
  for (const attempt of state.attempts.values()) {
    effects.push({ kind: "cancel", key: keyOf(attempt) });
  }
  for (const jobId of state.drivers.keys()) effects.push({ kind: "cancelDriver", jobId });
  state.attempts.clear();
  state.drivers.clear();
  state.reports = [];
  // What was asked as a member of old is never answered to us.
  state.poll = { kind: "idle" };
  state.renew = { kind: "idle" };
  state.report = { kind: "idle" };
}

function keyOf(attempt: Attempt): AttemptKey {
  return { token: attempt.grant.token, taskIndex: attempt.taskIndex };
}

function endAttempt(state: AgentState, key: AttemptKey, outcome: TaskOutcome): void {
  const name = attemptKey(key.token, key.taskIndex);
  const attempt = state.attempts.get(name);
  // Cancelled or left behind: its lease is gone, so nobody waits for its report.
  if (attempt === undefined) return;
  state.attempts.delete(name);
  state.endedSinceTick++;
  state.reports.push(toReport(attempt, outcome));
}

/** The leader could not even read it: it would not when sent again either. */
function isUnreadable({ code }: ErrorRecord): boolean {
  return code === "MESSAGE_INVALID" || code === "LIMIT_EXCEEDED";
}

/**
 * Sends one by one what was refused together; what is refused alone fails its task by that error.
 */
function setAsideUnreadable(
  state: AgentState,
  { reports, error }: Extract<AgentEvent, { kind: "reportFailed" }>,
): void {
  state.reportsAtOnce = 1;
  const [only] = reports;
  if (only === undefined || reports.length > 1) return;
  const failed = { errorJson: JSON.stringify(error) };
  state.reports = state.reports.flatMap((report): TaskReport[] => {
    if (report !== only) return [report];
    // A failure that cannot be told is forgotten: its lease then ends by itself.
    if (report.outcome?.$case === "failed") return [];
    return [{ ...report, outcome: { $case: "failed", value: failed } }];
  });
}

function reportChars({ outcome }: TaskReport): number {
  if (outcome?.$case !== "done") return 0;
  return outcome.value.resultJson.length + outcome.value.uploadJson.length;
}

/** The oldest, as many as one request may carry, but at least one. */
function reportsToSend(state: AgentState): TaskReport[] {
  const chosen: TaskReport[] = [];
  let chars = 0;
  for (const report of state.reports) {
    chars += reportChars(report);
    if (chosen.length > 0 && chars > reportCharsPerCallMax) break;
    if (chosen.length >= state.reportsAtOnce) break;
    chosen.push(report);
  }
  return chosen;
}

function toReport(attempt: Attempt, outcome: TaskOutcome): TaskReport {
  const { grant } = attempt;
  const head = {
    jobId: grant.job?.jobId ?? "",
    actionIndex: grant.actionIndex,
    stageId: grant.stageId,
    taskIndex: attempt.taskIndex,
    token: grant.token,
  };
  switch (outcome.kind) {
    case "done": {
      const { resultJson, uploads, counters = {}, partitionBytes, ...counts } = outcome.result;
      const done = {
        ...counts,
        counters,
        partitionBytes: [...(partitionBytes ?? [])],
        resultJson: resultJson ?? "",
        uploadJson: uploads === undefined ? "" : JSON.stringify(uploads),
      };
      return { ...head, outcome: { $case: "done", value: done } };
    }
    case "failed":
      return {
        ...head,
        outcome: { $case: "failed", value: { errorJson: JSON.stringify(outcome.error) } },
      };
    default:
      return unreachable(outcome);
  }
}

function mayAsk(state: AgentState, question: Question): boolean {
  switch (question.kind) {
    case "idle":
      return true;
    case "asked":
      return false;
    case "pausing":
      return state.tick >= question.untilTick;
    default:
      return unreachable(question);
  }
}

function askQuestions(state: AgentState, effects: AgentEffect[]): void {
  if (state.membership.kind === "outside") {
    if (!mayAsk(state, state.register)) return;
    state.register = { kind: "asked" };
    effects.push({ kind: "register" });
    return;
  }
  if (isReportDue(state) && mayAsk(state, state.report)) {
    state.report = { kind: "asked" };
    state.reportsWaited = false;
    effects.push({ kind: "report", reports: reportsToSend(state) });
  }
  if (state.tick >= state.nextRenewTick && mayAsk(state, state.renew)) {
    state.renew = { kind: "asked" };
    state.nextRenewTick = state.tick + state.options.renewTicks;
    effects.push(renewal(state));
  }
  askForWork(state, effects);
}

/** As many tasks as ended in a part of the last tick; a pause between two stages is no reason to forget how many. */
function aheadOf({ ahead, endedSinceTick, options }: AgentState): number {
  const isShort = endedSinceTick >= shortTasksMin * (options.slots + 1);
  const ended = isShort ? Math.floor(endedSinceTick / tickParts) : 0;
  return Math.min(tasksAheadMax, Math.max(ended, Math.floor(ahead / 2)));
}

/** How many more tasks are wanted, and whether to ask for them now: what lies ahead is asked for once half of it is done. */
function roomOf({ attempts, ahead, options }: AgentState): { room: number; isLow: boolean } {
  const room = options.slots + 1 + ahead - attempts.size;
  return { room, isLow: room > Math.floor(ahead / 2) };
}

/** Where tasks are short, reports wait for others until work runs low, for a tick at most: each call is a log entry. */
function isReportDue(state: AgentState): boolean {
  if (state.reports.length === 0) return false;
  return state.reportsWaited || roomOf(state).isLow;
}

/**
 * One task more than there are slots, so that a thread never waits for the leader between two tasks; where tasks are
 * short some more, so that neither does a log entry for each of them.
 */
function askForWork(state: AgentState, effects: AgentEffect[]): void {
  const { ahead, options } = state;
  const { room, isLow } = roomOf(state);
  if (!isLow || !mayAsk(state, state.poll)) return;
  // Finished work is reported before new work is taken: the leader then knows what became runnable.
  // Where tasks are short there is always some to report, and what is to be run next is known.
  if (ahead === 0 && state.reports.length > 0) return;
  // A full worker does not ask for drivers alone: that question would stand when a slot becomes free.
  // What lies ahead will have run when the answer comes, so it takes no slot.
  const freeSlots = Math.min(options.slots + 1, room);
  const freeDriverSlots = Math.max(0, options.driverSlots - state.drivers.size);
  state.poll = { kind: "asked" };
  effects.push({ kind: "poll", freeSlots, freeAhead: room - freeSlots, freeDriverSlots });
}

function renewal(state: AgentState): AgentEffect {
  const tasks = [];
  for (const attempt of state.attempts.values()) {
    const { grant, progress } = attempt;
    tasks.push({
      jobId: grant.job?.jobId ?? "",
      actionIndex: grant.actionIndex,
      stageId: grant.stageId,
      taskIndex: attempt.taskIndex,
      token: grant.token,
      // Until its first step an attempt queues behind others: that is no standstill of its own.
      // Even while it queues, odd once it runs, so that going over is a move as well.
      progress: progress.steps === 0 ? 2 * attempt.ticks : 2 * progress.steps + 1,
      rows: progress.rows,
      bytes: progress.bytes,
    });
  }
  // Until the leader has acknowledged a report, the lease that it names must not run out.
  for (const { jobId, actionIndex, stageId, taskIndex, token } of state.reports) {
    const last = { progress: 0, rows: 0, bytes: 0 };
    tasks.push({ jobId, actionIndex, stageId, taskIndex, token, ...last });
  }
  const drivers = [...state.drivers].map(([jobId, grant]) => ({ jobId, token: grant.token }));
  return { kind: "renew", tasks, drivers };
}
