// One task on a warm embedded cluster: from the request that starts its action to the result in hand.

import { join } from "node:path";
import { realClock } from "../../proto/io/clock.ts";
import { realRandom } from "../../proto/io/seed.ts";
import { createStores } from "../../proto/io/stores.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import { startEmbeddedCluster } from "../../sdk/cli/embedded-cluster.ts";
import { bundleJob } from "../../sdk/client/bundle.ts";
import { loadBundle } from "../../sdk/client/bundle-load.ts";
import { runAttached } from "../../sdk/client/submit-job.ts";
import type { ClientWorld, CompiledJob } from "../../sdk/client/world.ts";
import { connectLeader } from "./api-calls.ts";
import { type Figure, percentile } from "./statistics.ts";

export interface WarmStageOptions {
  /** Of the project, with its built programs below. */
  readonly root: string;
  readonly input: string;
  readonly actions: number;
}

export async function measureWarmStage(options: WarmStageOptions): Promise<Figure[]> {
  const { root, input, actions } = options;
  const program = join(root, "dist/sdk/embedded/main.mjs");
  const cluster = startEmbeddedCluster(program, { threads: 1 });
  try {
    const connection = connectLeader([await cluster.serving], cluster.token);
    const tookMs: number[] = [];
    let startMs = 0;
    const leader: ClientWorld["leader"] = {
      call: async (method, request, callOptions) => {
        if (method.path === clientApi.startAction.path) startMs = performance.now();
        const reply = await connection.call(method, request, callOptions);
        const isOutcome = method.path === clientApi.waitAction.path && hasOutcome(reply);
        if (isOutcome) tookMs.push(performance.now() - startMs);
        return reply;
      },
    };
    const world: ClientWorld = {
      leader,
      clock: realClock,
      random: realRandom(),
      store: createStores({}),
    };
    const job = await compile(root);
    const run = async (count: number): Promise<number> => {
      const beganMs = performance.now();
      const paramsJson = JSON.stringify({ input, actions: count });
      const hooks = { onJobId: () => {}, onProgress: () => {} };
      await runAttached(world, { job, paramsJson, workingFolder: root }, hooks);
      return performance.now() - beganMs;
    };
    await run(20);
    tookMs.length = 0;
    await run(actions);
    const jobsMs: number[] = [];
    for (let i = 0; i < 10; i++) jobsMs.push(await run(1));
    connection.close();
    return figuresOf(tookMs.slice(0, actions), jobsMs);
  } finally {
    await cluster.stop();
  }
}

async function compile(root: string): Promise<CompiledJob> {
  const jobRuntime = join(root, "dist/sdk/job.mjs");
  const path = join(root, "bench/micro", "./one-task/job.ts");
  const job = await bundleJob(path, { jobRuntime });
  return { bundle: await loadBundle(job), code: job.code, sha256: job.sha256 };
}

function hasOutcome(reply: unknown): boolean {
  return (
    typeof reply === "object" &&
    reply !== null &&
    "outcomeJson" in reply &&
    reply.outcomeJson !== ""
  );
}

function figuresOf(actionsMs: readonly number[], jobsMs: readonly number[]): Figure[] {
  const measure = "one task, warm embedded cluster";
  const p50 = { measure, what: "action p50", unit: "ms", values: [percentile(actionsMs, 0.5)] };
  return [
    { ...p50, aim: { kind: "most", value: 10 } },
    { measure, what: "action p99", unit: "ms", values: [percentile(actionsMs, 0.99)] },
    { measure, what: "whole job p50", unit: "ms", values: [percentile(jobsMs, 0.5)] },
  ];
}
