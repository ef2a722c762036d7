// The lease on driving a job: held by the client that submitted it, or by a worker, or waiting for
// one.

import type { ErrorRecord } from "../../proto/errors.ts";
import type { Incarnation, JobId, WorkerId } from "../../proto/ids.ts";
import { driverLeaseLoggedTicks } from "../../proto/limits.ts";
import type { CommandReply, RenewedDriverLease } from "./commands.ts";
import { needJob, needWorker, runningJobs } from "./find.ts";
import { refuse } from "./refuse.ts";
import type { ClusterState, DriverState, JobState } from "./state.ts";

export function holdsDriver(driver: DriverState, token: number): boolean {
  return (driver.kind === "client" || driver.kind === "worker") && driver.token === token;
}

/** Refuses anyone but the current driver of a job that still runs. */
export function needDriver(job: JobState, token: number): void {
  if (job.phase.kind !== "running") {
    const { end } = job.phase;
    if (end.kind === "cancelled") refuseWith(end.error);
    refuse("LEASE_LOST", `job ${job.jobId} has already ${end.kind}; its driver has nothing to do`);
  }
  if (!holdsDriver(job.driver, token)) {
    refuse(
      "LEASE_LOST",
      `the driver of job ${job.jobId} with token ${token} was replaced (now ${job.driver.kind}); ` +
        "it stops, the job goes on without it",
    );
  }
}

export function refuseWith(error: ErrorRecord): never {
  refuse(error.code, error.message, error.details);
}

export function grantDriver(
  state: ClusterState,
  workerId: WorkerId,
  incarnation: Incarnation,
  jobId: JobId,
): CommandReply {
  needWorker(state, workerId, incarnation);
  const job = needJob(state, jobId);
  if (job.driver.kind !== "waiting") {
    refuse("LEASE_LOST", `job ${jobId} waits for no driver: it is ${job.driver.kind}`);
  }
  const token = state.appliedIndex;
  job.driver = { kind: "worker", token, workerId, renewedTick: state.tick };
  job.revision = state.appliedIndex;
  return { kind: "driverGranted", token };
}

export function renewDriver(state: ClusterState, jobId: JobId, token: number): CommandReply {
  const job = state.jobs.get(jobId);
  if (job === undefined || !holdsDriver(job.driver, token)) return { kind: "driver", held: false };
  prolong(state, job);
  return { kind: "driver", held: true };
}

/** Those of the worker's drivers that it lost. */
export function renewDrivers(
  state: ClusterState,
  workerId: WorkerId,
  drivers: readonly RenewedDriverLease[],
): readonly RenewedDriverLease[] {
  return drivers.filter(({ jobId, token }) => {
    const job = state.jobs.get(jobId);
    if (job?.driver.kind !== "worker" || job.driver.workerId !== workerId) return true;
    if (job.driver.token !== token) return true;
    prolong(state, job);
    return false;
  });
}

function prolong(state: ClusterState, job: JobState): void {
  const { driver } = job;
  if (driver.kind === "client" || driver.kind === "worker") {
    job.driver = { ...driver, renewedTick: state.tick };
  }
}

export function expireDrivers(state: ClusterState): void {
  for (const job of runningJobs(state)) {
    const { driver } = job;
    if (driver.kind !== "client" && driver.kind !== "worker") continue;
    if (state.tick - driver.renewedTick < driverLeaseLoggedTicks) continue;
    job.driversLost++;
    loseDriver(state, job);
  }
}

export function loseDriversOf(state: ClusterState, workerId: WorkerId): void {
  for (const job of runningJobs(state)) {
    if (job.driver.kind === "worker" && job.driver.workerId === workerId) loseDriver(state, job);
  }
}

function loseDriver(state: ClusterState, job: JobState): void {
  job.driver = { kind: "waiting" };
  job.revision = state.appliedIndex;
}
