// The executor process: hosts the threads that run user code, and may die of it without the agent.

import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { EngineError, type ErrorRecord, toErrorRecord, unreachable } from "../../proto/errors.ts";
import { operatorBytes } from "../../proto/limits/executor-memory.ts";
import { executorCancelMs, executorWatchMs, taskRunMsMax } from "../../proto/limits.ts";
import type { TaskOutcome } from "../../proto/ports/executor.ts";
import { ledgerBytes, SharedBudget } from "../memory/shared-budget.ts";
import { DriverThreads } from "./driver-threads.ts";
import type {
  ExecutorSettings,
  FromExecutor,
  ThreadRun,
  ToExecutor,
  ToExecutorTasks,
} from "./messages.ts";
import { RunningTasks } from "./running-tasks.ts";
import { type QueuedLease, TaskQueue } from "./task-queue.ts";
import { threadLimits } from "./thread-limits.ts";

const threadUrl = new URL("./thread.mjs", import.meta.url);

let unsent: FromExecutor[] = [];

/** What is said in one go travels as one message: the end of a task and the start of the next mostly are. */
function send(message: FromExecutor): void {
  unsent.push(message);
  if (unsent.length > 1) return;
  queueMicrotask(() => {
    const messages = unsent;
    unsent = [];
    // Without an agent there is nobody to work for: the disconnect ends this process.
    if (process.connected) process.send?.(messages);
  });
}

function stopped(): TaskOutcome {
  const message = "the attempt was stopped: its lease is over or its job ended";
  return { kind: "failed", error: toErrorRecord(new EngineError("LEASE_LOST", message)) };
}

class Executor {
  private readonly settings: ExecutorSettings;
  private readonly threads: Piscina<ThreadRun, readonly TaskOutcome[]>;
  private readonly drivers: DriverThreads;
  private readonly running = new Set<RunningTasks>();
  private readonly queue: TaskQueue;
  private readonly freeSlots: number[];
  private leases = 0;
  private readonly ledger: SharedArrayBuffer;
  private readonly budget: SharedBudget;

  constructor(settings: ExecutorSettings) {
    this.settings = settings;
    const { slots, memoryBytes } = settings;
    this.queue = new TaskQueue(slots);
    this.freeSlots = Array.from({ length: slots }, (_, slot) => slot);
    this.ledger = new SharedArrayBuffer(ledgerBytes(slots));
    const limitBytes = operatorBytes(memoryBytes, slots);
    this.budget = new SharedBudget(this.ledger, { limitBytes, slots });
    this.threads = new Piscina<ThreadRun, readonly TaskOutcome[]>({
      filename: fileURLToPath(threadUrl),
      // The others are started by the first tasks that find none free, and stay.
      minThreads: 1,
      maxThreads: settings.slots,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      // A thread that waits by blocking could not keep its connections.
      atomics: "disabled",
      recordTiming: false,
      resourceLimits: threadLimits(settings),
    });
    // Leftovers of user code (a timer that throws) may end a thread between two tasks; it is replaced.
    this.threads.on("error", (error: Error) => {
      process.stderr.write(`an idle executor thread ended: ${error.message}\n`);
    });
    this.drivers = new DriverThreads(threadUrl, settings, send);
    const watchMs = Math.min(executorWatchMs, Math.max(1, settings.closureDeadlineMs / 4));
    setInterval(() => this.watch(), watchMs);
  }

  receive(message: Exclude<ToExecutor, { kind: "start" }>): void {
    switch (message.kind) {
      case "tasks":
        this.add(message);
        break;
      case "cancelTask":
        this.cancelTask(message.id);
        break;
      case "driver":
        this.drivers.start(message.id, message.spec);
        break;
      case "cancelDriver":
        this.drivers.cancel(message.id);
        break;
      case "driverAnswer":
        this.drivers.answer(message.id, { questionId: message.questionId, answer: message.answer });
        break;
      default:
        unreachable(message);
    }
  }

  private add({ lease: serialized, stage, isRepeatable, tasks }: ToExecutorTasks): void {
    const bytes = new SharedArrayBuffer(serialized.length);
    new Uint8Array(bytes).set(serialized);
    const lease: QueuedLease = { shared: { number: ++this.leases, bytes }, stage, isRepeatable };
    this.queue.add(tasks.map(({ id, own }) => ({ id, own, lease })));
    this.startNext();
  }

