// Commands through the public API: how long one takes, and how many go through with many callers.

import type { LeaderCalls } from "../../proto/ports/leader.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import { type DrivenJob, submitJob } from "./api-calls.ts";
import { type Figure, percentile } from "./statistics.ts";

interface Load {
  readonly perSecond: number;
  readonly tookMs: readonly number[];
}

/** Every caller sends its next command when the one before was answered. */
async function drive(
  clients: readonly LeaderCalls[],
  job: DrivenJob,
  callers: number,
  durationMs: number,
): Promise<Load> {
  const tookMs: number[] = [];
  const startedMs = performance.now();
  const endMs = startedMs + durationMs;
  const call = async (client: LeaderCalls): Promise<void> => {
    while (performance.now() < endMs) {
      const sentMs = performance.now();
      await client.call(clientApi.renewDriver, job);
      tookMs.push(performance.now() - sentMs);
    }
  };
  const each = Array.from({ length: callers }, (_, i) => clients[i % clients.length]);
  await Promise.all(each.map((client) => client && call(client)));
  return { perSecond: (tookMs.length * 1000) / (performance.now() - startedMs), tookMs };
}

/**
 * The command is a driver's renewal: one small log entry, and nothing beside it. Callers are spread
 * over the connections, so that they do not march in step.
 */
export async function measureProposals(
  client: LeaderCalls,
  clients: readonly LeaderCalls[],
  durationMs: number,
  callerCounts: readonly number[] = [1, 64, 1024],
): Promise<Figure[]> {
  const job = await submitJob(client);
  await drive(clients, job, 64, durationMs / 2);
  const figures: Figure[] = [];
  for (const callers of callerCounts) {
    const { perSecond, tookMs } = await drive(clients, job, callers, durationMs);
    const measure = `commands, ${callers} ${callers === 1 ? "caller" : "callers"}`;
    const p50: Figure = { measure, what: "p50", unit: "ms", values: [percentile(tookMs, 0.5)] };
    const rate: Figure = { measure, what: "rate", unit: "/s", values: [perSecond] };
    figures.push(
      callers === 1 ? { ...p50, aim: { kind: "most", value: 1 } } : p50,
      { measure, what: "p99", unit: "ms", values: [percentile(tookMs, 0.99)] },
      callers === 1024 ? { ...rate, aim: { kind: "least", value: 10_000 } } : rate,
    );
  }
  await client.call(clientApi.cancelJob, { jobId: job.jobId, reason: "the benchmark is over" });
  return figures;
}
