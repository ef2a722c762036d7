// `npm run bench`: the benchmark suite, from a command line to results, a report and plots.

import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Contender, contenders } from "./contenders/contenders.ts";
import { type Options, parseCommandLine, UsageError, usage } from "./options.ts";
import { installPeers } from "./peers/environment.ts";
import { projectFolder } from "./places.ts";
import { profileRows } from "./profile/run-profile.ts";
import { openDataCache } from "./protocol/data-cache.ts";
import { describeMachine } from "./protocol/machine.ts";
import { type Line, median, type RunHeader, readResults } from "./protocol/results.ts";
import { runWorkload, type SuiteSettings } from "./protocol/run-suite.ts";
import type { Workload } from "./protocol/workload.ts";
import { comparisonText } from "./report/compare-results.ts";
import { bytesText, durationText } from "./report/units.ts";
import { writeReport } from "./report/write-report.ts";
import { workloads } from "./workloads/all.ts";

const note = (text: string): void => console.error(text);

function chosen({ contenders: names }: Options): readonly Contender[] {
  for (const name of names) {
    if (contenders.some((each) => each.name === name)) continue;
    const all = contenders.map((each) => each.name).join(", ");
    throw new UsageError(`there is no contender ${name}; there are ${all}`);
  }
  if (names.length === 0) return contenders;
  return contenders.filter(({ name }) => names.includes(name));
}

/** A name stands for a row, or for all rows of a workload. */
function wantedRows({ only }: Options): (name: string) => boolean {
  for (const name of only) {
    const workload = name.split("/")[0];
    if (workloads.some((each) => each.name === workload)) continue;
    const all = workloads.map((each) => each.name).join(", ");
    throw new UsageError(`there is no workload ${workload}; there are ${all}`);
  }
  return (name) =>
    only.length === 0 || only.includes(name) || only.includes(name.split("/")[0] ?? "");
}

/** Those with a row that is asked for; the others' data is not even made. */
function wantedWorkloads({ only }: Options): readonly Workload[] {
  const names = only.map((name) => name.split("/")[0]);
  return only.length === 0 ? workloads : workloads.filter(({ name }) => names.includes(name));
}

function headerOf(options: Options, absent: Readonly<Record<string, string>>): RunHeader {
  const { size, threads, runs, rowSeconds } = options;
  return { kind: "run", ...describeMachine(), size, threads, runs, rowSeconds, absent };
}

function progressText(line: Line): string {
  if (line.kind === "run") return `${line.machine}, ${line.cores} cores`;
  if (line.kind === "workload")
    return line.skipped === undefined ? "" : `left out: ${line.skipped}`;
  const { outcome, workload, row, contender } = line;
  const name = `${`${workload}/${row}`.padEnd(30)} ${contender.padEnd(11)}`;
  if (outcome.kind !== "measured") return `${name} ${outcome.kind}: ${outcome.reason}`;
  const { tookMs, peakBytes } = outcome;
  const range = `${durationText(Math.min(...tookMs))}–${durationText(Math.max(...tookMs))}`;
  return `${name} ${durationText(median(tookMs)).padStart(8)}  ${range}, n=${tookMs.length}, ${bytesText(peakBytes)}`;
}

async function measure(options: Options, folder: string): Promise<string> {
  const absent: Record<string, string> = {};
  const present = chosen(options).filter((contender) => {
    const why = contender.absent();
    if (why !== undefined) absent[contender.name] = why;
    return why === undefined;
  });
  const settings: SuiteSettings = {
    ...options,
    cache: openDataCache(options.folder, note),
    wanted: wantedRows(options),
    contenders: present,
    environment: {},
  };
  const path = join(folder, "results.jsonl");
  writeFileSync(path, "");
  const onLine = (line: Line): void => {
    appendFileSync(path, `${JSON.stringify(line)}\n`);
    const text = progressText(line);
    if (text !== "") note(text);
  };
  onLine(headerOf(options, absent));
  for (const [name, why] of Object.entries(absent)) note(`without ${name}: ${why}`);
  for (const workload of wantedWorkloads(options)) await runWorkload(workload, settings, onLine);
  return path;
}

function publish(resultsPath: string): void {
  const folder = join(projectFolder(), "bench/results");
  const results = readResults(resultsPath);
  writeReport(results, { markdown: join(projectFolder(), "bench/RESULTS.md"), plots: folder });
  copyFileSync(resultsPath, join(folder, "results.jsonl"));
  note("wrote bench/RESULTS.md and bench/results/");
}

async function profile(options: Options, folder: string): Promise<number> {
  const { size, threads } = options;
  const cache = openDataCache(options.folder, note);
  const settings = {
    size,
    threads,
    cache,
    wanted: wantedRows(options),
    folder: join(folder, "profiles"),
  };
  await profileRows(wantedWorkloads(options), settings, note);
  return 0;
}

/** Answers the exit code: 1 where an answer was wrong or a contender of ours failed. */
async function run(options: Options): Promise<number> {
  const folder = options.out ?? join(options.folder, "..", "bench-results");
  mkdirSync(folder, { recursive: true });
  if (options.profile) return await profile(options, folder);
  const path = options.report ?? (await measure(options, folder));
  const results = readResults(path);
  const markdown = join(folder, "report.md");
  writeReport(results, { markdown, plots: folder });
  console.log(readFileSync(markdown, "utf8"));
  if (options.compare !== undefined) {
    console.log(comparisonText(readResults(options.compare), results));
  }
  if (options.publish) publish(path);
  note(`results: ${path}\nreport: ${markdown}`);
  const broken = results.results.filter(
    ({ outcome, contender }) =>
      outcome.kind === "wrong" || (outcome.kind === "failed" && contender.startsWith("millrace")),
  );
  return broken.length === 0 ? 0 : 1;
}

function listPeers(): void {
  for (const contender of contenders) {
    console.log(`${contender.name.padEnd(11)} ${contender.absent() ?? "can be measured"}`);
  }
}

async function listRows(): Promise<void> {
  const cache = openDataCache(join(projectFolder(), "bench/macro/data"), note);
  for (const workload of workloads) {
    const { rows } = await workload.prepare(cache, "smoke");
    for (const row of rows)
      console.log(`${`${workload.name}/${row.name}`.padEnd(30)} ${row.title}`);
  }
}

async function main(args: readonly string[]): Promise<number> {
  const command = parseCommandLine(args);
  switch (command.kind) {
    case "help":
      console.log(usage);
      return 0;
    case "install":
      installPeers(note);
      return 0;
    case "peers":
      listPeers();
      return 0;
    case "list":
      await listRows();
      return 0;
    case "run":
      return await run(command.options);
  }
}

try {
  process.exit(await main(process.argv.slice(2)));
} catch (failure) {
  if (!(failure instanceof UsageError)) throw failure;
  console.error(`${failure.message}\n\n${usage}`);
  process.exit(2);
}