  private startNext(): void {
    for (;;) {
      const slot = this.freeSlots.at(-1);
      if (slot === undefined) return;
      const tasks = this.queue.take();
      if (tasks.length === 0) return;
      this.freeSlots.pop();
      const run = new RunningTasks(tasks, slot, performance.now());
      this.running.add(run);
      send({ kind: "tasksStarted", ids: tasks.map(({ id }) => id) });
      this.run(run).then((outcomes) => this.end(run, outcomes));
    }
  }

  /** What has no outcome has not run, or nobody knows how it ended. */
  private end(run: RunningTasks, outcomes: readonly (TaskOutcome | undefined)[]): void {
    const { left, slot, startedMs } = run;
    this.running.delete(run);
    // Its thread may have died before it gave back what it had.
    this.budget.release(slot);
    this.freeSlots.push(slot);
    const progress = run.newProgress();
    if (progress !== undefined) send({ kind: "progress", id: run.current.id, progress });
    for (const [index, { id }] of left.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined) send({ kind: "taskEnded", id, outcome });
    }
    this.queue.putBack(left.filter((_, index) => outcomes[index] === undefined));
    this.queue.note(run.current.lease.stage, outcomes.length, performance.now() - startedMs);
    this.startNext();
  }

  private async run(run: RunningTasks): Promise<readonly (TaskOutcome | undefined)[]> {
    const { tasks, slot, memory: cells } = run;
    const { settings, ledger } = this;
    const { shared: lease } = run.current.lease;
    const own = tasks.map((task) => task.own);
    try {
      const { signal } = run.abort;
      const task = { settings, lease, tasks: own, cells, ledger, slot };
      return await this.threads.run(task, { signal });
    } catch (thrown) {
      // The thread died: by us, by its heap, or by user code that ended it.
      const { current } = run;
      const failed: TaskOutcome = { kind: "failed", error: this.deathOf(run, thrown) };
      return run.left.map((each) => (each === current ? failed : undefined));
    }
  }

  private deathOf(run: RunningTasks, thrown: unknown): ErrorRecord {
    if (run.ended !== undefined) return run.ended;
    if ((thrown as { readonly code?: unknown }).code === "ERR_WORKER_OUT_OF_MEMORY") {
      return run.memoryError(this.settings.threadHeapMiB);
    }
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const place = run.place();
    const message = `the thread of the task ended in ${place.operator}: ${reason}`;
    return toErrorRecord(new EngineError("USER_CODE_FAILED", message, place, thrown));
  }

  private cancelTask(id: number): void {
    if (this.queue.remove(id)) return send({ kind: "taskEnded", id, outcome: stopped() });
    const run = [...this.running].find(({ left }) => left.some((task) => task.id === id));
    if (run === undefined) return;
    // So that its end cannot be that of another.
    this.takeBack(run);
    if (this.queue.remove(id)) return send({ kind: "taskEnded", id, outcome: stopped() });
    if (run.current.id !== id) return;
    run.requestStop();
    // Stopped by itself it keeps its thread warm and drops its uploads.
    setTimeout(() => {
      if (!this.running.has(run)) return;
      run.ended ??= toErrorRecord(new EngineError("LEASE_LOST", "the attempt was ended"));
      run.abort.abort();
    }, executorCancelMs);
  }

  private takeBack(run: RunningTasks): void {
    this.queue.putBack(run.takeBack());
  }

  private watch(): void {
    const nowMs = performance.now();
    const { closureDeadlineMs } = this.settings;
    for (const run of this.running) {
      const progress = run.newProgress();
      if (progress !== undefined) send({ kind: "progress", id: run.current.id, progress });
      if (nowMs - run.startedMs > taskRunMsMax) this.takeBack(run);
      if (run.ended !== undefined || !run.isStuck(nowMs, closureDeadlineMs)) continue;
      run.ended = run.deadlineError(closureDeadlineMs);
      run.abort.abort();
    }
    this.startNext();
  }
}

/** User code must not keep the processes from running that renew leases. */
const lowerPriority = 5;

function main(): void {
  try {
    setPriority(lowerPriority);
  } catch {
    // Not allowed in some containers; only politeness is lost.
  }
  let executor: Executor | undefined;
  process.on("disconnect", () => process.exit(0));
  process.on("message", (message: ToExecutor) => {
    if (message.kind === "start") executor = new Executor(message.settings);
    else executor?.receive(message);
  });
}

main();
