// Three masters, three workers and MinIO as real processes; the leader and a worker are killed at work.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { writeZipfText } from "../macro/generators/zipf-text.ts";
import { minioForTests } from "../minio/for-tests.ts";
import type { JobReport } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";
import { type StrikeCluster, startStrikeCluster, tasksDone } from "./testing/watched-cluster.ts";

const folder = scratchFolder("cluster-kills");
const minio = await minioForTests();
const text = join(folder, "text.txt");
const textBytes = 140_000_000;

interface EndedTask {
  readonly worker: string;
  readonly task: string;
  readonly outcome: string;
}

/** Every attempt that a worker brought to an end, by its own log; the last line may be half written. */
function endedTasks(): EndedTask[] {
  const logs = join(folder, "cluster", "logs");
  const workers = readdirSync(logs).filter((name) => name.startsWith("worker-"));
  return workers.flatMap((name) =>
    readFileSync(join(logs, name), "utf8")
      .split("\n")
      .slice(0, -1)
      .filter((line) => line.includes('"task ended"'))
      .map((line) => {
        const { task, outcome } = JSON.parse(line) as EndedTask;
        return { worker: name.replace(".log", ""), task, outcome };
      }),
  );
}

async function committedRows(cluster: StrikeCluster, output: string): Promise<string> {
  const result = await cluster.run("output", output);
  expect(result.code, result.stderr).toBe(0);
  return result.stdout;
}

describe.skipIf(minio.absent)(`killing the leader and a worker${minio.note}`, () => {
  test("the output is byte-identical, and no task whose output survived ran again", async () => {
    await writeZipfText(text, { bytes: textBytes, distinctWords: 50_000, seed: 11 });
    const server = await minio.server();
    await server.makeBucket("results");
    const cluster = await startStrikeCluster(folder, server);
    const countWords = (output: string) =>
      cluster.submit("jobs/word-count/job.ts", "--input", text, "--output", output);
    const calm = await countWords("s3://results/calm/").result;
    expect(calm.code, calm.stderr).toBe(0);
    const calmJob = (JSON.parse(calm.stdout) as JobReport).jobId;
    const calmRows = await committedRows(cluster, "s3://results/calm/");
    expect(calmRows.split("\n").length).toBeGreaterThan(40_000);

    const struck = countWords("s3://results/struck/");
    const job = await cluster.untilJob((one) => tasksDone(one) >= 5, [calmJob]);
    const isOfJob = ({ outcome, task }: EndedTask): boolean =>
      outcome === "done" && task.startsWith(`${job.jobId}/`);
    // One of those whose finished work is lost with them.
    const { worker: victim } = await cluster.until(async () => endedTasks().find(isOfJob));
    await cluster.strike(victim);
    const result = await struck.result;
    expect(result.code, result.stderr).toBe(0);
    expect((JSON.parse(result.stdout) as JobReport).jobId).toBe(job.jobId);
    expect(await committedRows(cluster, "s3://results/struck/")).toBe(calmRows);

    const done = endedTasks().filter(isOfJob);
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
