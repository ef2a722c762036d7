// The agent's side of the executor: hands it tasks and drivers, restarts it, and blames its deaths rightly.

import {
  EngineError,
  type ErrorRecord,
  fromErrorRecord,
  toErrorRecord,
  unreachable,
} from "../../proto/errors.ts";
import { checkMemory, threadHeapMiB } from "../../proto/limits/executor-memory.ts";
import {
  closureDeadlineMs as closureDeadlineMsDefault,
  executorRestartPauseMs,
  executorRestartsMax,
} from "../../proto/limits.ts";
import type { PlanTargets } from "../../proto/plan/bundle.ts";
import type {
  DriverRequests,
  DriverSpec,
  ExecutorPool,
  TaskOutcome,
  TaskProgress,
  TaskSpec,
} from "../../proto/ports/executor.ts";
import type { Log } from "../../proto/ports/log.ts";
import { releasedJobsOf } from "../shuffle/provider.ts";
import { type ChildDeath, ExecutorChild } from "./child.ts";
import { operatorLabels } from "./labels.ts";
import type { DriverEnd, DriverQuestion, ExecutorSettings, FromExecutor } from "./messages.ts";
import { PoolFolders } from "./pool-folders.ts";
import { messagesOf } from "./task-messages.ts";

export interface ExecutorPoolOptions {
  /** Path of the built executor process, beside its `thread.mjs`. */
  readonly entryPath: string;
  readonly workFolder: string;
  readonly workerId: string;
  /** Tasks at a time. */
  readonly slots: number;
  readonly blockToken: string;
  readonly log: Log;
  /** Heap of one thread. */
  readonly heapMiB?: number;
  /** Of the executor process. */
  readonly memoryBytes: number;
  readonly closureDeadlineMs?: number;
  readonly planTargets?: PlanTargets;
}

interface PooledTask {
  readonly spec: TaskSpec;
  readonly onProgress: (progress: TaskProgress) => void;
  readonly resolve: (outcome: TaskOutcome) => void;
  hasStarted: boolean;
}

interface PooledDriver {
  readonly spec: DriverSpec;
  readonly requests: DriverRequests;
  readonly end: (end: DriverEnd) => void;
}

function settingsOf(options: ExecutorPoolOptions, folders: PoolFolders): ExecutorSettings {
  const { workerId, slots, blockToken, memoryBytes, planTargets } = options;
  checkMemory(memoryBytes, slots);
  return {
    workerId,
    slots,
    blockToken,
    bundleFolder: folders.bundleFolder,
    shuffleFolder: folders.shuffleFolder,
    spillFolder: folders.spillFolder,
    memoryBytes,
    threadHeapMiB: options.heapMiB ?? threadHeapMiB(memoryBytes, slots),
    closureDeadlineMs: options.closureDeadlineMs ?? closureDeadlineMsDefault,
    ...(planTargets === undefined ? {} : { planTargets }),
  };
}

class LocalExecutorPool implements ExecutorPool {
  private readonly options: ExecutorPoolOptions;
  private readonly settings: ExecutorSettings;
  private readonly folders: PoolFolders;
  private readonly tasks = new Map<number, PooledTask>();
  private readonly drivers = new Map<number, PooledDriver>();
  private readonly jobs = new Set<string>();
  private child: ExecutorChild | undefined;
  /** Given to the pool at this moment: those of a lease travel together. */
  private unsent: number[] = [];
  private nextId = 1;
  private deathsInRow = 0;
  private lastDeathMs = Number.NEGATIVE_INFINITY;
  private isClosed = false;

  constructor(options: ExecutorPoolOptions, folders: PoolFolders) {
    this.options = options;
    this.folders = folders;
    this.settings = settingsOf(options, folders);
    // Started ahead of the first task, which then waits for nothing.
    this.runningChild();
  }

  /** Process id of the executor, for tests and diagnosis. */
  get executorPid(): number | undefined {
    return this.child?.pid;
  }

