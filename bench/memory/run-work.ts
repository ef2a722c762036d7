// Runs one work on a cluster of its own with a limit of memory, checks its answer, and tells what its executor took.

import { spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { isDeepStrictEqual } from "node:util";
import { builtProgram } from "../cluster/local-cluster.ts";
import { projectFolder } from "../macro/places.ts";
import { watchExecutors } from "./executor-memory.ts";
import type { WorkName } from "./works.job.ts";

export interface Work {
  readonly name: WorkName;
  readonly rows: number;
  readonly textBytes: number;
}

export interface Bounds {
  /** Of the executor process; what it takes of the machine unless told, where not set. */
  readonly limitBytes: number | undefined;
  readonly threads: number;
  /** For what the run writes: spill files, shuffles, outputs. */
  readonly folder: string;
}

export interface Found {
  readonly peakBytes: number;
  readonly seconds: number;
  /** What is wrong with the answer, or how it failed; undefined where it is right. */
  readonly problem: string | undefined;
}

/** A text, its offset, its number. */
export const rowBytesOf = (textBytes: number): number => textBytes + 12;

function expected({ name, rows }: Work): unknown {
  const sum = (rows * (rows - 1)) / 2;
  const even = Math.ceil(rows / 2);
  switch (name) {
    case "window":
      return { rows, sum, most: 16 };
    case "intersect":
    case "except":
      return { rows: even, sum: even * (even - 1) };
    case "sort":
    case "orderBy":
    case "parquet":
      return { rows };
    case "reduceByKey":
    case "aggregateByKey":
    case "groupByKey":
    case "cogroup":
      return { rows, sum: 2 * sum };
    default:
      return { rows, sum };
  }
}

/** The first line that is not its number; undefined where all are there, in order. */
function firstWrongLine(folder: string, { rows, textBytes }: Work): string | undefined {
  const lineBytes = textBytes + 1;
  const block = Buffer.allocUnsafe(lineBytes * 8192);
  let line = 0;
  for (const name of readdirSync(folder)
    .filter((each) => /^[^._]/.test(each))
    .sort()) {
    const file = openSync(join(folder, name), "r");
    try {
      for (let got = readSync(file, block); got > 0; got = readSync(file, block)) {
        for (let at = 0; at < got; at += lineBytes, line++) {
          // Numbers of 12 digits are enough: the zeros before them are those of all.
          const found = block.toString("latin1", at + textBytes - 12, at + lineBytes);
          if (Number(found) !== line || found.length !== 13) return `line ${line} is ${found}`;
        }
      }
    } finally {
      closeSync(file);
    }
  }
  return line === rows ? undefined : `${line} of ${rows} lines were written`;
}

export async function runWork(work: Work, { limitBytes, threads, folder }: Bounds): Promise<Found> {
  const output = join(folder, "output");
  const memory = limitBytes === undefined ? [] : ["--memory", `${limitBytes / 2 ** 20}MiB`];
  const { name, rows, textBytes } = work;
  const job = ["bench/memory", "works.job.ts"].join("/");
  const params = { work: name, rows, "text-bytes": textBytes, output };
  const flags = Object.entries(params).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  const options = ["--json", "--threads", String(threads), ...memory];
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [builtProgram(), "run", ...options, join(projectFolder(), job), ...flags],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, TMPDIR: folder } },
  );
  const watch = watchExecutors(child.pid!);
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once("close", resolve)),
  ]);
  const { peakBytes, executors } = watch.stop();
  const seconds = (performance.now() - started) / 1000;
  const problem = (): string | undefined => {
    if (code !== 0) return stderr.trimEnd().slice(-2000);
    if (executors !== 1) return `${executors} executors were started\n${stderr}`;
    const { result } = JSON.parse(stdout) as { readonly result: unknown };
    if (!isDeepStrictEqual(result, expected(work)))
      return `the answer is ${JSON.stringify(result)}`;
    return name === "sort" || name === "orderBy" ? firstWrongLine(output, work) : undefined;
  };
  try {
    return { peakBytes, seconds, problem: problem() };
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}
