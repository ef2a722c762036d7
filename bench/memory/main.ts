// `npm run bench:memory`: works that hold ten times what they may, on real processes, and what these took.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Bounds, type Found, rowBytesOf, runWork, type Work } from "./run-work.ts";
import { type WorkName, workNames } from "./works.job.ts";

const usage = `Usage: npm run bench:memory -- [--only NAME,…] [--limit-mib 512] [--times 10] [--rows N]
                                   [--threads 2] [--folder DIR]

Runs works that hold rows, each on a cluster of its own whose executor may use --limit-mib, on --times as
many bytes of rows; checks the answers, and prints the most memory that the executor process had:
  ${workNames.join(", ")}
parquet writes 20 M rows without a limit. --rows: so many instead, of every work. --folder: for spill
files, shuffles and outputs; a temporary folder unless told. Some five times the rows lie there for a time.

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

function shown(name: WorkName, rows: number, bounds: Bounds, found: Found): string {
  const { limitBytes } = bounds;
  const inMiB = (bytes: number) => `${Math.round(bytes / mebibyte)} MiB`;
  const limit = limitBytes ?? parquetBytesMax;
  return [
    ...["", name, `${(rows / 1e6).toFixed(1)} M`, inMiB(rows * rowBytesOf(textBytes))],
    ...[inMiB(limit), inMiB(found.peakBytes), (found.peakBytes / limit).toFixed(2)],
    ...[`${found.seconds.toFixed(1)} s`, found.problem === undefined ? "right" : "WRONG", ""],
  ]
    .join(" | ")
    .trim();
}

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
  console.log("| work | rows | bytes of rows | limit | peak | of the limit | time | answer |");
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
  try {
    for (const name of names.filter(isWork)) {
      const isParquet = name === "parquet";
      const usual = isParquet ? parquetRows : Math.ceil(held / rowBytesOf(textBytes));
      const rows = values.rows === undefined ? usual : wholeNumber("rows", values.rows);
      const work: Work = { name, rows, textBytes };
      const bounds = { limitBytes: isParquet ? undefined : limitBytes, threads, folder };
      const found = await runWork(work, bounds);
      console.log(shown(name, rows, bounds, found));
      if (found.problem !== undefined) console.error(`${name}: ${found.problem}`);
      const most = isParquet ? parquetBytesMax : ratioMax * limitBytes;
      if (found.problem !== undefined || found.peakBytes > most) isBroken = true;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return isBroken ? 1 : 0;
}

process.exit(await main());
