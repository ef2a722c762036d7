// Clients of a virtual cluster: submit a job, drive it or leave it to the cluster, wait for its end.

import { type EngineError, toErrorRecord } from "../../proto/errors.ts";
import { renewEveryMs } from "../../proto/limits.ts";
import { type Clock, sleep } from "../../proto/ports/clock.ts";
import type { LeaderCalls } from "../../proto/ports/leader.ts";
import {
  type DriverLease,
  recordedOutcomeOverWire,
  runActionOverWire,
} from "../../proto/wire/action-calls.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import type { ClusterView, JobView } from "../../proto/wire/views.ts";
import { drive } from "./executor.ts";
import type { SimulatedJob } from "./workload.ts";

export interface Client {
  /** Resolves once the cluster has promised to run it. */
  submit(job: SimulatedJob): Promise<void>;
  cancel(jobId: string): Promise<void>;
  view(jobId: string): Promise<JobView>;
  ended(jobId: string): Promise<JobView>;
  status(): Promise<ClusterView>;
}

export interface ClientPorts {
  readonly leader: LeaderCalls;
  readonly clock: Clock;
  readonly code: Uint8Array;
  readonly sha256: string;
}

export function createClient({ leader, clock, code, sha256 }: ClientPorts): Client {
  async function submit(job: SimulatedJob): Promise<void> {
    await leader.call(clientApi.putBundle, { sha256, code });
    const fixed = { paramsJson: "{}", seed: 1, submittedWallMs: 0, workingFolder: "/" };
    const { jobId, isDetached: detached } = job;
    const request = { ...fixed, jobId, name: "virtual", bundleSha256: sha256, detached };
    const { driverToken } = await leader.call(clientApi.submit, request);
    if (!detached) void driveToEnd(job, { jobId, driverToken });
  }

  /** Until it is over, or another drives it. */
  async function renew(lease: DriverLease, isOver: () => boolean): Promise<void> {
    for (;;) {
      await sleep(clock, renewEveryMs);
      if (isOver()) return;
      const { held } = await leader.call(clientApi.renewDriver, lease);
      if (!held) return;
    }
  }

  /** As a command does that waits for its job: what ends its driving does not end the job. */
  async function driveToEnd(job: SimulatedJob, lease: DriverLease): Promise<void> {
    let isOver = false;
    const renewing = renew(lease, () => isOver).catch(() => undefined);
    const { jobId } = lease;
    const running = drive(job, {
      runAction: (graphJson) => {
        const { actionIndex } = JSON.parse(graphJson) as { readonly actionIndex: number };
        return runActionOverWire(leader, lease, { actionIndex, json: graphJson });
      },
      recordedOutcome: (index, planDigest) =>
        recordedOutcomeOverWire(leader, jobId, { index, planDigest }),
    }).then(
      (resultJson) => ({ resultJson, errorJson: "" }),
      (thrown: EngineError) => {
        const error = toErrorRecord(thrown);
        // Only the job's own failure is its end; else another goes on with it.
        const isOurs = ["LEASE_LOST", "UNAVAILABLE", "DEADLINE", "JOB_CANCELLED"];
        if (isOurs.includes(error.code)) return undefined;
        return { resultJson: "", errorJson: JSON.stringify(error) };
      },
    );
    const end = await Promise.race([running, renewing.then(() => undefined)]);
    isOver = true;
    if (end === undefined) return;
    // Refused where another took the job over meanwhile.
    await leader.call(clientApi.finishJob, { ...lease, ...end }).catch(() => undefined);
  }

  async function view(jobId: string): Promise<JobView> {
    const request = { jobId, knownRevision: 0, waitMs: 0 };
    return JSON.parse((await leader.call(clientApi.getJob, request)).jobJson) as JobView;
  }

  async function ended(jobId: string): Promise<JobView> {
    for (;;) {
      const job = await view(jobId);
      if (job.state !== "running") return job;
      await sleep(clock, 250);
    }
  }

  return {
    ...{ submit, view, ended },
    cancel: async (jobId) => {
      await leader.call(clientApi.cancelJob, { jobId, reason: "the simulation says so" });
    },
    status: async () =>
      JSON.parse((await leader.call(clientApi.clusterStatus, {})).statusJson) as ClusterView,
  };
}
