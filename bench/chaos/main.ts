// `npm run chaos -- --faults 200 --records 10000000`: real processes under faults, and an account of each record.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMinio } from "../minio/server.ts";
import { readOptions, wholeNumber, writableFolder } from "../tooling/command-line.ts";
import { reportText } from "./report.ts";
import { runChaos } from "./run.ts";

const usage = `Usage: npm run chaos -- [--faults 200] [--records 10000000] [--records-per-job 250000]
                        [--seed N] [--out chaos.md] [--folder DIR] [--keep]

Runs sort jobs on three masters, three workers and MinIO, real processes on this machine, while
they are killed, stopped, cut off and damaged. Counts each record of each output. Exits with 1 when
a record or an acknowledged job was lost, doubled or altered, or failovers took too long.
--folder: where everything is written; a temporary folder unless told. --keep: leave it there.`;

const values = readOptions(usage, {
  faults: { type: "string", default: "200" },
  records: { type: "string", default: "10000000" },
  "records-per-job": { type: "string", default: "250000" },
  seed: { type: "string", default: String(Date.now() % 1_000_000) },
  out: { type: "string", default: "chaos.md" },
  folder: { type: "string", default: tmpdir() },
  keep: { type: "boolean", default: false },
});

const faults = wholeNumber("faults", values.faults);
const records = wholeNumber("records", values.records);
const seed = wholeNumber("seed", values.seed);
const recordsPerJob = wholeNumber("records-per-job", values["records-per-job"]);
const folder = mkdtempSync(join(writableFolder("folder", values.folder), "millrace-chaos-"));
const minio = await startMinio({ folder: join(folder, "minio"), build: true });
const note = (text: string): void => console.error(`${new Date().toISOString()} ${text}`);
note(`seed ${seed}, in ${folder}`);
try {
  const report = await runChaos({ faults, records, recordsPerJob, seed, folder, minio, note });
  const text = reportText(report);
  console.log(text);
  writeFileSync(values.out, text);
  process.exitCode = report.violations.length === 0 ? 0 : 1;
} finally {
  await minio.stop();
  if (!values.keep) rmSync(folder, { recursive: true, force: true });
}