  runTask(spec: TaskSpec, onProgress: (progress: TaskProgress) => void): Promise<TaskOutcome> {
    return new Promise((resolve) => {
      const id = this.nextId++;
      this.jobs.add(spec.context.jobId);
      this.tasks.set(id, { spec, onProgress, resolve, hasStarted: false });
      this.sendTask(id);
    });
  }

  private sendTask(id: number): void {
    this.unsent.push(id);
    if (this.unsent.length === 1) queueMicrotask(() => this.sendTasks());
  }

  private sendTasks(): void {
    const { unsent } = this;
    this.unsent = [];
    const tasks = unsent.flatMap((id) => {
      const task = this.tasks.get(id);
      return task === undefined ? [] : [{ id, spec: task.spec }];
    });
    const child = tasks.length === 0 ? undefined : this.runningChild();
    if (child !== undefined) for (const message of messagesOf(tasks)) child.send(message);
    else
      for (const { id } of tasks) this.endTask(id, { kind: "failed", error: this.unavailable() });
  }

  cancelTask(token: number, taskIndex: number): void {
    for (const [id, { spec }] of this.tasks) {
      if (spec.token !== token || spec.taskIndex !== taskIndex) continue;
      this.child?.send({ kind: "cancelTask", id });
    }
  }

  async runDriver(spec: DriverSpec, requests: DriverRequests): Promise<string> {
    const child = this.runningChild();
    if (child === undefined) throw fromErrorRecord(this.unavailable());
    const id = this.nextId++;
    this.jobs.add(spec.context.jobId);
    const end = await new Promise<DriverEnd>((resolve) => {
      this.drivers.set(id, { spec, requests, end: resolve });
      child.send({ kind: "driver", id, spec });
    });
    if (end.kind === "failed") throw fromErrorRecord(end.error);
    return end.resultJson;
  }

  cancelDriver(jobId: string): void {
    for (const [id, { spec }] of this.drivers) {
      if (spec.context.jobId === jobId) this.child?.send({ kind: "cancelDriver", id });
    }
  }

  addBundle(sha256: string, code: Uint8Array): Promise<void> {
    return this.folders.addBundle(sha256, code);
  }

  hasBundle(sha256: string): boolean {
    return this.folders.hasBundle(sha256);
  }

  async releaseJob(jobId: string): Promise<void> {
    // First, so that peers never take what is being deleted for lost.
    releasedJobsOf(this.folders.shuffleFolder).add(jobId);
    await this.folders.removeJob(jobId);
    const isUsed = [...this.tasks.values()].some(({ spec }) => spec.context.jobId === jobId);
    // A task that still runs may write once more; the job is then released again after it.
    if (!isUsed) this.jobs.delete(jobId);
  }

  heldJobs(): readonly string[] {
    return [...this.jobs];
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const { child } = this;
    this.child = undefined;
    await child?.stop();
    this.failAll({ how: "its worker stopped", heapFull: false });
  }

  private runningChild(): ExecutorChild | undefined {
    if (this.isClosed) return undefined;
    if (this.child !== undefined) return this.child;
    const isLongAgo = performance.now() - this.lastDeathMs > executorRestartPauseMs;
    if (this.deathsInRow > executorRestartsMax && !isLongAgo) return undefined;
    const child: ExecutorChild = new ExecutorChild(this.options.entryPath, this.settings, {
      onMessage: (message) => this.receive(child, message),
      onDeath: (death) => this.onDeath(child, death),
    });
    this.child = child;
    return child;
  }

  private unavailable(): ErrorRecord {
    const { workerId } = this.options;
    const message = this.isClosed
      ? `worker ${workerId} is stopping`
      : `the executor of worker ${workerId} died ${this.deathsInRow} times without finishing a ` +
        `task; it is tried again ${executorRestartPauseMs} ms after its last death`;
    return toErrorRecord(new EngineError("EXECUTOR_DIED", message));
  }

