// `npm run bench:memory`: works that hold ten times what they may, on real processes, and what these took.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leastMemoryBytes } from "../../proto/limits/executor-memory.ts";
import type { WorkLine } from "../macro/protocol/results.ts";
import { misused, readOptions, wholeNumber, writableFolder } from "../tooling/command-line.ts";
import { type Bounds, type Found, rowBytesOf, runWork, type Work } from "./run-work.ts";
import { type WorkName, workNames } from "./works.job.ts";

const usage = `Usage: npm run bench:memory -- [--only NAME,…] [--limit-mib 512] [--times 10] [--rows N]
                                   [--threads 2] [--folder DIR] [--json]

Runs works that hold rows, each on a cluster of its own whose executor may use --limit-mib, on --times as
many bytes of rows; checks the answers, and prints the most memory that the executor process had:
  ${workNames.join(", ")}
parquet writes 20 M rows without a limit. --rows: so many instead, of every work. --folder: for spill
files, shuffles and outputs; a temporary folder unless told. Some five times the rows lie there for a time.
--json: one object a line instead of a table.

The exit code is 1 where an answer is wrong, or an executor took more than 1.25 times its limit.`;

const mebibyte = 1024 * 1024;
const ratioMax = 1.25;
const textBytes = 100;
const parquetRows = 20_000_000;
const parquetBytesMax = 1e9;

const values = readOptions(usage, {
  only: { type: "string", default: workNames.join(",") },
  "limit-mib": { type: "string", default: "512" },
  times: { type: "string", default: "10" },
  rows: { type: "string" },
  threads: { type: "string", default: "2" },
  folder: { type: "string", default: tmpdir() },
  json: { type: "boolean", default: false },
});

const isWork = (name: string): name is WorkName => (workNames as readonly string[]).includes(name);

/** As results of the suite have it. */
type Measured = Omit<WorkLine, "kind" | "commit" | "problem"> & Pick<Found, "problem">;

function measured({ name, rows }: Work, { limitBytes }: Bounds, found: Found): Measured {
  const limit = limitBytes ?? parquetBytesMax;
  return {
    ...{ work: name, rows, rowBytes: rowBytesOf(textBytes), limitBytes: limit },
    peakBytesMax: limitBytes === undefined ? parquetBytesMax : ratioMax * limitBytes,
    ...found,
  };
}

function shown({
  work,
  rows,
  rowBytes,
  limitBytes,
  peakBytes,
  seconds,
  problem,
}: Measured): string {
  const inMiB = (bytes: number) => `${Math.round(bytes / mebibyte)} MiB`;
  return [
    ...["", work, `${(rows / 1e6).toFixed(1)} M`, inMiB(rows * rowBytes)],
    ...[inMiB(limitBytes), inMiB(peakBytes), (peakBytes / limitBytes).toFixed(2)],
    ...[`${seconds.toFixed(1)} s`, problem === undefined ? "right" : "WRONG", ""],
  ]
    .join(" | ")
    .trim();
}

const tableHead = [
  "| work | rows | bytes of rows | limit | peak | of the limit | time | answer |",
  "| --- | --- | --- | --- | --- | --- | --- | --- |",
];

/** Every option is looked at before anything is run. */
function asked() {
  const names = values.only.split(",");
  for (const name of names) {
    if (isWork(name)) continue;
    misused(`--only: there is no work ${name}; there are ${workNames.join(", ")}`);
  }
  const threads = wholeNumber("threads", values.threads);
  const limitBytes = wholeNumber("limit-mib", values["limit-mib"]) * mebibyte;
  const least = leastMemoryBytes(threads);
  if (limitBytes < least) {
    const asked = `--limit-mib is ${values["limit-mib"]}`;
    misused(`${asked}; with --threads ${threads} give ${Math.ceil(least / mebibyte)} or more`);
  }
  const held = limitBytes * wholeNumber("times", values.times);
  const rows = values.rows === undefined ? undefined : wholeNumber("rows", values.rows);
  const folder = writableFolder("folder", values.folder);
  return { names: names.filter(isWork), threads, limitBytes, held, rows, folder };
}

async function main(): Promise<number> {
  const { names, threads, limitBytes, held, rows: rowsAsked, folder: below } = asked();
  const folder = mkdtempSync(join(below, "millrace-memory-"));
  let isBroken = false;
  if (!values.json) for (const line of tableHead) console.log(line);
  try {
    for (const name of names) {
      const isParquet = name === "parquet";
      const usual = isParquet ? parquetRows : Math.ceil(held / rowBytesOf(textBytes));
      const work: Work = { name, rows: rowsAsked ?? usual, textBytes };
      const bounds = { limitBytes: isParquet ? undefined : limitBytes, threads, folder };
      const line = measured(work, bounds, await runWork(work, bounds));
      console.log(values.json ? JSON.stringify(line) : shown(line));
      if (line.problem !== undefined) console.error(`${name}: ${line.problem}`);
      if (line.problem !== undefined || line.peakBytes > line.peakBytesMax) isBroken = true;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return isBroken ? 1 : 0;
}

process.exit(await main());
