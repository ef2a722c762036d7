// One task, and a small query, on a warm embedded cluster: from the request that starts its action to the result in hand.

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
  /** For the file that is queried. */
  readonly folder: string;
  readonly actions: number;
}

export async function measureWarmStage(options: WarmStageOptions): Promise<Figure[]> {
  const { root, input, folder, actions } = options;
  const program = join(root, "dist/sdk/embedded/main.mjs");
  const cluster = startEmbeddedCluster(program, { threads: 2 });
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
    const run = async (job: CompiledJob, params: object): Promise<number> => {
      const beganMs = performance.now();
      const hooks = { onJobId: () => {}, onProgress: () => {} };
      const paramsJson = JSON.stringify(params);
      await runAttached(world, { job, paramsJson, workingFolder: root }, hooks);
      return performance.now() - beganMs;
    };
    const output = join(folder, "rows/");
    await run(await compile(root, "./write-rows/job.ts"), { output, rows: queryRows });
    const repeat = async (job: CompiledJob, params: object): Promise<Repeated> => {
      await run(job, { ...params, actions: 20 });
      tookMs.length = 0;
      await run(job, { ...params, actions });
      const actionsMs = tookMs.slice(0, actions);
      const jobsMs: number[] = [];
      for (let i = 0; i < 10; i++) jobsMs.push(await run(job, { ...params, actions: 1 }));
      return { actionsMs, jobsMs };
    };
    const task = await repeat(await compile(root, "./one-task/job.ts"), { input });
    const query = await repeat(await compile(root, "./small-query/job.ts"), { input: output });
    connection.close();
    return [
      // Submit to result, of a stage alone and of the job that it is all of.
      ...figuresOf("one task, warm embedded cluster", task, { actionMs: 4, jobMs: 10 }),
      ...figuresOf("filter and group-by of a small Parquet file, warm", query, aimsOfQuery),
    ];
  } finally {
    await cluster.stop();
  }
}

const aimsOfQuery = { actionMs: 15, jobMs: 20 } as const;
/** Rows of the file that is queried. */
const queryRows = 10_000;

/** From the request that starts an action to its outcome; and whole jobs of one action. */
interface Repeated {
  readonly actionsMs: readonly number[];
  readonly jobsMs: readonly number[];
}

async function compile(root: string, path: string): Promise<CompiledJob> {
  const jobRuntime = join(root, "dist/sdk/job.mjs");
  const job = await bundleJob(join(root, "bench/micro", path), { jobRuntime });
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

function figuresOf(
  measure: string,
  { actionsMs, jobsMs }: Repeated,
  most: { readonly actionMs: number; readonly jobMs: number },
): Figure[] {
  const figure = (what: string, value: number): Figure => {
    return { measure, what, unit: "ms", values: [value] };
  };
  const aim = (value: number) => ({ kind: "most", value }) as const;
  return [
    { ...figure("action p50", percentile(actionsMs, 0.5)), aim: aim(most.actionMs) },
    figure("action p99", percentile(actionsMs, 0.99)),
    { ...figure("whole job p50", percentile(jobsMs, 0.5)), aim: aim(most.jobMs) },
  ];
}
