// The same program gives the same bytes embedded, on one worker and on three.

import { join } from "node:path";
import { expect, test } from "vitest";
import { builtProgram, startLocalCluster } from "../cluster/local-cluster.ts";
import { writeZipfText } from "../macro/generators/zipf-text.ts";
import { runCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("same-bytes");
// Several reduce partitions, so that the sort has to agree on its ranges.
const textBytes = 70_000_000;

async function rows(output: string): Promise<string> {
  const result = await runCommand(["output", output]);
  expect(result.code, result.stderr).toBe(0);
  return result.stdout;
}

async function onCluster(workers: number, jobArgs: readonly string[]): Promise<void> {
  const cluster = await startLocalCluster({
    masters: 1,
    workers,
    threads: 1,
    folder: join(folder, `cluster-${workers}`),
    program: builtProgram(),
  });
  try {
    const engine = ["submit", "--masters", cluster.masters.join(",")];
    const result = await runCommand([...engine, ...jobArgs], { environment: cluster.environment });
    expect(result.code, result.stderr).toBe(0);
  } finally {
    await cluster.stop();
  }
}

test("embedded, one worker, three workers: byte-identical sorted output", async () => {
  const text = join(folder, "text.txt");
  await writeZipfText(text, { bytes: textBytes, distinctWords: 30_000, seed: 12 });
  const jobArgs = (name: string): string[] => {
    return ["jobs/word-count/job.ts", "--input", text, "--output", `${join(folder, name)}/`];
  };
  const embedded = await runCommand(["run", "--threads", "2", ...jobArgs("embedded")]);
  expect(embedded.code, embedded.stderr).toBe(0);
  await onCluster(1, jobArgs("one"));
  await onCluster(3, jobArgs("three"));
  const expected = await rows(join(folder, "embedded/"));
  expect(expected.split("\n").length).toBeGreaterThan(25_000);
  expect(await rows(join(folder, "one/"))).toBe(expected);
  expect(await rows(join(folder, "three/"))).toBe(expected);
}, 180_000);
