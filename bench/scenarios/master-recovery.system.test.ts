// Two of three masters are lost for good while a job runs; the third goes on alone, and gets two others again. The job
// ends, and nothing that was finished runs again.

import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { MastersView, RecoveryView } from "../../proto/wire/views.ts";
import { builtProgram, startLocalCluster } from "../cluster/local-cluster.ts";
import { failureOf, type JobReport, runCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";
import { tasksDone, watchCluster } from "./testing/watched-cluster.ts";

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
      return line + " of " + total;
    });
    await patient.orderBy("value").write.text(output);
  },
});
`;
const rows = 100;

function writeInputs(): { job: string; input: string } {
  mkdirSync(join(folder, "in"));
  const lines = Array.from({ length: rows }, (_, row) => `line ${String(row).padStart(3, "0")}`);
  writeFileSync(join(folder, "in", "a.txt"), `${lines.slice(0, rows / 2).join("\n")}\n`);
  writeFileSync(join(folder, "in", "b.txt"), `${lines.slice(rows / 2).join("\n")}\n`);
  const job = join(folder, "patient.ts");
  writeFileSync(job, jobSource);
  return { job, input: join(folder, "in/") };
}

/** By the workers' own logs: how each attempt of a job's tasks came to its end. */
function endsByTask(jobId: string): ReadonlyMap<string, readonly string[]> {
  const ends = new Map<string, string[]>();
  const logs = join(data, "logs");
  for (const name of readdirSync(logs).filter((one) => one.startsWith("worker-"))) {
    for (const line of readFileSync(join(logs, name), "utf8").split("\n")) {
      if (!line.includes('"task ended"') || !line.includes(jobId)) continue;
      const { task, outcome } = JSON.parse(line) as { task: string; outcome: string };
      ends.set(task, [...(ends.get(task) ?? []), outcome]);
    }
  }
  return ends;
}

test("the third goes on with all it had, and the lost ones are refused", async () => {
  const { job, input } = writeInputs();
  const local = await startLocalCluster({
    ...{ masters: 3, workers: 2, threads: 1, folder: data, program: builtProgram() },
  });
  onTestFinished(local.stop);
  const environment = { ...local.environment, MILLRACE_NODE_TOKEN: local.nodeToken };
  const run = (...args: readonly string[]) => runCommand(args, { environment });
  const watch = watchCluster(local);
  const gate = join(folder, "gate");
  const output = join(folder, "out/");
  const submit = ["submit", "--detach", "--json", "--masters", local.masters.join(","), job];
  const submitted = await run(...submit, "--input", input, "--output", output, "--gate", gate);
  expect(submitted.code, submitted.stderr).toBe(0);
  const { jobId } = JSON.parse(submitted.stdout) as JobReport;
  await watch.until(async () => {
    const view = await watch.job(jobId);
    return (view.actions[1]?.stages[0]?.running ?? 0) === 2 ? view : undefined;
  });
  expect(tasksDone(await watch.job(jobId))).toBe(2);

  const survivor = "master-3";
  const lost = ["master-1", "master-2"] as const;
  const folderOf = (name: string): string => join(data, name);
  const recovery = ["master", "recover", "--json", "--data", folderOf(survivor)];
  const to = join(folder, "recovered");
  await Promise.all(lost.map((name) => local.kill(name, "SIGKILL")));
  const held = await run(...recovery, "--to", to);
  expect([held.code, failureOf(held).code]).toEqual([10, "DATA_FOLDER_LOCKED"]);
  await local.kill(survivor, "SIGKILL");

  // Asked what there is, it writes nothing.
  const asked = await run(...recovery, "--to", to);
  expect([asked.code, failureOf(asked).code]).toEqual([2, "USAGE"]);
  const found = JSON.parse(asked.stdout) as RecoveryView;
  expect(found).toMatchObject({ masterId: survivor, masters: [...lost, survivor], jobsRunning: 1 });
  expect(existsSync(to)).toBe(false);
  const written = await run(...recovery, "--to", to, "--yes");
  expect(written.code, written.stderr).toBe(0);
  const { recoveredClusterId, lastIndex } = JSON.parse(written.stdout) as RecoveryView;
  expect(lastIndex).toBe(found.lastIndex);

  // It takes the place of the old one, whose flags may stay; one of the lost is kept, to come back later.
  renameSync(folderOf(survivor), join(folder, "survivor-before"));
  renameSync(to, folderOf(survivor));
  cpSync(folderOf("master-1"), join(folder, "master-1-before"), { recursive: true });
  for (const name of lost) rmSync(folderOf(name), { recursive: true });
  await local.restart(survivor);
  const masters = async (...words: readonly string[]): Promise<MastersView> => {
    const at = ["--json", "--masters", local.masters.join(",")];
    const result = await run("master", ...words, ...at);
    expect(result.code, result.stderr).toBe(0);
    return JSON.parse(result.stdout) as MastersView;
  };
  const alone = await masters("list");
  expect(alone).toMatchObject({ clusterId: recoveredClusterId, leader: survivor });
  expect(alone.masters.map(({ masterId }) => masterId)).toEqual([survivor]);
  for (const name of ["master-4", "master-5"]) {
    await masters("add", name, await local.startJoining(name));
  }

  cpSync(join(folder, "master-1-before"), folderOf("master-1"), { recursive: true });
  await local.restart("master-1");
  const log = join(data, "logs", "master-1.log");
  await watch.until(async () => readFileSync(log, "utf8").includes("MESSAGE_INVALID") || undefined);
  await local.kill("master-1", "SIGKILL");

  writeFileSync(gate, "");
  const ended = await watch.untilEnded(jobId);
  expect(ended.error).toBeUndefined();
  expect(ended.state).toBe("succeeded");
  const lines = Array.from({ length: rows }, (_, row) => {
    return `line ${String(row).padStart(3, "0")} of ${rows}\n`;
  });
  expect((await run("output", output)).stdout).toBe(lines.join(""));
  const ends = endsByTask(jobId);
  expect(ends.size).toBeGreaterThan(4);
  for (const [task, outcomes] of ends) expect(outcomes, task).toEqual(["done"]);
  expect((await masters("list")).masters).toHaveLength(3);
}, 180_000);
