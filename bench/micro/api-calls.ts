// The two sides of a cluster's API as a benchmark plays them: a driver with a job, a worker without an executor.

import { createHash, randomBytes } from "node:crypto";
import { realClock } from "../../proto/io/clock.ts";
import { createGrpcClient } from "../../proto/io/grpc-client.ts";
import { realRandom } from "../../proto/io/seed.ts";
import { shortPollMs } from "../../proto/limits/rpc.ts";
import { renewEveryMs } from "../../proto/limits.ts";
import type { StageGraph } from "../../proto/plan/stage.ts";
import type { LeaderCalls } from "../../proto/ports/leader.ts";
import type { TaskGrant, TaskReport } from "../../proto/wire/generated/engine.ts";
import { createLeaderClient } from "../../proto/wire/leader-client.ts";
import { clientApi, workerApi } from "../../proto/wire/methods.ts";

export interface Connection extends LeaderCalls {
  close(): void;
}

/** As a worker connects: it finds the leader, and finds the next one after a failover. */
export function connectLeader(masters: readonly string[], token: string): Connection {
  const rpc = createGrpcClient({ token });
  const leader = createLeaderClient({ rpc, clock: realClock, masters, random: realRandom() });
  return {
    call: (method, request, options) => leader.call(method, request, options),
    close: () => {
      leader.close();
      rpc.close();
    },
  };
}

export interface DrivenJob {
  readonly jobId: string;
  readonly driverToken: number;
}

/** A job that this process drives, with a bundle that nothing will load. */
export async function submitJob(client: LeaderCalls): Promise<DrivenJob> {
  const code = Buffer.from("export default undefined;");
  const sha256 = createHash("sha256").update(code).digest("hex");
  await client.call(clientApi.putBundle, { sha256, code });
  const jobId = `bench-${randomBytes(6).toString("hex")}`;
  const { driverToken } = await client.call(clientApi.submit, {
    jobId,
    name: "bench",
    paramsJson: "{}",
    bundleSha256: sha256,
    seed: 1,
    submittedWallMs: Date.now(),
    workingFolder: "/",
    detached: false,
  });
  return { jobId, driverToken };
}

/** Stages of independent tasks without inputs, each of at most `stageTasksMax`. */
export function noopGraph(actionIndex: number, tasks: number, stageTasksMax = 100_000): StageGraph {
  const stages = Math.ceil(tasks / stageTasksMax);
  return {
    actionIndex,
    planDigest: "count#noop:0",
    label: "no-op tasks",
    stages: Array.from({ length: stages }, (_, stageId) => ({
      stageId,
      label: "no-op",
      taskCount: Math.min(stageTasksMax, tasks - stageId * stageTasksMax),
      inputs: [],
      placement: { kind: "any" },
      output: stageId === stages - 1 ? { kind: "result" } : { kind: "shuffle", partitions: 1 },
      program: { source: { kind: "text", node: 0 }, operators: [], sink: { kind: "count" } },
      splits: [],
      inputBytes: 0,
    })),
  };
}

export async function startTasks(
  client: LeaderCalls,
  job: DrivenJob,
  tasks: number,
): Promise<void> {
  const graphJson = JSON.stringify(noopGraph(0, tasks));
  await client.call(clientApi.startAction, { ...job, graphJson });
}

function doneReports(grant: TaskGrant): TaskReport[] {
  const counts = { rowsIn: 1, bytesIn: 100, rowsOut: 1, bytesOut: 10 };
  const told = { digest: "00000000", resultJson: "1", uploadJson: "", counters: {} };
  const done = { ...counts, ...told, partitionBytes: [] };
  return grant.tasks.map(({ taskIndex }) => ({
    jobId: grant.job?.jobId ?? "",
    actionIndex: grant.actionIndex,
    stageId: grant.stageId,
    taskIndex,
    token: grant.token,
    outcome: { $case: "done", value: done },
  }));
}

export interface FakeWorker {
  /** Tasks of one grant, reported at once as done; 0 after a poll without work. */
  workOnce(): Promise<number>;
  stop(): void;
}

/** Registers a worker, and renews it until it is stopped. */
export async function startFakeWorker(
  leader: LeaderCalls,
  workerId: string,
  slots: number,
  waitMs = shortPollMs,
): Promise<FakeWorker> {
  const identity = { workerId, incarnation: randomBytes(16).toString("hex") };
  await leader.call(workerApi.register, {
    ...identity,
    dataAddress: "127.0.0.1:1",
    slots,
    weight: 1,
    replaces: "",
  });
  const renewal = { ...identity, tasks: [], drivers: [], heldJobs: [] };
  const timer = setInterval(() => {
    leader.call(workerApi.renew, renewal).catch(() => undefined);
  }, renewEveryMs);
  return {
    workOnce: async () => {
      const request = { ...identity, freeSlots: slots, freeAhead: 0, freeDriverSlots: 0, waitMs };
      const { grants } = await leader.call(workerApi.poll, request);
      const reports = grants.flatMap(doneReports);
      if (reports.length > 0) await leader.call(workerApi.report, { ...identity, reports });
      return reports.length;
    },
    stop: () => clearInterval(timer),
  };
}
