// Three masters, three workers and MinIO as real processes; the leader and a worker are killed at work.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { ClusterView, JobView } from "../../proto/wire/views.ts";
import { builtProgram, type LocalCluster, startLocalCluster } from "../cluster/local-cluster.ts";
import { writeZipfText } from "../macro/generators/zipf-text.ts";
import { minioForTests } from "../minio/for-tests.ts";
import { type JobReport, runCommand, startCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("cluster-kills");
const minio = await minioForTests();
const text = join(folder, "text.txt");
const textBytes = 210_000_000;
let cluster: LocalCluster | undefined;
afterAll(() => cluster?.stop());

interface EndedTask {
  readonly worker: string;
  readonly task: string;
  readonly outcome: string;
}

/** Every attempt that a worker brought to an end, by its own log. */
function endedTasks(): EndedTask[] {
  const logs = join(folder, "cluster", "logs");
  const workers = readdirSync(logs).filter((name) => name.startsWith("worker-"));
  return workers.flatMap((name) =>
    readFileSync(join(logs, name), "utf8")
      .split("\n")
      .filter((line) => line.includes('"task ended"'))
      .map((line) => {
        const { task, outcome } = JSON.parse(line) as EndedTask;
        return { worker: name.replace(".log", ""), task, outcome };
      }),
  );
}

async function json<Value>(args: readonly string[], running: LocalCluster): Promise<Value> {
  const masters = ["--masters", running.masters.join(",")];
  const [command, ...rest] = args;
  const result = await runCommand([command ?? "", ...masters, "--json", ...rest], {
    environment: running.environment,
  });
  if (result.code !== 0) throw new Error(`${args.join(" ")} failed:\n${result.stderr}`);
  return JSON.parse(result.stdout) as Value;
}

function submitArgs(running: LocalCluster, output: string): string[] {
  const engine = ["submit", "--json", "--masters", running.masters.join(",")];
  return [...engine, "jobs/word-count/job.ts", "--input", text, "--output", output];
}

function tasksDone(job: JobView | undefined): number {
  const stages = job?.actions[0]?.stages ?? [];
  return stages.reduce((sum, stage) => sum + stage.done, 0);
}

/** Waits for a job other than the known ones that has brought some tasks to their end. */
async function untilAtWork(running: LocalCluster, known: readonly string[], tasks: number) {
  for (let look = 0; look < 600; look++) {
    const { jobs } = await json<{ jobs: JobView[] }>(["status"], running);
    const job = jobs.find((one) => !known.includes(one.jobId));
    if (job !== undefined && tasksDone(job) >= tasks) return job;
  }
  throw new Error("the job never got to work");
}

async function committedRows(running: LocalCluster, output: string): Promise<string> {
  const result = await runCommand(["output", output], { environment: running.environment });
  if (result.code !== 0) throw new Error(result.stderr);
  return result.stdout;
}

describe.skipIf(minio.absent)(`killing the leader and a worker${minio.note}`, () => {
  test("the output is byte-identical, and no task whose output survived ran again", async () => {
    writeZipfText(text, { bytes: textBytes, distinctWords: 50_000, seed: 11 });
    const server = await minio.server();
    await server.makeBucket("results");
    const running = await startLocalCluster({
      masters: 3,
      workers: 3,
      threads: 1,
      folder: join(folder, "cluster"),
      program: builtProgram(),
      minio: server,
    });
    cluster = running;
    const environment = running.environment;
    const calm = await runCommand(submitArgs(running, "s3://results/calm/"), { environment });
    expect(calm.code, calm.stderr).toBe(0);
    const calmJob = (JSON.parse(calm.stdout) as JobReport).jobId;
    const calmRows = await committedRows(running, "s3://results/calm/");
    expect(calmRows.split("\n").length).toBeGreaterThan(40_000);

    const struck = startCommand(submitArgs(running, "s3://results/struck/"), { environment });
    const job = await untilAtWork(running, [calmJob], 5);
    const { cluster: view } = await json<{ cluster: ClusterView }>(["status"], running);
    const victim = "worker-2";
    await Promise.all([running.kill(view.leader, "SIGKILL"), running.kill(victim, "SIGKILL")]);
    const result = await struck.result;
    expect(result.code, result.stderr).toBe(0);
    expect((JSON.parse(result.stdout) as JobReport).jobId).toBe(job.jobId);
    expect(await committedRows(running, "s3://results/struck/")).toBe(calmRows);

    const done = endedTasks().filter(
      (one) => one.outcome === "done" && one.task.startsWith(`${job.jobId}/`),
    );
    const byTask = groupByTask(done);
    const again = [...byTask].filter(([, attempts]) => attempts.length > 1);
    for (const [task, attempts] of again) {
      const survived = attempts.filter((one) => one.worker !== victim);
      expect(survived, `${task} ran again although its output survived`).toHaveLength(1);
    }
    expect(
      done.some((one) => one.worker === victim),
      "the victim had finished tasks",
    ).toBe(true);
    expect(again.length, "what was lost with the victim ran again").toBeGreaterThan(0);
  }, 240_000);
});

function groupByTask(tasks: readonly EndedTask[]): Map<string, EndedTask[]> {
  const groups = new Map<string, EndedTask[]>();
  for (const one of tasks) groups.set(one.task, [...(groups.get(one.task) ?? []), one]);
  return groups;
}
