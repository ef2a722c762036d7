// The program that submitted a job is killed; a worker takes the driver over, and the job goes on.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import type { JobView } from "../../proto/wire/views.ts";
import { builtProgram, type LocalCluster, startLocalCluster } from "../cluster/local-cluster.ts";
import { minioForTests } from "../minio/for-tests.ts";
import { type JobReport, runCommand, startCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("driver-takeover");
const minio = await minioForTests();
let cluster: LocalCluster | undefined;
afterAll(() => cluster?.stop());

/** Three actions, each using what the one before answered; slow enough to be caught at work. */
const jobSource = `import { defineJob, z } from "millrace";

export default defineJob({
  name: "three-steps",
  params: z.object({ input: z.string(), output: z.string() }),
  async run(mr, { input, output }) {
    const lines = mr.read.text(input);
    const slow = lines.map((line) => {
      const until = Date.now() + 20;
      while (Date.now() < until);
      return line;
    });
    const total = await slow.count();
    const [first] = await slow.orderBy("value").take(1);
    await slow.map((line) => first + "/" + total + "/" + line).orderBy("value").write.text(output);
    return { total, first };
  },
});
`;

async function job(running: LocalCluster, jobId: string): Promise<JobView> {
  const masters = running.masters.join(",");
  const result = await runCommand(["status", "--masters", masters, "--json", jobId], {
    environment: running.environment,
  });
  expect(result.code, result.stderr).toBe(0);
  return JSON.parse(result.stdout) as JobView;
}

/** Looks until the job is as wanted; each look is a process of its own, so nothing spins. */
async function until(running: LocalCluster, jobId: string, wanted: (view: JobView) => boolean) {
  for (let look = 0; look < 400; look++) {
    const view = await job(running, jobId);
    if (wanted(view)) return view;
  }
  throw new Error(`job ${jobId} never got there: ${JSON.stringify(await job(running, jobId))}`);
}

async function onlyJob(running: LocalCluster): Promise<string> {
  const masters = running.masters.join(",");
  for (let look = 0; look < 200; look++) {
    const result = await runCommand(["status", "--masters", masters, "--json"], {
      environment: running.environment,
    });
    const { jobs } = JSON.parse(result.stdout) as { jobs: JobView[] };
    const [first] = jobs;
    if (first !== undefined) return first.jobId;
  }
  throw new Error("no job was ever submitted");
}

describe.skipIf(minio.absent)(`losing the driver${minio.note}`, () => {
  test("a worker goes on after the last finished action; gzip is read from and text written to s3://", async () => {
    const server = await minio.server();
    await server.makeBucket("jobs");
    mkdirSync(join(folder, "in"));
    const lines = Array.from({ length: 120 }, (_, i) => `line ${String(i).padStart(3, "0")}`);
    writeFileSync(join(folder, "in", "a.txt.gz"), gzipSync(`${lines.slice(0, 60).join("\n")}\n`));
    writeFileSync(join(folder, "in", "b.txt"), `${lines.slice(60).join("\n")}\n`);
    const path = join(folder, "three-steps.ts");
    writeFileSync(path, jobSource);
    const running = await startLocalCluster({
      masters: 1,
      workers: 2,
      threads: 1,
      folder: join(folder, "cluster"),
      program: builtProgram(),
      minio: server,
    });
    cluster = running;
    const { environment } = running;
    const engine = ["submit", "--masters", running.masters.join(","), path];
    const params = ["--input", join(folder, "in/"), "--output", "s3://jobs/out/"];
    const submitted = startCommand([...engine, ...params], { environment });
    const jobId = await onlyJob(running);
    await until(running, jobId, (view) => view.actions.length >= 2);
    submitted.child.kill("SIGKILL");
    const killed = await job(running, jobId);
    expect(killed.state).toBe("running");

    const ended = await until(running, jobId, (view) => view.state !== "running");
    expect(ended.error).toBeUndefined();
    expect(ended.state).toBe("succeeded");
    expect(ended.actions.map((action) => action.state)).toEqual(Array(3).fill("succeeded"));
    expect(JSON.parse(ended.resultJson ?? "")).toEqual({ total: 120, first: "line 000" });
    const rows = await runCommand(["output", "s3://jobs/out/"], { environment });
    expect(rows.stdout).toBe(`${lines.map((line) => `line 000/120/${line}`).join("\n")}\n`);

    // And what was written to s3:// is read from there, by a job that no client waits for.
    const again = ["submit", "--detach", "--json", "--masters", running.masters.join(","), path];
    const from = ["--input", "s3://jobs/out/", "--output", "s3://jobs/again/"];
    const detached = await runCommand([...again, ...from], { environment });
    expect(detached.code, detached.stderr).toBe(0);
    const second = (JSON.parse(detached.stdout) as JobReport).jobId;
    const done = await until(running, second, (view) => view.state !== "running");
    expect(done.error).toBeUndefined();
    expect(JSON.parse(done.resultJson ?? "")).toMatchObject({ total: 120 });
  }, 120_000);
});
