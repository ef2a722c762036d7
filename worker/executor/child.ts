// One executor process as its agent holds it: starts it, talks to it, and tells what it died of.

import { type ChildProcess, fork } from "node:child_process";
import { threadOldMiB, tightMappedBytesMin, tightMemoryBytes } from "../../proto/limits/memory.ts";
import { executorStderrCharsKept } from "../../proto/limits.ts";
import type { ExecutorSettings, FromExecutor, ToExecutor } from "./messages.ts";

export interface ChildDeath {
  /** `signal SIGKILL`, `code 134`, or why it could not be started. */
  readonly how: string;
  /** Whether V8 gave up because its heap was full. */
  readonly heapFull: boolean;
}

export interface ChildEvents {
  onMessage(message: FromExecutor): void;
  /** Called once. */
  onDeath(death: ChildDeath): void;
}

/** What V8 prints before it ends a process; the beginning of later stack traces may push it out. */
const heapFullText = /JavaScript heap out of memory|Reached heap limit|OOMErrorHandler/;

/**
 * The allocator of glibc keeps buffers that were given up for the next ones, in an area of each thread which a single buffer
 * that is still in use keeps large; beyond a size that it raises itself it asks the system. Others know no such variable.
 */
const allocatorWhereTight = { MALLOC_MMAP_THRESHOLD_: String(tightMappedBytesMin) };

/** Everything but the cluster's own secrets. What the operator says of the allocator goes before what suits the memory. */
export function executorEnvironment(
  environment: NodeJS.ProcessEnv,
  { memoryBytes }: Pick<ExecutorSettings, "memoryBytes">,
): NodeJS.ProcessEnv {
  const allocator = memoryBytes < tightMemoryBytes ? allocatorWhereTight : {};
  const kept: NodeJS.ProcessEnv = { ...allocator, ...environment };
  for (const name of ["MILLRACE_TOKEN", "MILLRACE_NODE_TOKEN"]) {
    delete kept[name];
    delete kept[`${name}_FILE`];
  }
  return kept;
}

export class ExecutorChild {
  private readonly process: ChildProcess;
  private readonly events: ChildEvents;
  private stderrEnd = "";
  private isDead = false;

  constructor(entryPath: string, settings: ExecutorSettings, events: ChildEvents) {
    this.events = events;
    this.process = fork(entryPath, [], {
      serialization: "advanced",
      // Options of the agent, such as those of a debugger, are not for its child, which collects its garbage in time: by
      // itself V8 marks the whole heap as often as buffers grow by a share of it, some times for each 64 MiB.
      // Code that rested for some collections is kept: the next query wants it, and what was learned of it.
      execArgv: ["--expose-gc", "--no-flush-bytecode", `--initial-old-space-size=${threadOldMiB}`],
      env: executorEnvironment(process.env, settings),
      // Results of the command line go to standard output: what user code prints goes beside it.
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.process.stdout?.pipe(process.stderr, { end: false });
    this.process.stderr?.on("data", (bytes: Buffer) => {
      process.stderr.write(bytes);
      this.stderrEnd = (this.stderrEnd + bytes.toString("utf8")).slice(-executorStderrCharsKept);
    });
    this.process.on("message", (messages) => {
      for (const message of messages as readonly FromExecutor[]) {
        if (!this.isDead) events.onMessage(message);
      }
    });
    this.process.on("error", (error) => this.die(error.message));
    // Not "exit": what it printed last may still be on its way.
    this.process.on("close", (code, signal) =>
      this.die(signal ? `signal ${signal}` : `code ${code}`),
    );
    this.send({ kind: "start", settings });
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  private die(how: string): void {
    if (this.isDead) return;
    this.isDead = true;
    this.process.stdout?.unpipe(process.stderr);
    this.events.onDeath({ how, heapFull: heapFullText.test(this.stderrEnd) });
  }

  /** A message that cannot be sent means death, which is told by itself. */
  send(message: ToExecutor): void {
    if (this.process.connected) this.process.send(message, () => undefined);
  }

  /** Ends it without ado; resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => {
      this.process.once("exit", () => resolve());
    });
    this.process.kill("SIGKILL");
    await gone;
  }
}
