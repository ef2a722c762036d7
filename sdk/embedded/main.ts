// A whole cluster in one process: a single master with its log on disk, and one worker with its executor.
// Started by `millrace run` as a child, so that a busy driver program cannot stop leases.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startMaster } from "../../master/main.ts";
import { toErrorRecord } from "../../proto/errors.ts";
import { createLog } from "../../proto/io/log.ts";
import { storeOptionsFromEnvironment } from "../../proto/io/store-options.ts";
import { generateToken } from "../../proto/io/tokens.ts";
import { startWorker } from "../../worker/main.ts";

export interface EmbeddedOptions {
  readonly threads: number;
  readonly heapMiB?: number;
  readonly memoryBytes?: number;
  readonly closureDeadlineMs?: number;
  /** Everything the cluster keeps lies below it. */
  readonly workFolder: string;
}

/** What the parent is told over the process channel. */
export type EmbeddedMessage =
  | { readonly kind: "serving"; readonly address: string }
  | { readonly kind: "failed"; readonly error: ReturnType<typeof toErrorRecord> };

function tell(message: EmbeddedMessage): void {
  if (process.connected) process.send?.(message);
}

function end(failure: unknown): never {
  tell({ kind: "failed", error: toErrorRecord(failure) });
  process.exit(1);
}

async function start(options: EmbeddedOptions): Promise<void> {
  const log = createLog({ level: "warn", form: "human" });
  const s3 = storeOptionsFromEnvironment(process.env);
  const clientToken = process.env.MILLRACE_TOKEN ?? "";
  // User code runs in our children and has no use for it.
  delete process.env.MILLRACE_TOKEN;
  const nodeToken = generateToken();
  const master = await startMaster({
    id: "embedded",
    host: "127.0.0.1",
    port: 0,
    peers: new Map(),
    dataFolder: join(options.workFolder, "master"),
    // Its folder is removed with it.
    isDurable: false,
    clientToken,
    nodeToken,
    s3,
    log,
    onFatal: end,
  });
  const worker = await startWorker({
    id: "embedded",
    masters: [master.address],
    host: "127.0.0.1",
    port: 0,
    workFolder: join(options.workFolder, "worker"),
    slots: options.threads,
    weight: 1,
    ...(options.heapMiB === undefined ? {} : { heapMiB: options.heapMiB }),
    ...(options.memoryBytes === undefined ? {} : { memoryBytes: options.memoryBytes }),
    ...(options.closureDeadlineMs === undefined
      ? {}
      : { closureDeadlineMs: options.closureDeadlineMs }),
    nodeToken,
    log,
    localBindings: master.bindings,
    onFatal: end,
    executorEntry: fileURLToPath(new URL("../../worker/executor/entry.mjs", import.meta.url)),
  });
  const stop = async (): Promise<void> => {
    await worker.stop();
    await master.stop();
    // The parent does this too, unless it was killed.
    rmSync(options.workFolder, { recursive: true, force: true, maxRetries: 3 });
    process.exit(0);
  };
  process.once("disconnect", () => void stop());
  process.once("SIGTERM", () => void stop());
  // Ctrl-C reaches the whole process group; the parent decides what it means.
  process.on("SIGINT", () => undefined);
  tell({ kind: "serving", address: master.address });
}

const [json] = process.argv.slice(2);
start(JSON.parse(json ?? "{}") as EmbeddedOptions).catch(end);
