// Driver programs inside the executor process, a thread each.

import { Worker } from "node:worker_threads";
import { EngineError, toErrorRecord, unreachable } from "../../proto/errors.ts";
import type { DriverSpec } from "../../proto/ports/executor.ts";
import type {
  DriverEnd,
  DriverThreadData,
  ExecutorSettings,
  FromDriverThread,
  FromExecutor,
  ToDriverThread,
} from "./messages.ts";
import { threadLimits } from "./thread-limits.ts";

function failed(error: EngineError): DriverEnd {
  return { kind: "failed", error: toErrorRecord(error) };
}

export class DriverThreads {
  private readonly url: URL;
  private readonly settings: ExecutorSettings;
  private readonly send: (message: FromExecutor) => void;
  private readonly threads = new Map<number, Worker>();

  constructor(url: URL, settings: ExecutorSettings, send: (message: FromExecutor) => void) {
    this.url = url;
    this.settings = settings;
    this.send = send;
  }

  start(id: number, spec: DriverSpec): void {
    const { settings } = this;
    const data: DriverThreadData = { kind: "millraceDriver", settings, spec };
    const thread = new Worker(this.url, {
      workerData: data,
      resourceLimits: threadLimits(settings),
    });
    this.threads.set(id, thread);
    thread.on("message", (message: FromDriverThread) => this.receive(id, message));
    thread.on("error", (thrown: Error & { readonly code?: unknown }) => {
      const limitBytes = settings.threadHeapMiB * 1024 * 1024;
      const error =
        thrown.code === "ERR_WORKER_OUT_OF_MEMORY"
          ? new EngineError(
              "USER_CODE_OUT_OF_MEMORY",
              `the job's run function reached the heap limit of ${settings.threadHeapMiB} MiB; ` +
                "keep less in memory, or write results to an output instead of collecting them",
              { operator: "run", limitBytes },
            )
          : new EngineError("USER_CODE_FAILED", `the job's run function: ${thrown.message}`);
      this.end(id, failed(error));
    });
    thread.on("exit", (code) => {
      const message = `the job's run function ended its thread with code ${code}`;
      this.end(id, failed(new EngineError("USER_CODE_FAILED", message)));
    });
  }

  /** The first end counts; a thread that goes on afterwards is stopped. */
  private end(id: number, end: DriverEnd): void {
    const thread = this.threads.get(id);
    if (thread === undefined) return;
    this.threads.delete(id);
    this.send({ kind: "driverEnded", id, end });
    void thread.terminate();
  }

  private receive(id: number, message: FromDriverThread): void {
    switch (message.kind) {
      case "question": {
        const { questionId, question } = message;
        this.send({ kind: "driverQuestion", id, questionId, question });
        break;
      }
      case "ended":
        this.end(id, message.end);
        break;
      default:
        unreachable(message);
    }
  }

  answer(id: number, message: ToDriverThread): void {
    this.threads.get(id)?.postMessage(message);
  }

  cancel(id: number): void {
    const message = "the driver was stopped: its lease is over or its job ended";
    this.end(id, failed(new EngineError("LEASE_LOST", message)));
  }
}
