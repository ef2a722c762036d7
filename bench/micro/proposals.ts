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
  client: LeaderCalls,
  job: DrivenJob,
  callers: number,
  durationMs: number,
): Promise<Load> {
  const tookMs: number[] = [];
  const startedMs = performance.now();
  const endMs = startedMs + durationMs;
  const call = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const sentMs = performance.now();
      await client.call(clientApi.renewDriver, job);
      tookMs.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return { perSecond: (tookMs.length * 1000) / (performance.now() - startedMs), tookMs };
}

/** The command is a driver's renewal: one small log entry, and nothing beside it. */
export async function measureProposals(
  client: LeaderCalls,
  durationMs: number,
  callerCounts: readonly number[] = [1, 64, 1024],
): Promise<Figure[]> {
  const job = await submitJob(client);
  await drive(client, job, 64, durationMs / 2);
  const figures: Figure[] = [];
  for (const callers of callerCounts) {
    const { perSecond, tookMs } = await drive(client, job, callers, durationMs);
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