  private receive(child: ExecutorChild, message: FromExecutor): void {
    switch (message.kind) {
      case "tasksStarted":
        for (const id of message.ids) {
          const task = this.tasks.get(id);
          if (task !== undefined) task.hasStarted = true;
        }
        break;
      case "progress":
        this.tasks.get(message.id)?.onProgress(message.progress);
        break;
      case "taskEnded":
        this.deathsInRow = 0;
        this.endTask(message.id, message.outcome);
        break;
      case "driverQuestion":
        this.answerDriver(child, message.id, message.questionId, message.question);
        break;
      case "driverEnded":
        this.drivers.get(message.id)?.end(message.end);
        this.drivers.delete(message.id);
        break;
      default:
        unreachable(message);
    }
  }

  private endTask(id: number, outcome: TaskOutcome): void {
    const task = this.tasks.get(id);
    this.tasks.delete(id);
    task?.resolve(outcome);
  }

  private answerDriver(
    child: ExecutorChild,
    id: number,
    questionId: number,
    question: DriverQuestion,
  ): void {
    const requests = this.drivers.get(id)?.requests;
    if (requests === undefined) return;
    const asked =
      question.kind === "runAction"
        ? requests.runAction(question.graphJson)
        : requests.recordedOutcome(question.actionIndex, question.planDigest);
    asked.then(
      (outcome) => {
        const answer = { kind: "answered", outcome } as const;
        child.send({ kind: "driverAnswer", id, questionId, answer });
      },
      (thrown: unknown) => {
        const answer = { kind: "failed", error: toErrorRecord(thrown) } as const;
        child.send({ kind: "driverAnswer", id, questionId, answer });
      },
    );
  }

  private onDeath(child: ExecutorChild, death: ChildDeath): void {
    if (this.child !== child) return;
    this.child = undefined;
    this.deathsInRow++;
    this.lastDeathMs = performance.now();
    const { log, workerId } = this.options;
    log.warn("executor died", { worker: workerId, how: death.how, inRow: this.deathsInRow });
    this.failAll(death);
    // What had not begun is not to blame: it runs in the next process.
    for (const id of this.tasks.keys()) this.sendTask(id);
    this.runningChild();
  }

  /** Ends everything that ran in the dead process. */
  private failAll(death: ChildDeath): void {
    const ran = [...this.tasks].filter(([, task]) => task.hasStarted || this.isClosed);
    for (const [id, { spec }] of ran) {
      const isAlone = ran.length === 1 && this.drivers.size === 0;
      const error = death.heapFull && isAlone ? this.heapError(spec) : this.diedError(death, spec);
      this.endTask(id, { kind: "failed", error: toErrorRecord(error) });
    }
    for (const driver of this.drivers.values()) {
      const message = `the executor process that ran the driver died (${death.how})`;
      const error = toErrorRecord(new EngineError("EXECUTOR_DIED", message));
      driver.end({ kind: "failed", error });
    }
    this.drivers.clear();
  }

  private diedError(death: ChildDeath, spec: TaskSpec): EngineError {
    const cause = death.heapFull ? "; its heap was full" : "";
    return new EngineError(
      "EXECUTOR_DIED",
      `the executor process of worker ${this.options.workerId} died (${death.how}${cause}) while it ` +
        `ran task ${spec.taskIndex} of "${spec.label}"`,
      { partition: spec.taskIndex },
    );
  }

  private heapError(spec: TaskSpec): EngineError {
    const { threadHeapMiB } = this.settings;
    const operator = operatorLabels(spec.program)[0] ?? spec.label;
    return new EngineError(
      "USER_CODE_OUT_OF_MEMORY",
      `task ${spec.taskIndex} of "${spec.label}" filled the heap of ${threadHeapMiB} MiB and took ` +
        "its process down; keep less in memory per row, or use smaller inputs per task",
      { operator, partition: spec.taskIndex, limitBytes: threadHeapMiB * 1024 * 1024 },
    );
  }
}

/** Prepares the work folder and starts the executor process. */
export async function createExecutorPool(options: ExecutorPoolOptions): Promise<LocalExecutorPool> {
  const folders = new PoolFolders(options.workFolder);
  await folders.open();
  return new LocalExecutorPool(options, folders);
}

export type { LocalExecutorPool };
