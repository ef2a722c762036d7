// Jobs under faults: submitted, waited for, and held against the records that went in.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { clientApi } from "../../proto/wire/methods.ts";
import type { JobView } from "../../proto/wire/views.ts";
import { connectLeader } from "../micro/api-calls.ts";
import { runCommand, streamLines } from "./command.ts";
import { type Account, createAccount, writeRecords } from "./records.ts";
import type { World } from "./world.ts";

export interface EndedJob {
  readonly jobId: string;
  readonly state: string;
  readonly records: number;
  readonly account: Account;
  /** Submits of it that were not acknowledged. */
  readonly refused: number;
  readonly failure: string;
}

/** Silence of the whole cluster for this long is a failure of the run. */
const answerMsMax = 300_000;
const jobMsMax = 1_800_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A sort of all records: each of them crosses the shuffle and the store. */
export async function runJob(world: World, name: string, records: number): Promise<EndedJob> {
  const { cluster } = world;
  const input = join(world.folder, `${name}.txt`);
  writeRecords(input, name, records);
  const masters = ["--masters", cluster.masters.join(",")];
  const { environment } = cluster;
  const untilMs = performance.now() + answerMsMax;
  for (let refused = 0; ; refused++) {
    // Another folder each time: one that was not acknowledged may run all the same.
    const output = `s3://results/${name}-${refused}/`;
    const flags = ["jobs/tera-sort/job.ts", "--input", input, "--output", output];
    const submitted = await runCommand(["submit", "--detach", ...masters, ...flags], environment);
    if (submitted.code !== 0) {
      if (performance.now() > untilMs) throw new Error(`no submit passed: ${submitted.stderr}`);
      continue;
    }
    const jobId = submitted.stdout.trim();
    const job = await untilEnded(world, jobId);
    const account = createAccount(name, records);
    if (job?.state === "succeeded") {
      await readOutput(["output", output], environment, account.add);
      rmSync(input);
    }
    const failure = job?.error === undefined ? "" : `${job.error.code}: ${job.error.message}`;
    const state = job?.state ?? "lost";
    return { jobId, state, records, account: account.end(), refused, failure };
  }
}

/** The committed rows, each once: a read that the store broke off begins again. */
async function readOutput(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  add: (line: string) => void,
): Promise<void> {
  let failure = "";
  for (let attempt = 0; attempt < 5; attempt++) {
    const lines: string[] = [];
    const ended = await streamLines(args, environment, (line) => lines.push(line));
    if (ended.code === 0) {
      for (const line of lines) add(line);
      return;
    }
    failure = ended.stderr;
  }
  throw new Error(`the output cannot be read: ${failure}`);
}

/** Undefined for a job that was acknowledged and that no master knows. */
async function untilEnded({ cluster }: World, jobId: string): Promise<JobView | undefined> {
  const client = connectLeader(cluster.masters, cluster.token);
  const startedMs = performance.now();
  let answeredMs = startedMs;
  try {
    for (;;) {
      try {
        const request = { jobId, knownRevision: 0, waitMs: 0 };
        const { jobJson } = await client.call(clientApi.getJob, request);
        answeredMs = performance.now();
        const job = JSON.parse(jobJson) as JobView;
        if (!["running", "queued", "committing", "waiting"].includes(job.state)) return job;
      } catch (thrown) {
        if ((thrown as { code?: string }).code === "JOB_NOT_FOUND") return undefined;
        if (performance.now() - answeredMs > answerMsMax) throw thrown;
      }
      if (performance.now() - startedMs > jobMsMax) throw new Error(`job ${jobId} does not end`);
      await pause(300);
    }
  } finally {
    client.close();
  }
}
