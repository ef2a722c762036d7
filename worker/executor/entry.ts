// The executor process: hosts the threads that run user code, and may die of it without the agent.

import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { EngineError, toErrorRecord, unreachable } from "../../proto/errors.ts";
import { operatorBytes } from "../../proto/limits/executor-memory.ts";
import { executorCancelMs, executorWatchMs } from "../../proto/limits.ts";
import type { TaskOutcome, TaskSpec } from "../../proto/ports/executor.ts";
import { ledgerBytes, SharedBudget } from "../memory/shared-budget.ts";
import { DriverThreads } from "./driver-threads.ts";
import type {
  ExecutorSettings,
  FromExecutor,
  ThreadOutcome,
  ThreadTask,
  ToExecutor,
} from "./messages.ts";
import { RunningTask } from "./running-task.ts";
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
  private readonly threads: Piscina<ThreadTask, ThreadOutcome>;
  private readonly drivers: DriverThreads;
  private readonly running = new Map<number, RunningTask>();
  private readonly waiting = new Map<number, TaskSpec>();
  private readonly freeSlots: number[];
  private readonly ledger: SharedArrayBuffer;
  private readonly budget: SharedBudget;

  constructor(settings: ExecutorSettings) {
    this.settings = settings;
    const { slots, memoryBytes } = settings;
    this.freeSlots = Array.from({ length: slots }, (_, slot) => slot);
    this.ledger = new SharedArrayBuffer(ledgerBytes(slots));
    const limitBytes = operatorBytes(memoryBytes, slots);
    this.budget = new SharedBudget(this.ledger, { limitBytes, slots });
    this.threads = new Piscina<ThreadTask, ThreadOutcome>({
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
      case "task":
        this.waiting.set(message.id, message.spec);
        this.startNext();
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

  private startNext(): void {
    for (const [id, spec] of this.waiting) {
      const slot = this.freeSlots.pop();
      if (slot === undefined) return;
      this.waiting.delete(id);
      const task = new RunningTask(id, spec, slot, performance.now());
      this.running.set(id, task);
      send({ kind: "taskStarted", id });
      this.run(task).then((outcome) => {
        this.running.delete(id);
        // Its thread may have died before it gave back what it had.
        this.budget.release(slot);
        this.freeSlots.push(slot);
        const progress = task.newProgress();
        if (progress !== undefined) send({ kind: "progress", id, progress });
        send({ kind: "taskEnded", id, outcome });
        this.startNext();
      });
    }
  }

  private async run(task: RunningTask): Promise<TaskOutcome> {
    const { spec, slot, memory: cells } = task;
    const { settings, ledger } = this;
    try {
      const { signal } = task.abort;
      return await this.threads.run({ settings, spec, cells, ledger, slot }, { signal });
    } catch (thrown) {
      // The thread died: by us, by its heap, or by user code that ended it.
      if (task.ended !== undefined) return { kind: "failed", error: task.ended };
      if ((thrown as { readonly code?: unknown }).code === "ERR_WORKER_OUT_OF_MEMORY") {
        return { kind: "failed", error: task.memoryError(this.settings.threadHeapMiB) };
      }
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      const message = `the thread of the task ended in ${task.place().operator}: ${reason}`;
      const error = new EngineError("USER_CODE_FAILED", message, task.place(), thrown);
      return { kind: "failed", error: toErrorRecord(error) };
    }
  }

  private cancelTask(id: number): void {
    if (this.waiting.delete(id)) return send({ kind: "taskEnded", id, outcome: stopped() });
    const task = this.running.get(id);
    if (task === undefined) return;
    task.requestStop();
    // Stopped by itself it keeps its thread warm and drops its uploads.
    setTimeout(() => {
      if (this.running.get(id) !== task) return;
      task.ended ??= toErrorRecord(new EngineError("LEASE_LOST", "the attempt was ended"));
      task.abort.abort();
    }, executorCancelMs);
  }

  private watch(): void {
    const nowMs = performance.now();
    const { closureDeadlineMs } = this.settings;
    for (const task of this.running.values()) {
      const progress = task.newProgress();
      if (progress !== undefined) send({ kind: "progress", id: task.id, progress });
      if (task.ended !== undefined || !task.isStuck(nowMs, closureDeadlineMs)) continue;
      task.ended = task.deadlineError(closureDeadlineMs);
      task.abort.abort();
    }
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
