// `npm run cluster -- --masters 3 --workers 3 [--minio]`: a real cluster on this machine until Ctrl-C.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writableFolder } from "../tooling/command-line.ts";
import { builtProgram, startLocalCluster, startMinio } from "./local-cluster.ts";

const usage = `Usage: npm run cluster -- [--masters 3] [--workers 3] [--threads 1] [--minio] [--folder DIR]

Starts real master and worker processes on loopback and stops them on Ctrl-C.
Without --folder everything is kept in a temporary folder and deleted at the end.`;

function count(name: string, text: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    console.error(`--${name} must be a whole number from 1 to ${most}, not ${text}\n\n${usage}`);
    process.exit(2);
  }
  return value;
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        masters: { type: "string", default: "3" },
        workers: { type: "string", default: "3" },
        threads: { type: "string", default: "1" },
        minio: { type: "boolean", default: false },
        folder: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (failure) {
    console.error(`${failure instanceof Error ? failure.message : failure}\n\n${usage}`);
    return process.exit(2);
  }
}

const values = readOptions();
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const masters = count("masters", values.masters, 9);
const workers = count("workers", values.workers, 64);
const threads = count("threads", values.threads, 256);
const folder =
  values.folder === undefined
    ? mkdtempSync(join(tmpdir(), "millrace-cluster-"))
    : writableFolder("folder", values.folder);
const minio = values.minio ? await startMinio({ folder: join(folder, "minio") }) : undefined;
const cluster = await startLocalCluster({
  masters,
  workers,
  threads,
  folder,
  program: builtProgram(),
  ...(minio === undefined ? {} : { minio }),
});

console.log(`${masters} masters and ${workers} workers are serving. In another terminal:\n`);
for (const [name, value] of Object.entries(cluster.environment)) {
  console.log(`  export ${name}=${value}`);
}
console.log(`  export MILLRACE_MASTERS=${cluster.masters.join(",")}`);
console.log("  npx millrace submit jobs/word-count/job.ts --input README.md --output out/words/");
if (minio !== undefined) {
  console.log("\nThe object store is reached as s3://BUCKET/…; create a bucket first.");
}
console.log(`\nLogs: ${join(folder, "logs")}. Ctrl-C stops everything.`);

async function stop(): Promise<void> {
  await cluster.stop();
  await minio?.stop();
  if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}
process.once("SIGINT", () => void stop());
process.once("SIGTERM", () => void stop());
