// `npm run bench`: whole jobs from shell to committed output, beside a single thread, with equal answers.

import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { builtProgram } from "../cluster/local-cluster.ts";
import { type Contender, interleave, type Summary } from "./measure.ts";
import { writeZipfText } from "./zipf-text.ts";

const usage = `Usage: npm run bench -- [--megabytes 400] [--runs 5] [--threads 2] [--folder DIR]

Counts the words of synthetic text (Zipf's law, 200 000 distinct words) through a user's function,
from the shell prompt to committed output on file://, and beside it with split and a Map on one thread.`;

const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "400" },
    runs: { type: "string", default: "5" },
    threads: { type: "string", default: "2" },
    folder: { type: "string", default: "bench/macro/data" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const megabytes = Number(values.megabytes);
const runs = Number(values.runs);
const threads = Number(values.threads);
for (const [name, value] of Object.entries({ megabytes, runs, threads })) {
  if (Number.isInteger(value) && value > 0) continue;
  console.error(`--${name} must be a positive whole number\n\n${usage}`);
  process.exit(2);
}

const text = join(values.folder, `zipf-${megabytes}.txt`);
const outputs = join(values.folder, "out");
mkdirSync(outputs, { recursive: true });
writeZipfText(text, { bytes: megabytes * 1_000_000, distinctWords: 200_000, seed: 1 });

const baseline = fileURLToPath(new URL("./baseline-split-count.mjs", import.meta.url));
const contenders: readonly Contender[] = [
  {
    name: `millrace, ${threads} threads`,
    prepare: (run) => {
      const output = join(outputs, `millrace-${run}`);
      rmSync(output, { recursive: true, force: true });
      const engine = ["run", "--threads", String(threads)];
      const job = ["jobs/split-count/job.ts", "--input", text, "--output", `${output}/`];
      return [process.execPath, builtProgram(), ...engine, ...job];
    },
  },
  {
    name: "split and Map, 1 thread",
    prepare: (run) => [process.execPath, baseline, text, join(outputs, `baseline-${run}.ndjson`)],
  },
];

function sortedLines(files: readonly string[]): string[] {
  return files
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .filter((line) => line !== "")
    .sort();
}

function checkAnswers(): number {
  const folder = join(outputs, "millrace-1");
  const parts = readdirSync(folder).filter((name) => name.startsWith("part-"));
  const ours = sortedLines(parts.map((name) => join(folder, name)));
  const theirs = sortedLines([join(outputs, "baseline-1.ndjson")]);
  if (ours.length !== theirs.length || ours.some((line, i) => line !== theirs[i])) {
    console.error(`the answers differ: ${ours.length} and ${theirs.length} lines`);
    process.exit(1);
  }
  return ours.length;
}

function row(name: string, summary: Summary): string {
  const rate = (megabytes * 1000) / summary.medianMs;
  const seconds = (ms: number): string => (ms / 1000).toFixed(2);
  return [
    `| ${name}`,
    `${seconds(summary.medianMs)} s`,
    `${seconds(summary.minMs)}–${seconds(summary.maxMs)} s`,
    `${rate.toFixed(0)} MB/s`,
    `${Math.round(summary.peakBytes / 1e6)} MB |`,
  ].join(" | ");
}

const summaries = await interleave(contenders, runs, (name, run) => {
  console.error(`${name}: ${(run.wallMs / 1000).toFixed(2)} s`);
});
const distinct = checkAnswers();
console.log(
  `Word count by closure, ${megabytes} MB of synthetic text, ${distinct} distinct words,`,
);
console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, ${runs} runs each.\n`,
);
console.log("| what | median | range | rate | peak memory |\n| --- | --- | --- | --- | --- |");
for (const [name, summary] of summaries) console.log(row(name, summary));
