// `npm run bench`: the benchmark suite, from a command line to results, a report and plots.

import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { watchInterrupts } from "../../sdk/cli/interrupts.ts";
import { contenders } from "./contenders/contenders.ts";
import { requireDuck } from "./judge/duck.ts";
import { type Options, parseCommandLine, usage } from "./options.ts";
import { linesOf } from "./parts/parts.ts";
import { installPeers } from "./peers/environment.ts";
import { projectFolder } from "./places.ts";
import { profileRows } from "./profile/run-profile.ts";
import { openDataCache } from "./protocol/data-cache.ts";
import { describeMachine } from "./protocol/machine.ts";
import { coldSeconds } from "./protocol/measure-row.ts";
import {
  median,
  type Results,
  type RowLine,
  type RunHeader,
  readResults,
} from "./protocol/results.ts";
import { runWorkload, type SuiteSettings } from "./protocol/run-suite.ts";
import { TimeBudget } from "./protocol/time-budget.ts";
import { type Size, WorkloadUnavailable } from "./protocol/workload.ts";
import { comparisonText } from "./report/compare-results.ts";
import { bytesText, durationText } from "./report/units.ts";
import { writeReport } from "./report/write-report.ts";
import {
  checkPublishable,
  checkRowNames,
  chosenContenders,
  chosenWorkloads,
  listedRows,
  resultsFolder,
  resultsIn,
  rowFilter,
  writableFolder,
} from "./selection.ts";
import { whileLocked } from "./traces/folder-lock.ts";
import { UsageError } from "./usage-error.ts";
import { workloads } from "./workloads/all.ts";

const note = (text: string): void => console.error(text);

/** Where results are written, while they are. */
let written: string | undefined;

function headerOf(options: Options, absent: Readonly<Record<string, string>>): RunHeader {
  const { size, tpchScale, threads, runs, rowSeconds, runSeconds, contenderMinutes } = options;
  const asked = { size, tpchScale, threads, runs, rowSeconds, runSeconds, contenderMinutes };
  return {
    kind: "run",
    ...describeMachine(),
    ...asked,
    coldSeconds: coldSeconds(rowSeconds),
    absent,
  };
}

function progressText(line: RowLine): string {
  if (line.kind === "run") return `${line.machine}, ${line.cores} cores`;
  if (line.kind === "workload")
    return line.skipped === undefined ? "" : `left out: ${line.skipped}`;
  if (line.kind === "end") return `took ${line.tookMinutes} minutes`;
  const { outcome, workload, row, contender } = line;
  const name = `${`${workload}/${row}`.padEnd(30)} ${contender.padEnd(11)}`;
  if (outcome.kind !== "measured") return `${name} ${outcome.kind}: ${outcome.reason}`;
  const { tookMs, peakBytes } = outcome;
  const range = `${durationText(Math.min(...tookMs))}–${durationText(Math.max(...tookMs))}`;
  return `${name} ${durationText(median(tookMs)).padStart(8)}  ${range}, n=${tookMs.length}, ${bytesText(peakBytes)}`;
}

async function measure(options: Options, folder: string): Promise<string> {
  await requireDuck();
  const absent: Record<string, string> = {};
  const present = chosenContenders(options.contenders).filter((contender) => {
    const why = contender.absent();
    if (why !== undefined) absent[contender.name] = why;
    return why === undefined;
  });
  const cache = openDataCache(writableFolder("folder", options.folder), note);
  const workloads = chosenWorkloads(options.only);
  await checkRowNames(options.only, options);
  const settings: SuiteSettings = {
    ...options,
    cache,
    budget: new TimeBudget(options),
    wanted: rowFilter(options.only),
    contenders: present,
    environment: {},
  };
  const path = join(folder, "results.jsonl");
  writeFileSync(path, "");
  written = path;
  const onLine = (line: RowLine): void => {
    appendFileSync(path, `${JSON.stringify(line)}\n`);
    const text = progressText(line);
    if (text !== "") note(text);
  };
  onLine(headerOf(options, absent));
  for (const [name, why] of Object.entries(absent)) note(`without ${name}: ${why}`);
  const started = performance.now();
  for (const workload of workloads) await runWorkload(workload, settings, onLine);
  const tookMinutes = Math.round((performance.now() - started) / 6000) / 10;
  onLine({ kind: "end", tookMinutes, spentMinutes: settings.budget.spentMinutes });
  written = undefined;
  return path;
}

/** Adds lines to results that are there. */
async function measureParts(options: Options, path: string, out: string): Promise<void> {
  const { size, threads, folder: dataFolder, parts } = options;
  const { commit } = describeMachine();
  const asked = { size, threads, commit, dataFolder, out, note };
  for (const part of parts) {
    note(`part ${part}:`);
    for await (const line of linesOf(part, { ...asked, results: readResults(path) })) {
      appendFileSync(path, `${JSON.stringify(line)}\n`);
    }
  }
}

