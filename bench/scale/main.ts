// Very many files, and very wide ones: `npm run bench:scale`. Prints how long it took to plan and to run them, and the
// most memory that all processes of the run had together.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtProgram } from "../cluster/local-cluster.ts";
import { misused, readOptions, wholeNumber, writableFolder } from "../tooling/command-line.ts";
import { type Fetched, fewRows, makeParquet, oneColumn } from "./parquet-bytes.ts";
import { residentBytesBelow } from "./process-memory.ts";

const sampleMs = 100;

interface Run {
  readonly stdout: string;
  readonly seconds: number;
  readonly peakBytes: number;
}

async function millrace(args: readonly string[]): Promise<Run> {
  const started = performance.now();
  const child = spawn(process.execPath, [builtProgram(), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  let peakBytes = 0;
  const timer = setInterval(() => {
    if (child.pid !== undefined) peakBytes = Math.max(peakBytes, residentBytesBelow(child.pid));
  }, sampleMs);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`millrace ${args.join(" ")} ended with ${code}`);
  return { stdout, seconds: (performance.now() - started) / 1000, peakBytes };
}

function show(what: string, { seconds, peakBytes }: Run): void {
  const mebibytes = Math.round(peakBytes / 2 ** 20);
  process.stdout.write(`${what}: ${seconds.toFixed(1)} s, ${mebibytes} MiB at most\n`);
}

const at = (path: string): string => join("bench/scale", path);
const countFiles = at("./jobs/count-files/job.ts");
const writeWide = at("./jobs/write-wide/job.ts");
const readWide = at("./jobs/read-wide/job.ts");

/** A thousand files in each folder. */
function makeFiles(folder: string, files: number): void {
  if (existsSync(folder)) return;
  for (let file = 0; file < files; file++) {
    const part = join(folder, `part-${String(Math.floor(file / 1000)).padStart(4, "0")}`);
    if (file % 1000 === 0) mkdirSync(part, { recursive: true });
    writeFileSync(join(part, `file-${file}.txt`), `line ${file}\n`);
  }
}

async function manyFiles(folder: string, files: number): Promise<void> {
  const input = join(folder, `files-${files}`);
  makeFiles(input, files);
  const flags = ["--input", input];
  show(`${files} files, planned`, await millrace(["explain", countFiles, ...flags]));
  const run = await millrace(["run", "--json", "--threads", "2", countFiles, ...flags]);
  show(`${files} files, planned and run`, run);
  process.stdout.write(`letters: ${(JSON.parse(run.stdout) as { result: unknown }).result}\n`);
}

async function wideRows(folder: string, rows: number, columns: number): Promise<void> {
  const output = join(folder, `wide-${rows}-${columns}/`);
  const size = `${columns} columns of ${rows} rows`;
  const threads = ["--json", "--threads", "2"];
  rmSync(output, { recursive: true, force: true });
  const made = ["--output", output, "--rows", String(rows), "--columns", String(columns)];
  show(`${size}, written`, await millrace(["run", ...threads, writeWide, ...made]));
  const flags = ["--input", output, "--columns", String(columns)];
  show(`${size}, planned`, await millrace(["explain", readWide, ...flags]));
  show(`${size}, planned and read`, await millrace(["run", ...threads, readWide, ...flags]));
}

async function parquetBytes(folder: string, bytes: number): Promise<void> {
  const path = await makeParquet(folder, bytes);
  const say = (what: string, { fileBytes, bytes: read, requests, rows }: Fetched): void => {
    const share = ((100 * read) / fileBytes).toFixed(2);
    process.stdout.write(
      `${what}: ${read} of ${fileBytes} bytes (${share} %), ${requests} requests, ${rows} rows\n`,
    );
  };
  say("one column of twenty", await oneColumn(path));
  say("ten keys of a sorted column, all columns", await fewRows(path, 4_000_000));
}

const usage = `Usage: npm run bench:scale -- [--only files|columns|parquet] [--files 1000000] [--rows 1000000]
                                  [--columns 100] [--bytes 1000000000] [--folder DIR]

Plans and runs jobs over --files small files, over --columns columns of --rows rows, and reads parts of a Parquet
file of --bytes bytes. --folder: where inputs are made; files that are there already are used again.`;

const kinds = ["files", "columns", "parquet"] as const;

const values = readOptions(usage, {
  only: { type: "string" },
  files: { type: "string", default: "1000000" },
  rows: { type: "string", default: "1000000" },
  columns: { type: "string", default: "100" },
  bytes: { type: "string", default: "1000000000" },
  folder: { type: "string", default: join(tmpdir(), "millrace-scale") },
});
const { only } = values;
if (only !== undefined && !kinds.some((kind) => kind === only)) {
  misused(`--only is ${only || "empty"}; give one of ${kinds.join(", ")}`);
}
const files = wholeNumber("files", values.files);
const rows = wholeNumber("rows", values.rows);
const columns = wholeNumber("columns", values.columns);
const bytes = wholeNumber("bytes", values.bytes);
const folder = writableFolder("folder", values.folder);
const wants = (kind: (typeof kinds)[number]): boolean => only === undefined || only === kind;
if (wants("files")) await manyFiles(folder, files);
if (wants("columns")) await wideRows(folder, rows, columns);
if (wants("parquet")) await parquetBytes(folder, bytes);
