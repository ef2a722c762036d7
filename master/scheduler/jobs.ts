// Jobs: submitted, finished by their driver, cancelled by anyone who may.

import type { ErrorRecord } from "../../proto/errors.ts";
import type { JobId } from "../../proto/ids.ts";
import { driversLostMax, jobsLiveMax } from "../../proto/limits.ts";
import { cancelAction } from "./actions.ts";
import { needBundle } from "./bundles.ts";
import type { Command, CommandReply, JobFinish } from "./commands.ts";
import { needDriver, refuseWith } from "./drivers.ts";
import { findRunning, needJob, runningJobs } from "./find.ts";
import { decideEnd } from "./job-end.ts";
import { refuse } from "./refuse.ts";
import type { ClusterState, JobEnd, JobState } from "./state.ts";

type Submit = Extract<Command, { kind: "submitJob" }>;

export function submitJob(state: ClusterState, submit: Submit): CommandReply {
  const known = state.jobs.get(submit.jobId);
  if (known !== undefined) return resubmitJob(known, submit);
  if (state.live.size >= jobsLiveMax) {
    refuse(
      "LIMIT_EXCEEDED",
      `${state.live.size} jobs are under way, at most ${jobsLiveMax} may be; submit again later`,
    );
  }
  const bundle = needBundle(state, submit.bundleSha256);
  bundle.users++;
  const { kind: _, ...fields } = submit;
  const token = state.appliedIndex;
  state.jobs.set(submit.jobId, {
    ...fields,
    submittedIndex: token,
    revision: token,
    phase: { kind: "running" },
    driver: submit.detached
      ? { kind: "waiting" }
      : { kind: "client", token, renewedTick: state.tick },
    driversLost: 0,
    actions: new Map(),
    kept: new Map(),
    historyBytes: 0,
    open: new Set(),
  });
  state.live.add(submit.jobId);
  return { kind: "submitted", driverToken: submit.detached ? 0 : token };
}

/**
 * The same request again is a repetition whose reply was missed; another one is a clash of names.
 */
function resubmitJob(known: JobState, submit: Submit): CommandReply {
  const same =
    known.bundleSha256 === submit.bundleSha256 &&
    known.paramsJson === submit.paramsJson &&
    known.name === submit.name &&
    known.seed === submit.seed &&
    known.submittedWallMs === submit.submittedWallMs &&
    known.workingFolder === submit.workingFolder &&
    known.detached === submit.detached;
  if (!same) {
    refuse("JOB_EXISTS", `there is another job with the id ${submit.jobId}; choose a new id`);
  }
  return { kind: "submitted", driverToken: known.detached ? 0 : known.submittedIndex };
}

export function finishJob(
  state: ClusterState,
  jobId: JobId,
  driverToken: number,
  finish: JobFinish,
): CommandReply {
  const job = needJob(state, jobId);
  if (job.phase.kind !== "running") return refinishJob(job, job.phase.end, driverToken, finish);
  needDriver(job, driverToken);
  const unawaited = firstRunning(state, job);
  if (finish.kind === "succeeded" && unawaited !== undefined) {
    const error: ErrorRecord = {
      code: "JOB_FAILED",
      message:
        `run of job ${jobId} returned while its action ${unawaited} was still running; ` +
        "await every action, or its output would be missing",
      details: {},
    };
    endJob(state, job, { kind: "failed", error });
    return { kind: "error", error };
  }
  endJob(state, job, finish);
  return { kind: "ok" };
}

/** The end stands as it was decided; the driver that brought it may say so again. */
function refinishJob(
  job: JobState,
  end: JobEnd,
  driverToken: number,
  finish: JobFinish,
): CommandReply {
  if (end.kind === "cancelled") refuseWith(end.error);
  if (job.driver.kind !== "ended" || job.driver.token !== driverToken) {
    refuse("LEASE_LOST", `job ${job.jobId} has already ${end.kind} under another driver`);
  }
  if (end.kind === "failed" && finish.kind === "succeeded") refuseWith(end.error);
  return { kind: "ok" };
}

export function cancelJob(state: ClusterState, jobId: JobId, reason: string): CommandReply {
  const job = needJob(state, jobId);
  if (job.phase.kind === "running") {
    const message = `job ${jobId} was cancelled${reason === "" ? "" : `: ${reason}`}`;
    endJob(state, job, {
      kind: "cancelled",
      error: { code: "JOB_CANCELLED", message, details: {} },
    });
  }
  return { kind: "cancelled", state: jobStateName(job) };
}

/** A driver program that ends every process it runs in would otherwise be tried for ever. */
export function endUndrivableJobs(state: ClusterState): void {
  for (const job of runningJobs(state)) {
    if (job.driversLost < driversLostMax) continue;
    const message =
      `the driver program of job ${job.jobId} was lost ${job.driversLost} times without starting ` +
      `another action after ${job.actions.size}; look for what in run() fills the memory or never ends`;
    endJob(state, job, {
      kind: "failed",
      error: { code: "TASK_ATTEMPTS_EXHAUSTED", message, details: {} },
    });
  }
}

/** Running actions stop at once; those that commit already go on to their end. */
function endJob(state: ClusterState, job: JobState, end: JobEnd): void {
  const error: ErrorRecord =
    end.kind === "succeeded"
      ? { code: "JOB_CANCELLED", message: `job ${job.jobId} ended`, details: {} }
      : end.error;
  for (const actionIndex of [...job.open]) {
    const running = findRunning(state, job.jobId, actionIndex);
    if (running !== undefined) cancelAction(running, error);
  }
  decideEnd(state, job, end);
}

function firstRunning(state: ClusterState, job: JobState): number | undefined {
  for (const actionIndex of job.open) {
    if (findRunning(state, job.jobId, actionIndex) !== undefined) return actionIndex;
  }
  return undefined;
}

export function jobStateName(job: JobState): "running" | "succeeded" | "failed" | "cancelled" {
  return job.phase.kind === "ended" ? job.phase.end.kind : "running";
}

/** Whether a worker has to keep files of this job. */
export function isReleased(state: ClusterState, jobId: JobId): boolean {
  return !state.live.has(jobId);
}
