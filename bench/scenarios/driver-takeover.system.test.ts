// The program that submitted a job is killed; a worker takes the driver over, and the job goes on.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { builtProgram, type LocalCluster, startLocalCluster } from "../cluster/local-cluster.ts";
import { minioForTests } from "../minio/for-tests.ts";
import { type JobReport, runCommand, startCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";
import { watchCluster } from "./testing/watched-cluster.ts";

const folder = scratchFolder("driver-takeover");
const minio = await minioForTests();
let cluster: LocalCluster | undefined;
afterAll(() => cluster?.stop());

/**
 * Four actions, each using what the ones before answered, the first two by way of a scratch folder. Behind them rows
 * wait for a file, each for a bounded while: so the driver is lost while the third runs.
 */
const jobSource = `import { existsSync } from "node:fs";
import { defineJob, z } from "millrace";

export default defineJob({
  name: "four-steps",
  params: z.object({ input: z.string(), output: z.string(), gate: z.string() }),
  async run(mr, { input, output, gate }) {
    const lines = await mr.read.text(input).checkpoint();
    let total = 0;
    for await (const line of lines) total += Math.sign(line.length);
    const patient = lines.map((line) => {
      const nobody = new Int32Array(new SharedArrayBuffer(4));
      for (let look = 0; look < 50 && !existsSync(gate); look++) Atomics.wait(nobody, 0, 0, 20);
      return line;
    });
    const [first] = await patient.orderBy("value").take(1);
    await patient.map((line) => first + "/" + total + "/" + line).orderBy("value").write.text(output);
    return { total, first };
  },
});
`;

describe.skipIf(minio.absent)(`losing the driver${minio.note}`, () => {
  test("a worker goes on after the last finished action, with what scratch folders on s3:// hold", async () => {
    const server = await minio.server();
    await server.makeBucket("jobs");
    const scratch = { MILLRACE_SCRATCH: "s3://jobs/scratch/" };
    mkdirSync(join(folder, "in"));
    const lines = Array.from({ length: 120 }, (_, i) => `line ${String(i).padStart(3, "0")}`);
    writeFileSync(join(folder, "in", "a.txt.gz"), gzipSync(`${lines.slice(0, 60).join("\n")}\n`));
    writeFileSync(join(folder, "in", "b.txt"), `${lines.slice(60).join("\n")}\n`);
    const path = join(folder, "four-steps.ts");
    writeFileSync(path, jobSource);
    const running = await startLocalCluster({
      masters: 1,
      workers: 2,
      threads: 1,
      folder: join(folder, "cluster"),
      program: builtProgram(),
      minio: server,
      environment: scratch,
    });
    cluster = running;
    const environment = { ...running.environment, ...scratch };
    const gate = join(folder, "gate");
    const engine = ["submit", "--masters", running.masters.join(",")];
    const job = [path, "--gate", gate];
    const params = ["--input", join(folder, "in/"), "--output", "s3://jobs/out/"];
    const submitted = startCommand([...engine, ...job, ...params], { environment });
    const watch = watchCluster(running);
    const { jobId } = await watch.until(async () => {
      return (await watch.jobs()).find(({ actions }) => actions.length >= 3);
    });
    submitted.child.kill("SIGKILL");
    await submitted.result;
    // What is read from now on are the rows of the checkpoint.
    rmSync(join(folder, "in"), { recursive: true });
    expect(await watch.job(jobId)).toMatchObject({ state: "running", driver: "client" });
    await watch.until(async () => {
      return (await watch.job(jobId)).driver === "worker" ? true : undefined;
    });
    writeFileSync(gate, "");
    const ended = await watch.untilEnded(jobId);
    expect(ended.error).toBeUndefined();
    expect(ended.state).toBe("succeeded");
    expect(ended.actions.map((action) => action.state)).toEqual(Array(4).fill("succeeded"));
    expect(JSON.parse(ended.resultJson ?? "")).toEqual({ total: 120, first: "line 000" });
    const rows = await runCommand(["output", "s3://jobs/out/"], { environment });
    expect(rows.stdout).toBe(`${lines.map((line) => `line 000/120/${line}`).join("\n")}\n`);

    // And what was written to s3:// is read from there, by a job that no client waits for.
    const from = ["--input", "s3://jobs/out/", "--output", "s3://jobs/again/"];
    const again = [...engine, "--detach", "--json", ...job, ...from];
    const detached = await runCommand(again, { environment });
    expect(detached.code, detached.stderr).toBe(0);
    const done = await watch.untilEnded((JSON.parse(detached.stdout) as JobReport).jobId);
    expect(done.error).toBeUndefined();
    expect(JSON.parse(done.resultJson ?? "")).toMatchObject({ total: 120 });
  }, 120_000);
});
