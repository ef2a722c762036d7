// `--profile`: runs rows of ours once more under the profilers of all processes and threads, and sums them up.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { builtFile, projectFolder, suiteFile } from "../places.ts";
import type { DataCache } from "../protocol/data-cache.ts";
import { processTree } from "../protocol/memory.ts";
import { openSession, type Session } from "../protocol/session.ts";
import { type Row, type Size, type Workload, WorkloadUnavailable } from "../protocol/workload.ts";
import { durationText } from "../report/units.ts";
import { breakdownOf, type CpuProfile, type Share } from "./breakdown.ts";

export interface ProfileSettings {
  readonly size: Size;
  readonly tpchScale: number;
  readonly threads: number;
  readonly cache: DataCache;
  readonly wanted: (name: string) => boolean;
  /** Gets a folder for each row. */
  readonly folder: string;
}

const sharesShown = 12;
const lookMs = 50;
/** Profilers slow a run down. */
const runSecondsMax = 300;
const answerMsMax = 30_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Threads of the session's processes that have loaded the hook, as `role-PID-thread-N`. */
function listeningThreads(session: Session, folder: string): string[] {
  const pids = new Set(processTree(session.pid));
  return readdirSync(folder)
    .filter((name) => name.endsWith(".listening"))
    .map((name) => name.slice(0, -".listening".length))
    .filter((thread) => pids.has(pidOf(thread)));
}

const pidOf = (thread: string): number => Number(/-(\d+)-thread-\d+$/.exec(thread)?.[1]);

/** Tells every thread to start or stop, and waits until each has written the file that says that it did. */
async function turn(threads: readonly string[], folder: string, ending: string): Promise<void> {
  for (const pid of new Set(threads.map(pidOf))) process.kill(pid, "SIGUSR2");
  for (let waitedMs = 0; waitedMs < answerMsMax; waitedMs += lookMs) {
    const isMissing = (thread: string) =>
      existsSync(join(folder, `${thread}.listening`)) &&
      !existsSync(join(folder, `${thread}${ending}`));
    if (!threads.some(isMissing)) return;
    await pause(lookMs);
  }
}

function sharesText(title: string, shares: readonly Share[], busyMs: number): string {
  const lines = shares.slice(0, sharesShown).map(({ what, ms }) => {
    return `| ${what} | ${durationText(ms)} | ${((100 * ms) / busyMs).toFixed(0)} % |\n`;
  });
  return `| ${title} | time | share |\n| --- | ---: | ---: |\n${lines.join("")}`;
}

export interface ProfiledThread {
  /** Of its process and itself. */
  readonly name: string;
  readonly busyMs: number;
  readonly folders: readonly Share[];
  readonly functions: readonly Share[];
}

export interface ProfiledRow {
  readonly row: string;
  /** Under the profilers, which slow everything down. */
  readonly wallMs: number;
  /** Those that did something, the busiest first. */
  readonly threads: readonly ProfiledThread[];
}

function threadsIn(folder: string): ProfiledThread[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".cpuprofile"))
    .map((name) => {
      const profile = JSON.parse(readFileSync(join(folder, name), "utf8")) as CpuProfile;
      return { name: name.replace(".cpuprofile", ""), ...breakdownOf(profile) };
    })
    .filter(({ busyMs }) => busyMs >= 1)
    .sort((a, b) => b.busyMs - a.busyMs);
}

function summaryOf({ row, wallMs, threads }: ProfiledRow): string {
  const sections = threads.map(({ name, busyMs, folders, functions }) => {
    const share = `busy ${durationText(busyMs)} of ${durationText(wallMs)}`;
    const tables = [
      sharesText("folder", folders, busyMs),
      sharesText("function", functions, busyMs),
    ];
    return `## ${name}: ${share}\n\n${tables.join("\n")}`;
  });
  const notice =
    "Under the profilers, which slow everything down; garbage collection is a function.";
  return `# ${row}: ${durationText(wallMs)}\n\n${notice}\n\n${sections.join("\n")}`;
}

async function profileRow(
  workload: Workload,
  row: Row,
  settings: ProfileSettings,
  note: (text: string) => void,
): Promise<ProfiledRow> {
  const folder = join(settings.folder, `${workload.name}-${row.name}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const hook = pathToFileURL(suiteFile("profile/hook.mjs")).href;
  const host = builtFile("bench/macro/hosts/millrace.mjs");
  const session = await openSession({
    command: [process.execPath, host, "1", `${row.threads ?? settings.threads}`, "apart"],
    environment: { NODE_OPTIONS: `--import ${hook}`, MILLRACE_PROFILE_FOLDER: folder },
    workingFolder: projectFolder(),
  });
  try {
    const request = (name: string) => {
      const output = join(folder, name);
      return { task: row.tasks(output).millrace, output };
    };
    await session.run(request("warm-up"), runSecondsMax);
    const listening = listeningThreads(session, folder);
    await turn(listening, folder, ".running");
    const { wallMs } = await session.run(request("output"), runSecondsMax);
    // The later one of the two that a thread writes.
    await turn(listening, folder, ".heapprofile");
    const summary = join(folder, "where-time-went.md");
    const profiled = { row: `${workload.name}/${row.name}`, wallMs, threads: threadsIn(folder) };
    writeFileSync(summary, summaryOf(profiled));
    const took = `${wallMs.toFixed(0)} ms under the profilers`;
    note(`${profiled.row}: ${took}; where it went: ${summary}`);
    return profiled;
  } finally {
    await session.close();
    for (const name of ["warm-up", "output"]) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
    for (const name of readdirSync(folder).filter((each) => /\.(listening|running)$/.test(each))) {
      rmSync(join(folder, name), { force: true });
    }
  }
}

/** Says how long each row took, and where its summary lies. */
export async function profileRows(
  workloads: readonly Workload[],
  settings: ProfileSettings,
  note: (text: string) => void,
): Promise<readonly ProfiledRow[]> {
  const profiled: ProfiledRow[] = [];
  for (const workload of workloads) {
    try {
      const { cache, size, tpchScale } = settings;
      const { rows } = await workload.prepare(cache, size, tpchScale);
      for (const row of rows) {
        if (!settings.wanted(`${workload.name}/${row.name}`)) continue;
        profiled.push(await profileRow(workload, row, settings, note));
      }
    } catch (failure) {
      if (!(failure instanceof WorkloadUnavailable)) throw failure;
      note(`${workload.name} was left out: ${failure.message}`);
    }
  }
  return profiled;
}
