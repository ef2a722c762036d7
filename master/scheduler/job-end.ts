// How a job ends, and what is kept of it afterwards.

import { endedJobsKeptMax } from "../../proto/limits.ts";
import type { ActionOutcome } from "../../proto/plan/bundle.ts";
import { leaveBundle } from "./bundles.ts";
import { releaseStep } from "./locks.ts";
import type { ActionState, ClusterState, JobEnd, JobState } from "./state.ts";

/** Fixes the end. The job is over at once, or as soon as the outputs being committed are. */
export function decideEnd(state: ClusterState, job: JobState, end: JobEnd): void {
  const { driver } = job;
  const token = driver.kind === "waiting" ? 0 : driver.token;
  job.driver = { kind: "ended", token };
  job.phase = { kind: "ending", end };
  job.revision = state.appliedIndex;
  closeIfOver(state, job);
}

/** After an action of the job ended. */
export function settleJob(state: ClusterState, job: JobState, outcome: ActionOutcome): void {
  if (job.phase.kind !== "ending") return;
  // `run` returned without awaiting this output: the job must not succeed without it.
  if (outcome.kind === "failed" && job.phase.end.kind === "succeeded") {
    job.phase = { kind: "ending", end: { kind: "failed", error: outcome.error } };
  }
  closeIfOver(state, job);
}

function closeIfOver(state: ClusterState, job: JobState): void {
  if (job.phase.kind !== "ending" || job.open.size > 0) return;
  job.phase = { kind: "ended", end: job.phase.end };
  job.revision = state.appliedIndex;
  job.historyBytes = 0;
  job.kept.clear();
  for (const action of job.actions.values()) {
    releaseStep(state, job.jobId, action);
    stripAction(action);
  }
  state.live.delete(job.jobId);
  leaveBundle(state, job.bundleSha256);
  dropOldJobs(state);
}

/** What only replays needed. */
function stripAction(action: ActionState): void {
  const { phase } = action;
  if (phase.kind !== "ended") return;
  const outcome: ActionOutcome =
    phase.outcome.kind === "result" ? { kind: "result", parts: [] } : phase.outcome;
  action.phase = { ...phase, outcome, tokens: [] };
}

function dropOldJobs(state: ClusterState): void {
  if (state.jobs.size - state.live.size <= endedJobsKeptMax) return;
  let oldest: JobState | undefined;
  for (const job of state.jobs.values()) {
    if (state.live.has(job.jobId)) continue;
    // The revision of an ended job is the index of its end.
    if (oldest === undefined || job.revision < oldest.revision) oldest = job;
  }
  if (oldest !== undefined) state.jobs.delete(oldest.jobId);
}
