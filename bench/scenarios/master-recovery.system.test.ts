// Two of three masters are lost for good while a job runs; the third goes on alone, and gets two others again. The job
// ends, and nothing that was finished runs again.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { MastersView, RecoveryView } from "../../proto/wire/views.ts";
import { builtProgram, type LocalCluster, startLocalCluster } from "../cluster/local-cluster.ts";
import {
  type CommandResult,
  failureOf,
  type JobReport,
  runCommand,
} from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";
import { watchCluster } from "./testing/watched-cluster.ts";

const folder = scratchFolder("master-recovery");
const data = join(folder, "cluster");

/** Its second action waits for a file, each row for a bounded while. */
const jobSource = `import { existsSync } from "node:fs";
import { defineJob, z } from "millrace";

export default defineJob({
  name: "patient",
  params: z.object({ input: z.string(), output: z.string(), gate: z.string() }),
  async run(mr, { input, output, gate }) {
    const lines = mr.read.text(input);
    const total = await lines.count();
    const patient = lines.map((line) => {
      const nobody = new Int32Array(new SharedArrayBuffer(4));
      for (let look = 0; look < 50 && !existsSync(gate); look++) Atomics.wait(nobody, 0, 0, 40);
      return line.slice(0, line.indexOf(":")) + " of " + total;
    });
    await patient.orderBy("value").write.text(output);
  },
});
`;
const [files, rowsPerFile] = [4, 30];
const rows = files * rowsPerFile;
/** So that each file is more than the least that a task reads. */
const paddingBytes = 150_000;

const rowOf = (row: number): string => `line ${String(row).padStart(3, "0")}`;

function writeInputs(): { job: string; input: string } {
  mkdirSync(join(folder, "in"));
  const padding = "x".repeat(paddingBytes);
  for (let file = 0; file < files; file++) {
    const lines = Array.from({ length: rowsPerFile }, (_, row) => {
      return `${rowOf(row * files + file)}:${padding}\n`;
    });
    writeFileSync(join(folder, "in", `${file}.txt`), lines.join(""));
  }
  const job = join(folder, "patient.ts");
  writeFileSync(job, jobSource);
  return { job, input: join(folder, "in/") };
}

/** By the workers' own logs: how each attempt of a job's tasks came to its end. */
function endsByTask(jobId: string): ReadonlyMap<string, readonly string[]> {
  const ends = new Map<string, string[]>();
  const logs = join(data, "logs");
  for (const name of readdirSync(logs).filter((one) => one.startsWith("worker-"))) {
    for (const line of readFileSync(join(logs, name), "utf8").split("\n").slice(0, -1)) {
      if (!line.includes('"task ended"') || !line.includes(jobId)) continue;
      const { task, outcome } = JSON.parse(line) as { task: string; outcome: string };
      ends.set(task, [...(ends.get(task) ?? []), outcome]);
    }
  }
  return ends;
}

const survivor = "master-3";
const lost = ["master-1", "master-2"] as const;
const folderOf = (name: string): string => join(data, name);
const before = (name: string): string => join(folder, `${name}-before`);

interface Setting {
  readonly local: LocalCluster;
  run(...args: readonly string[]): Promise<CommandResult>;
  /** `millrace master …` of the masters there are. */
  masters(...words: readonly string[]): Promise<MastersView>;
}

async function start(): Promise<Setting> {
  const local = await startLocalCluster({
    ...{ masters: 3, workers: 2, threads: 1, folder: data, program: builtProgram() },
  });
  onTestFinished(local.stop);
  const environment = { ...local.environment, MILLRACE_NODE_TOKEN: local.nodeToken };
  const run = (...args: readonly string[]) => runCommand(args, { environment });
  return {
    ...{ local, run },
    masters: async (...words) => {
      const result = await run("master", ...words, "--json", "--masters", local.masters.join(","));
      expect(result.code, result.stderr).toBe(0);
      return JSON.parse(result.stdout) as MastersView;
    },
  };
}

/** All are killed, two of them for good; the third is started with what was recovered from its folder. */
async function loseTwo({ local, run }: Setting): Promise<RecoveryView> {
  const to = join(folder, "recovered");
  const recovery = ["master", "recover", "--json", "--data", folderOf(survivor), "--to", to];
  await Promise.all(lost.map((name) => local.kill(name, "SIGKILL")));
  const held = await run(...recovery);
  expect([held.code, failureOf(held).code]).toEqual([10, "DATA_FOLDER_LOCKED"]);
  await local.kill(survivor, "SIGKILL");

  // Asked what there is, it writes nothing.
  const asked = await run(...recovery);
  expect([asked.code, failureOf(asked).code]).toEqual([2, "USAGE"]);
  const found = JSON.parse(asked.stdout) as RecoveryView;
  expect(found).toMatchObject({ masterId: survivor, masters: [...lost, survivor], jobsRunning: 1 });
  expect(existsSync(to)).toBe(false);
  const written = await run(...recovery, "--yes");
  expect(written.code, written.stderr).toBe(0);
  const view = JSON.parse(written.stdout) as RecoveryView;
  expect(view.lastIndex).toBe(found.lastIndex);

  // It takes the place of the old one, whose flags may stay.
  renameSync(folderOf(survivor), before(survivor));
  renameSync(to, folderOf(survivor));
  for (const name of lost) renameSync(folderOf(name), before(name));
  await local.restart(survivor);
  return view;
}

test("the third goes on with all it had, and the lost ones are refused", async () => {
  const { job, input } = writeInputs();
  const setting = await start();
  const { local, run, masters } = setting;
  const watch = watchCluster(local);
  const gate = join(folder, "gate");
  const output = join(folder, "out/");
  const submit = ["submit", "--detach", "--json", "--masters", local.masters.join(","), job];
  const submitted = await run(...submit, "--input", input, "--output", output, "--gate", gate);
  expect(submitted.code, submitted.stderr).toBe(0);
  const { jobId } = JSON.parse(submitted.stdout) as JobReport;
  const atWork = await watch.until(async () => {
    const view = await watch.job(jobId);
    return (view.actions[1]?.stages[0]?.running ?? 0) >= 2 ? view : undefined;
  });
  const [counted] = atWork.actions[0]?.stages ?? [];
  expect(counted?.done).toBe(counted?.tasks);

  const { recoveredClusterId } = await loseTwo(setting);
  const alone = await masters("list");
  expect(alone).toMatchObject({ clusterId: recoveredClusterId, leader: survivor });
  expect(alone.masters.map(({ masterId }) => masterId)).toEqual([survivor]);
  for (const name of ["master-4", "master-5"]) {
    await masters("add", name, await local.startJoining(name));
  }

  renameSync(before("master-1"), folderOf("master-1"));
  await local.restart("master-1");
  const log = join(data, "logs", "master-1.log");
  await watch.until(async () => readFileSync(log, "utf8").includes("MESSAGE_INVALID") || undefined);
  await local.kill("master-1", "SIGKILL");

  writeFileSync(gate, "");
  const ended = await watch.untilEnded(jobId);
  expect(ended.error).toBeUndefined();
  expect(ended.state).toBe("succeeded");
  const lines = Array.from({ length: rows }, (_, row) => `${rowOf(row)} of ${rows}\n`);
  expect((await run("output", output)).stdout).toBe(lines.join(""));
  const ends = endsByTask(jobId);
  expect(ends.size).toBeGreaterThan(2 * files);
  for (const [task, outcomes] of ends) expect(outcomes, task).toEqual(["done"]);
  expect((await masters("list")).masters).toHaveLength(3);
}, 180_000);
