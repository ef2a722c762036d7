// `npm run bench:memory`: works that hold ten times what they may, on real processes, and what these took.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { WorkLine } from "../macro/protocol/results.ts";
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

const { values } = parseArgs({
  options: {
    only: { type: "string", default: workNames.join(",") },
    "limit-mib": { type: "string", default: "512" },
    times: { type: "string", default: "10" },
    rows: { type: "string" },
    threads: { type: "string", default: "2" },
    folder: { type: "string", default: tmpdir() },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function misused(message: string): never {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
}

function wholeNumber(name: "limit-mib" | "times" | "rows" | "threads", text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  return misused(`--${name} is ${text}; give a whole number from 1 on`);
}

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

async function main(): Promise<number> {
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const names = values.only.split(",");
  for (const name of names) if (!isWork(name)) misused(`--only: there is no work ${name}`);
  const threads = wholeNumber("threads", values.threads);
  const limitBytes = wholeNumber("limit-mib", values["limit-mib"]) * mebibyte;
  const held = limitBytes * wholeNumber("times", values.times);
  mkdirSync(values.folder, { recursive: true });
  const folder = mkdtempSync(join(values.folder, "millrace-memory-"));
  let isBroken = false;
  if (!values.json) for (const line of tableHead) console.log(line);
  try {
    for (const name of names.filter(isWork)) {
      const isParquet = name === "parquet";
      const usual = isParquet ? parquetRows : Math.ceil(held / rowBytesOf(textBytes));
      const rows = values.rows === undefined ? usual : wholeNumber("rows", values.rows);
      const work: Work = { name, rows, textBytes };
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
