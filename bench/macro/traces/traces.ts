// What a run of the suite has on the machine while it is under way: processes of others and files that are not whole.
// None of it outlives this process, however that ends; only SIGKILL leaves files, and processes until their input ends.

import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processTree } from "../protocol/memory.ts";

export interface ProcessOptions {
  readonly workingFolder?: string;
  /** Beside what this process has. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdio: StdioOptions;
}

const processes = new Set<ChildProcess>();
const paths = new Set<string>();
let temporary: string | undefined;
let isWatchingEnd = false;

const goneMsMax = 3000;
const lookMs = 10;
const errorCharsMax = 4000;

function watchEnd(): void {
  if (isWatchingEnd) return;
  isWatchingEnd = true;
  process.once("exit", endTraces);
}

/** A new folder below the one that this process keeps for all that is gone with it. */
export function temporaryFolder(name: string): string {
  if (temporary === undefined) {
    temporary = mkdtempSync(join(tmpdir(), "millrace-bench-"));
    removeAtEnd(temporary);
  }
  return mkdtempSync(join(temporary, `${name}-`));
}

/** Removes a file or folder when this process ends, unless it is kept by then. */
export function removeAtEnd(path: string): void {
  watchEnd();
  paths.add(path);
}

/** It is whole now, or no longer there. */
export function keepAtEnd(path: string): void {
  paths.delete(path);
}

/**
 * Starts a process that leads a group of its own, so that Ctrl-C reaches this process alone, which ends all of the
 * group. What it leaves in its group, or in the temporary folder that it is told, is gone with it or with us.
 */
export function startProcess(command: readonly string[], options: ProcessOptions): ChildProcess {
  const [program, ...args] = command;
  if (program === undefined) throw new Error("an empty command");
  watchEnd();
  const ownTemporary = temporaryFolder("process");
  const child = spawn(program, args, {
    detached: true,
    env: { ...process.env, TMPDIR: ownTemporary, ...options.environment },
    stdio: options.stdio,
    ...(options.workingFolder === undefined ? {} : { cwd: options.workingFolder }),
  });
  processes.add(child);
  child.once("exit", () => {
    processes.delete(child);
    killGroup(child);
    // Where somebody still writes there, it stays until we end.
    rm(ownTemporary, { recursive: true, force: true }).catch(() => {});
  });
  child.once("error", () => processes.delete(child));
  return child;
}

/** Its exit code, and the end of what it said on its error stream. Rejects where it cannot be started. */
export async function runProcess(
  command: readonly string[],
  options: Omit<ProcessOptions, "stdio"> = {},
): Promise<{ readonly status: number | null; readonly errors: string }> {
  const child = startProcess(command, { ...options, stdio: ["ignore", 2, "pipe"] });
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-errorCharsMax);
    process.stderr.write(text);
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { status, errors };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already.
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) signal(-pid, "SIGKILL");
}

/** Of a process that ended and was not yet asked for by its parent there is still an entry. */
function isGone(pid: number): boolean {
  try {
    return /^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

/** A process and all that descends from it, stopped: what one of them started while we looked is found by the next look. */
function stoppedTree(pid: number): readonly number[] {
  const stopped = new Set<number>();
  for (let found = [pid]; found.length > 0; ) {
    for (const each of found) {
      signal(each, "SIGSTOP");
      stopped.add(each);
    }
    found = processTree(pid).filter((each) => !stopped.has(each));
  }
  return [...stopped];
}

/** The process, its group and all that descends from it; answers their ids. */
function killAll(child: ChildProcess): readonly number[] {
  if (child.pid === undefined) return [];
  const tree = stoppedTree(child.pid);
  for (const pid of tree) signal(pid, "SIGKILL");
  killGroup(child);
  return tree;
}

/** Ends a process and all that descends from it, at once. */
export function endProcess(child: ChildProcess): void {
  if (child.exitCode === null && child.signalCode === null) killAll(child);
}

function pauseMs(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Everything, without returning to the event loop in between: this process may be about to exit. */
export function endTraces(): void {
  const ended = [...processes].flatMap(killAll);
  // Who still writes to a folder could keep it from being removed.
  for (let waitedMs = 0; waitedMs < goneMsMax && !ended.every(isGone); waitedMs += lookMs) {
    pauseMs(lookMs);
  }
  for (const path of paths) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  paths.clear();
  temporary = undefined;
}
