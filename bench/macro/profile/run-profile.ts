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
  readonly threads: number;
  readonly cache: DataCache;
  readonly wanted: (name: string) => boolean;
  /** Gets a folder for each row. */
  readonly folder: string;
}

const sharesShown = 12;
const turnMs = 500;
/** Profilers slow a run down. */
const runSecondsMax = 300;
const writeMsMax = 30_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Tells every process that listens to start or stop. */
function turn(session: Session, folder: string): number[] {
  const listening = processTree(session.pid).filter((pid) =>
    existsSync(join(folder, `${pid}.listening`)),
  );
  for (const pid of listening) process.kill(pid, "SIGUSR2");
  return listening;
}

async function untilWritten(folder: string, pids: readonly number[]): Promise<void> {
  const isWritten = (pid: number): boolean =>
    readdirSync(folder).some((name) => name.includes(`-${pid}-`) && name.endsWith(".cpuprofile"));
  for (let waitedMs = 0; waitedMs < writeMsMax; waitedMs += turnMs) {
    if (pids.every(isWritten)) break;
    await pause(turnMs);
  }
  // Threads answer when they are idle, which they are between jobs.
  await pause(turnMs);
}

function sharesText(title: string, shares: readonly Share[], busyMs: number): string {
  const lines = shares.slice(0, sharesShown).map(({ what, ms }) => {
    return `| ${what} | ${durationText(ms)} | ${((100 * ms) / busyMs).toFixed(0)} % |\n`;
  });
  return `| ${title} | time | share |\n| --- | ---: | ---: |\n${lines.join("")}`;
}

/** A section for each thread that did something. */
function summaryOf(folder: string, wallMs: number, title: string): string {
  const sections = readdirSync(folder)
    .filter((name) => name.endsWith(".cpuprofile"))
    .map((name) => {
      const profile = JSON.parse(readFileSync(join(folder, name), "utf8")) as CpuProfile;
      return { name: name.replace(".cpuprofile", ""), ...breakdownOf(profile) };
    })
    .filter(({ busyMs }) => busyMs >= 1)
    .sort((a, b) => b.busyMs - a.busyMs)
    .map(({ name, busyMs, folders, functions }) => {
      const share = `busy ${durationText(busyMs)} of ${durationText(wallMs)}`;
      const tables = [
        sharesText("folder", folders, busyMs),
        sharesText("function", functions, busyMs),
      ];
      return `## ${name}: ${share}\n\n${tables.join("\n")}`;
    });
  const notice =
    "Under the profilers, which slow everything down; garbage collection is a function.";
  return `# ${title}: ${durationText(wallMs)}\n\n${notice}\n\n${sections.join("\n")}`;
}

async function profileRow(
  workload: Workload,
  row: Row,
  settings: ProfileSettings,
): Promise<string> {
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
    turn(session, folder);
    await pause(turnMs);
    const { wallMs } = await session.run(request("output"), runSecondsMax);
    await untilWritten(folder, turn(session, folder));
    const summary = join(folder, "where-time-went.md");
    writeFileSync(summary, summaryOf(folder, wallMs, `${workload.name}/${row.name}`));
    return `${wallMs.toFixed(0)} ms under the profilers; where it went: ${summary}`;
  } finally {
    await session.close();
    for (const name of ["warm-up", "output"]) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
    for (const name of readdirSync(folder).filter((each) => each.endsWith(".listening"))) {
      rmSync(join(folder, name));
    }
  }
}

/** Says how long each row took, and where its summary lies. */
export async function profileRows(
  workloads: readonly Workload[],
  settings: ProfileSettings,
  note: (text: string) => void,
): Promise<void> {
  for (const workload of workloads) {
    try {
      const { rows } = await workload.prepare(settings.cache, settings.size);
      for (const row of rows) {
        const name = `${workload.name}/${row.name}`;
        if (!settings.wanted(name)) continue;
        note(`${name}: ${await profileRow(workload, row, settings)}`);
      }
    } catch (failure) {
      if (!(failure instanceof WorkloadUnavailable)) throw failure;
      note(`${workload.name} was left out: ${failure.message}`);
    }
  }
}