function publish(resultsPath: string): void {
  const folder = join(projectFolder(), "bench/results");
  const results = readResults(resultsPath);
  writeReport(results, { markdown: join(projectFolder(), "bench/RESULTS.md"), plots: folder });
  copyFileSync(resultsPath, join(folder, "results.jsonl"));
  note("wrote bench/RESULTS.md and bench/results/");
}

async function profile(options: Options, folder: string): Promise<number> {
  const { size, tpchScale, threads, only } = options;
  const cache = openDataCache(writableFolder("folder", options.folder), note);
  await checkRowNames(only, options);
  const settings = {
    ...{ size, tpchScale, threads, cache },
    wanted: rowFilter(only),
    folder: join(folder, "profiles"),
  };
  await profileRows(chosenWorkloads(only), settings, note);
  return 0;
}

/** Answers the exit code: 1 where an answer was wrong or a contender of ours failed. */
async function run(options: Options): Promise<number> {
  const folder = resultsFolder(options.out ?? join(options.folder, "..", "bench-results"));
  // Before hours of measuring, rather than after them.
  const earlier = options.compare === undefined ? undefined : resultsIn("compare", options.compare);
  const known = options.report === undefined ? undefined : resultsIn("report", options.report);
  if (known !== undefined && options.publish) checkPublishable(known);
  return await whileLocked(folder, async () =>
    options.profile ? await profile(options, folder) : await report(options, folder, earlier),
  );
}

/** Of rows and parts that are measured now, or of those that are known. */
async function report(
  options: Options,
  folder: string,
  earlier: Results | undefined,
): Promise<number> {
  const path = options.report ?? (await measure(options, folder));
  await addParts(options, path, folder);
  const results = readResults(path);
  const markdown = join(folder, "report.md");
  writeReport(results, { markdown, plots: folder });
  console.log(readFileSync(markdown, "utf8"));
  if (earlier !== undefined) console.log(comparisonText(earlier, results));
  if (options.publish) {
    checkPublishable(results);
    publish(path);
  }
  note(`results: ${path}\nreport: ${markdown}`);
  const broken = results.results.filter(
    ({ outcome, contender }) =>
      outcome.kind === "wrong" || (outcome.kind === "failed" && contender.startsWith("millrace")),
  );
  const failed = results.works.filter(({ problem }) => problem !== undefined);
  return broken.length + failed.length === 0 ? 0 : 1;
}

/** The results may lie in another folder than the report. */
async function addParts(options: Options, path: string, folder: string): Promise<void> {
  if (options.parts.length === 0) return;
  const add = () => measureParts(options, path, folder);
  if (resolve(dirname(path)) === resolve(folder)) await add();
  else await whileLocked(dirname(path), add);
}

function listPeers(): void {
  for (const contender of contenders) {
    console.log(`${contender.name.padEnd(11)} ${contender.absent() ?? "can be measured"}`);
  }
}

async function listRows(size: Size, tpchScale: number): Promise<void> {
  for (const workload of workloads) {
    try {
      const { rows, missing = {} } = await listedRows(workload, { size, tpchScale });
      const lines = rows.map(({ name, title }) => [name, title]);
      for (const [name, why] of Object.entries(missing)) lines.push([name, `left out: ${why}`]);
      for (const [name, text] of lines) {
        console.log(`${`${workload.name}/${name}`.padEnd(30)} ${text}`);
      }
    } catch (failure) {
      if (!(failure instanceof WorkloadUnavailable)) throw failure;
      console.log(`${workload.name.padEnd(30)} left out: ${failure.message}`);
    }
  }
}

async function main(args: readonly string[]): Promise<number> {
  const command = parseCommandLine(args);
  switch (command.kind) {
    case "help":
      console.log(usage);
      return 0;
    case "install":
      await installPeers(note);
      return 0;
    case "peers":
      listPeers();
      return 0;
    case "list":
      await listRows(command.size, command.tpchScale);
      return 0;
    case "run":
      return await run(command.options);
  }
}

// Processes and files that are under way end with this one; what was measured stays, as of a run that was cut short.
void watchInterrupts(process, new Set()).then((exitCode) => {
  if (written !== undefined) note(`cut short; what was measured so far: ${written}`);
  process.exit(exitCode);
});
// The channel to `millrace bench`, where that started us: it was killed.
process.once("disconnect", () => process.exit(1));

try {
  process.exit(await main(process.argv.slice(2)));
} catch (failure) {
  if (!(failure instanceof UsageError)) throw failure;
  console.error(failure.message);
  process.exit(2);
}
