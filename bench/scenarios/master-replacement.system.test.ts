// While a job runs on three masters and two workers, every master is replaced, one after the other.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { JobView, MastersView } from "../../proto/wire/views.ts";
import { builtProgram, type LocalCluster, startLocalCluster } from "../cluster/local-cluster.ts";
import { failureOf, type JobReport, runCommand, startCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("master-replacement");
let cluster: LocalCluster | undefined;
afterAll(() => cluster?.stop());

/** Its rows wait for a file, each for a bounded while: so the job runs on until the test is through. */
const jobSource = `import { existsSync } from "node:fs";
import { defineJob, z } from "millrace";

export default defineJob({
  name: "patient",
  params: z.object({ input: z.string(), output: z.string(), gate: z.string() }),
  async run(mr, { input, output, gate }) {
    const patient = mr.read.text(input).map((line) => {
      const nobody = new Int32Array(new SharedArrayBuffer(4));
      for (let look = 0; look < 25 && !existsSync(gate); look++) Atomics.wait(nobody, 0, 0, 20);
      return line.slice(0, line.indexOf(":"));
    });
    await patient.orderBy("value").write.text(output);
  },
});
`;
const [files, rowsPerFile] = [12, 60];
/** So that each file is more than the least that a task reads. */
const paddingBytes = 75_000;

function writeInputs(): { job: string; input: string } {
  mkdirSync(join(folder, "in"));
  for (let file = 0; file < files; file++) {
    const padding = "x".repeat(paddingBytes);
    const lines = Array.from({ length: rowsPerFile }, (_, row) => {
      return `row ${(row * 37) % rowsPerFile} of ${file}:${padding}`;
    });
    writeFileSync(join(folder, "in", `${file}.txt`), `${lines.join("\n")}\n`);
  }
  const job = join(folder, "patient.ts");
  writeFileSync(job, jobSource);
  return { job, input: join(folder, "in/") };
}

/** Addresses by name, of the masters there are now. */
const addresses = new Map<string, string>();
const current = (): string => [...addresses.values()].join(",");

async function run(args: readonly string[], running: LocalCluster) {
  return await runCommand(args, {
    environment: { ...running.environment, MILLRACE_NODE_TOKEN: running.nodeToken },
  });
}

async function masters(words: readonly string[], running: LocalCluster): Promise<MastersView> {
  const result = await run(["master", ...words, "--masters", current(), "--json"], running);
  expect(result.code, `master ${words.join(" ")}: ${result.stderr}`).toBe(0);
  return JSON.parse(result.stdout) as MastersView;
}

async function leaderOf(running: LocalCluster): Promise<string> {
  return (await masters(["list"], running)).leader;
}

async function jobs(running: LocalCluster): Promise<JobView[]> {
  const result = await run(["status", "--masters", current(), "--json"], running);
  expect(result.code, result.stderr).toBe(0);
  return (JSON.parse(result.stdout) as { jobs: JobView[] }).jobs;
}

/** The old one hears that it is replaced, and ends by itself. */
async function replace(running: LocalCluster, old: string, name: string): Promise<void> {
  const address = await running.startJoining(name);
  const view = await masters(["replace", old, name, address], running);
  addresses.delete(old);
  addresses.set(name, address);
  const names = view.masters.map(({ masterId }) => masterId).sort();
  expect(names).toEqual([...addresses.keys()].sort());
  const ended = running.processes.get(old);
  await ended?.ended;
  expect(ended?.child.exitCode).toBe(10);
}

/** By the workers' own logs: how often each task of a job was brought to its end. */
function endsByTask(jobId: string): Map<string, string[]> {
  const logs = join(folder, "cluster", "logs");
  const ends = new Map<string, string[]>();
  for (const name of readdirSync(logs).filter((one) => one.startsWith("worker-"))) {
    for (const line of readFileSync(join(logs, name), "utf8").split("\n")) {
      if (!line.includes('"task ended"') || !line.includes(jobId)) continue;
      const { task, outcome } = JSON.parse(line) as { task: string; outcome: string };
      ends.set(task, [...(ends.get(task) ?? []), outcome]);
    }
  }
  return ends;
}

test("the output is byte-identical, no finished task ran again, and old workers serve on", async () => {
  const { job, input } = writeInputs();
  const running = await startLocalCluster({
    ...{ masters: 3, workers: 2, threads: 1 },
    ...{ folder: join(folder, "cluster"), program: builtProgram() },
  });
  cluster = running;
  for (const [i, address] of running.masters.entries()) addresses.set(`master-${i + 1}`, address);
  const submission = (output: string, gate: string): string[] => {
    const engine = ["submit", "--json", "--masters", running.masters.join(","), job];
    return [...engine, "--input", input, "--output", join(folder, output), "--gate", gate];
  };
  const calm = await run(submission("calm/", job), running);
  expect(calm.code, calm.stderr).toBe(0);

  const gate = join(folder, "gate");
  const { environment } = running;
  const struck = startCommand(submission("struck/", gate), { environment });
  while ((await jobs(running)).length < 2);

  const firstLeader = await leaderOf(running);
  const [follower, last] = [...addresses.keys()].filter((name) => name !== firstLeader);
  // A follower; the leader while it leads; and one that led and handed over.
  await replace(running, follower!, "master-4");
  await replace(running, firstLeader, "master-5");
  await masters(["transfer", last!], running);
  expect(await leaderOf(running)).toBe(last);
  await masters(["transfer", "master-4"], running);
  expect(await leaderOf(running)).toBe("master-4");
  await replace(running, last!, "master-6");
  const atWork = (await jobs(running))[0]!;
  expect(atWork.state).toBe("running");

  writeFileSync(gate, "");
  const result = await struck.result;
  expect(result.code, result.stderr).toBe(0);
  expect((JSON.parse(result.stdout) as JobReport).jobId).toBe(atWork.jobId);
  const rows = async (output: string) =>
    (await run(["output", join(folder, output)], running)).stdout;
  const expected = await rows("calm/");
  expect(expected.split("\n")).toHaveLength(files * rowsPerFile + 1);
  expect(await rows("struck/")).toBe(expected);
  const ends = endsByTask(atWork.jobId);
  expect(ends.size).toBeGreaterThan(files);
  for (const [task, outcomes] of ends) expect(outcomes, task).toEqual(["done"]);

  // Workers that were told of the first three only have followed; so does whoever asks the new ones.
  const after = ["submit", "--json", "--masters", current(), job, "--gate", gate];
  const again = await run(
    [...after, "--input", input, "--output", join(folder, "again/")],
    running,
  );
  expect(again.code, again.stderr).toBe(0);
  expect(await rows("again/")).toBe(expected);

  // What was removed stays out, and what joined comes back with what it has.
  const removed = await run(
    ["master", "--id", last!, "--data", join(folder, "cluster", last!), "--json"],
    running,
  );
  expect([removed.code, failureOf(removed).code]).toEqual([10, "MASTER_REMOVED"]);
  await running.kill("master-5", "SIGKILL");
  await running.restart("master-5");
  const view = await masters(["list"], running);
  expect(view.masters.map(({ masterId }) => masterId).sort()).toEqual([
    ...["master-4", "master-5", "master-6"],
  ]);
}, 180_000);
