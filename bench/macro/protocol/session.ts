// A contender's long-lived process: it says when it is ready, then answers one request after the other.

import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { endProcess, startProcess } from "../traces/traces.ts";
import { processTree, treeBytes, watchMemory } from "./memory.ts";
import { TookTooLong } from "./time-budget.ts";
import type { Cell, Task } from "./workload.ts";

/** What a process says, one JSON object a line. Other lines are its own chatter. */
export type HostMessage =
  | { readonly kind: "ready"; readonly version: string }
  | { readonly kind: "done"; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: "failed"; readonly error: string };

/** What it is told. `output` is where files go, if the task writes any. */
export interface HostRequest {
  readonly task: Task;
  readonly output: string;
}

export interface Run {
  /** From the request to its answer. */
  readonly wallMs: number;
  readonly peakBytes: number;
  readonly rows: readonly (readonly Cell[])[];
}

export interface Session {
  readonly version: string;
  /** From the start of the process to its first word. */
  readonly startMs: number;
  readonly pid: number;
  /** Throws TookTooLong; what runs then goes on until the session is closed. */
  run(request: HostRequest, limitSeconds: number): Promise<Run>;
  close(): Promise<void>;
}

/** Far above what any start takes, on a busy machine too. */
const startSecondsMax = 120;
const closeMsMax = 10_000;
const errorCharsMax = 4000;

export interface HostCommand {
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingFolder: string;
}

class HostProcess implements Session {
  readonly startMs: number;
  readonly version: string;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #next: () => Promise<HostMessage>;

  constructor(
    child: ChildProcess,
    next: () => Promise<HostMessage>,
    start: { readonly ms: number; readonly version: string },
  ) {
    this.#child = child;
    this.#next = next;
    this.startMs = start.ms;
    this.version = start.version;
    this.pid = child.pid ?? 0;
  }

  async run(request: HostRequest, limitSeconds: number): Promise<Run> {
    const memory = watchMemory(this.pid);
    const started = performance.now();
    try {
      this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
      const reply = await within(limitSeconds, "a run", this.#next());
      const wallMs = performance.now() - started;
      if (reply.kind === "done") return { wallMs, peakBytes: memory.stop(), rows: reply.rows };
      throw new Error(reply.kind === "failed" ? reply.error : "the process started anew");
    } finally {
      memory.stop();
    }
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const tree = processTree(this.pid);
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.stdin?.end();
    const timer = setTimeout(() => endProcess(child), closeMsMax);
    await ended;
    clearTimeout(timer);
    // What the process left behind must not run beside the next contender.
    for (const pid of tree) endQuietly(pid);
  }
}

function endQuietly(pid: number): void {
  try {
    if (treeBytes(pid) > 0) process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

function within<T>(limitSeconds: number, what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new TookTooLong(what, limitSeconds));
    const timer = setTimeout(late, limitSeconds * 1000);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Lines of the process as messages, in order; rejects once it has ended. */
function messagesOf(child: ChildProcess): () => Promise<HostMessage> {
  const arrived: HostMessage[] = [];
  let waiting: { resolve(message: HostMessage): void; reject(error: Error): void } | undefined;
  let errors = "";
  let end: Error | undefined;
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-errorCharsMax);
  });
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (!line.startsWith('{"kind":')) return;
      const message = JSON.parse(line) as HostMessage;
      if (waiting === undefined) arrived.push(message);
      else waiting.resolve(message);
      waiting = undefined;
    });
  }
  const fail = (why: string): void => {
    end = new Error(`${why}\n${errors}`);
    waiting?.reject(end);
    waiting = undefined;
  };
  child.once("error", (error) => fail(error.message));
  child.once("close", (code, signal) => fail(`the process ended with ${signal ?? code}`));
  return () => {
    const message = arrived.shift();
    if (message !== undefined) return Promise.resolve(message);
    if (end !== undefined) return Promise.reject(end);
    return new Promise((resolve, reject) => {
      waiting = { resolve, reject };
    });
  };
}

/** Starts a process and waits until it is ready for work. */
export async function openSession(host: HostCommand): Promise<Session> {
  const started = performance.now();
  const child = startProcess(host.command, { ...host, stdio: ["pipe", "pipe", "pipe"] });
  // A write to a process that just ended is told by its end.
  child.stdin?.on("error", () => {});
  const next = messagesOf(child);
  try {
    const first = await within(startSecondsMax, "the start", next());
    if (first.kind !== "ready") throw new Error(first.kind === "failed" ? first.error : "no start");
    const ms = performance.now() - started;
    return new HostProcess(child, next, { ms, version: first.version });
  } catch (failure) {
    endProcess(child);
    throw failure;
  }
}

/** Runs one task in a process of its own, from its start to its end. */
export async function runFromShell(host: HostCommand, limitSeconds: number): Promise<Run> {
  const started = performance.now();
  const child = startProcess(host.command, { ...host, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  let errors = "";
  child.stdout?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  child.stderr?.setEncoding("utf8").on("data", (part: string) => {
    errors = (errors + part).slice(-errorCharsMax);
  });
  const memory = watchMemory(child.pid ?? 0);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code));
  });
  try {
    const code = await within(limitSeconds, "the command", ended);
    const wallMs = performance.now() - started;
    if (code !== 0) throw new Error(`${host.command.join(" ")} ended with ${code}\n${errors}`);
    return { wallMs, peakBytes: memory.stop(), rows: [[text.trim()]] };
  } finally {
    memory.stop();
    endProcess(child);
  }
}
