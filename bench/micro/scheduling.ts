// No-op tasks from submit to result, through one master and workers that run nothing.

import type { LeaderCalls } from "../../proto/ports/leader.ts";
import { runActionOverWire } from "../../proto/wire/action-calls.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import { noopGraph, startFakeWorker, submitJob } from "./api-calls.ts";
import type { Figure } from "./statistics.ts";

const slotsOfWorker = 64;
/** A poll without work delays the end of the measurement by this much, not its figure. */
const pollWaitMs = 100;

export async function measureScheduling(
  client: LeaderCalls,
  node: LeaderCalls,
  tasks: number,
  workers: number,
): Promise<Figure[]> {
  const job = await submitJob(client);
  const names = Array.from({ length: workers }, (_, i) => `fake-${i + 1}`);
  const fakes = await Promise.all(
    names.map((name) => startFakeWorker(node, name, slotsOfWorker, pollWaitMs)),
  );
  let isOver = false;
  const startedMs = performance.now();
  const working = fakes.map(async (fake) => {
    while (!isOver) await fake.workOnce();
  });
  const graph = { actionIndex: 0, json: JSON.stringify(noopGraph(0, tasks)) };
  const outcome = await runActionOverWire(client, job, graph);
  const elapsedMs = performance.now() - startedMs;
  isOver = true;
  if (outcome.kind !== "result" || outcome.parts.length !== tasks) {
    throw new Error(`${tasks} no-op tasks ended as ${outcome.kind}`);
  }
  await client.call(clientApi.cancelJob, { jobId: job.jobId, reason: "the benchmark is over" });
  for (const fake of fakes) fake.stop();
  await Promise.allSettled(working);
  const measure = `${tasks} no-op tasks, one master, ${workers} workers`;
  return [
    {
      measure,
      what: "rate",
      unit: "tasks/s",
      values: [(tasks * 1000) / elapsedMs],
      aim: { kind: "least", value: 25_000 },
    },
  ];
}
