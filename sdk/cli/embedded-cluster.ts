// The cluster of `millrace run`: a child process that serves until its channel to us is closed.

import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { EngineError, type ErrorRecord, fromErrorRecord } from "../../proto/errors.ts";
import type { EmbeddedCluster, EmbeddedOptions } from "./ports.ts";

/** What the child tells over the channel; it is told nothing. */
type EmbeddedMessage =
  | { readonly kind: "serving"; readonly address: string }
  | { readonly kind: "failed"; readonly error: ErrorRecord };

/** From fork to serving; far above the half second that it takes. */
const startMsMax = 60_000;
/** From the closed channel to the child's end, before it is killed. */
const stopMsMax = 5000;

/** 192 random bits: only this command and its child know it. */
function generateToken(): string {
  return `mlr_${randomBytes(24).toString("base64url")}`;
}

function isAlive({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}

/** Ends the child and all it started; it leads a process group of its own. */
function killGroup(child: ChildProcess): void {
  if (!isAlive(child)) return;
  try {
    process.kill(-child.pid!, "SIGKILL");
  } catch {
    // Gone already.
    child.kill("SIGKILL");
  }
}

function endedEarly(code: number | null, signal: NodeJS.Signals | null): EngineError {
  const how = signal === null ? `with code ${code}` : `by ${signal}`;
  const why = signal === "SIGKILL" ? "; the system may be out of memory: use fewer --threads" : "";
  return new EngineError("UNAVAILABLE", `the embedded cluster ended ${how}${why}`);
}

function forkCluster(
  program: string,
  json: string,
  own: Readonly<Record<string, string>>,
): ChildProcess {
  // In a group of its own, so that Ctrl-C reaches this process alone, which then ends the child.
  return fork(program, [json], {
    detached: true,
    // Whatever user code prints is a log: standard output is for the result.
    stdio: ["ignore", 2, 2, "ipc"],
    execArgv: [],
    // Not among the arguments, which every user of the machine can list.
    env: { ...process.env, ...own },
  });
}

/** The command has checked its flags; whoever starts a cluster by code has JavaScript's numbers. */
function checkOptions(options: EmbeddedOptions): void {
  const { threads, heapMiB, memoryBytes, closureDeadlineMs } = options;
  const given = { threads, heapMiB, memoryBytes, closureDeadlineMs };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined && name !== "threads") continue;
    if (Number.isSafeInteger(value) && value! >= 1) continue;
    throw new EngineError("USAGE", `${name} must be a whole number from 1 on, not ${value}`);
  }
}

/** Its address; rejects when it takes too long. */
function untilServing(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const tooLate = setTimeout(() => {
      const what = `the embedded cluster does not serve after ${startMsMax / 1000} s`;
      reject(new EngineError("DEADLINE", what, { deadlineMs: startMsMax }));
    }, startMsMax);
    child.on("message", (message: EmbeddedMessage) => {
      clearTimeout(tooLate);
      if (message.kind === "serving") resolve(message.address);
    });
    child.once("exit", () => clearTimeout(tooLate));
  });
}

/** Starts the child at once. `kill` is for when this process must go without waiting. */
export function startEmbeddedCluster(
  program: string,
  options: EmbeddedOptions,
): EmbeddedCluster & { kill(): void } {
  checkOptions(options);
  const folder = mkdtempSync(join(tmpdir(), "millrace-run-"));
  const token = generateToken();
  const scratchUri = `${pathToFileURL(join(folder, "rows")).href}/`;
  const json = JSON.stringify({ ...options, workFolder: folder });
  const child = forkCluster(program, json, { MILLRACE_TOKEN: token, MILLRACE_SCRATCH: scratchUri });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let isStopping = false;
  let hasServed = false;
  const lost = new Promise<never>((_, reject) => {
    child.once("error", (cause) => {
      const why = `the embedded cluster could not be started: ${cause.message}`;
      reject(new EngineError("UNAVAILABLE", why, {}, cause));
    });
    child.on("message", (message: EmbeddedMessage) => {
      if (message.kind === "failed") reject(fromErrorRecord(message.error));
    });
    // Not "exit": what the child told last may still be on its way then.
    child.once("close", (code, signal) => {
      if (!isStopping) reject(endedEarly(code, signal));
    });
  });
  // Whoever started us may have failed on their own, and no longer look.
  lost.catch(() => {});
  const serving = untilServing(child);
  serving.then(
    () => {
      hasServed = true;
    },
    () => {},
  );
  const gone = async (): Promise<void> => {
    if (isAlive(child)) await ended;
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  return {
    token,
    scratchUri,
    serving,
    lost,
    kill: () => {
      // Whoever ends it so has something to say: that it is gone is no failure beside that.
      isStopping = true;
      killGroup(child);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
    stop: async () => {
      isStopping = true;
      // Before it serves there is nothing to end in good order.
      if (!hasServed) killGroup(child);
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => killGroup(child), stopMsMax);
      await gone();
      clearTimeout(timer);
    },
    discard: async () => {
      isStopping = true;
      killGroup(child);
      await gone();
    },
  };
}
