// From the leader's kill -9 to the first task granted by its successor, again and again.

import { performance } from "node:perf_hooks";
import { raftElectionTicksMax, raftTickMs } from "../../proto/limits/raft.ts";
import type { LeaderCalls } from "../../proto/ports/leader.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import type { ClusterView } from "../../proto/wire/views.ts";
import type { LocalCluster } from "../cluster/local-cluster.ts";
import { startFakeWorker, startTasks, submitJob } from "./api-calls.ts";
import { type Figure, percentile } from "./statistics.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function leaderOf(client: LeaderCalls): Promise<string> {
  const { statusJson } = await client.call(clientApi.clusterStatus, {});
  return (JSON.parse(statusJson) as ClusterView).leader;
}

export async function measureFailover(
  cluster: LocalCluster,
  client: LeaderCalls,
  node: LeaderCalls,
  kills: number,
): Promise<Figure[]> {
  const job = await submitJob(client);
  await startTasks(client, job, 100_000);
  const worker = await startFakeWorker(node, "fake-1", 4);
  const tookMs: number[] = [];
  for (let i = 0; i < kills; i++) {
    const leader = await leaderOf(client);
    await worker.workOnce();
    await cluster.kill(leader, "SIGKILL");
    const killedMs = performance.now();
    while ((await worker.workOnce()) === 0);
    tookMs.push(performance.now() - killedMs);
    await cluster.restart(leader);
    // The restarted master catches up, so that the next kill leaves a majority.
    await pause(500);
  }
  worker.stop();
  await client.call(clientApi.cancelJob, { jobId: job.jobId, reason: "the benchmark is over" });
  const measure = `leader killed ${kills} times, to the next grant`;
  const electionMs = raftElectionTicksMax * raftTickMs;
  const p50 = { measure, what: "p50", unit: "ms", values: [percentile(tookMs, 0.5)] };
  const p99 = { measure, what: "p99", unit: "ms", values: [percentile(tookMs, 0.99)] };
  return [
    { ...p50, aim: { kind: "most", value: 2000 } },
    { ...p99, aim: { kind: "most", value: 3 * electionMs } },
  ];
}
