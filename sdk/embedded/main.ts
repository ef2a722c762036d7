// A whole cluster in one process: a single master with its log on disk, and one worker with its executor.
// Started by `millrace run` as a child, so that a busy driver program cannot stop leases.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toErrorRecord } from "../../proto/errors.ts";
import { createLog } from "../../proto/io/log.ts";
import { defaultMemoryBytes } from "../../proto/io/machine-memory.ts";
import { storeOptionsFromEnvironment } from "../../proto/io/store-options.ts";
import { generateToken } from "../../proto/io/tokens.ts";
import { createExecutorPool } from "../../worker/executor/pool.ts";

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
  const worker = {
    id: "embedded",
    workFolder: join(options.workFolder, "worker"),
    slots: options.threads,
    nodeToken,
    log,
  };
  const { heapMiB, closureDeadlineMs } = options;
  // First, since it takes longest: it comes up while what follows is loaded and the master started.
  const executor = await createExecutorPool({
    entryPath: fileURLToPath(new URL("../../worker/executor/entry.mjs", import.meta.url)),
    workFolder: worker.workFolder,
    workerId: worker.id,
    slots: worker.slots,
    blockToken: nodeToken,
    log,
    ...(heapMiB === undefined ? {} : { heapMiB }),
    memoryBytes: options.memoryBytes ?? defaultMemoryBytes(),
    ...(closureDeadlineMs === undefined ? {} : { closureDeadlineMs }),
  });
  const { startMaster } = await import("../../master/main.ts");
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
  const { startWorker } = await import("../../worker/main.ts");
  const runningWorker = await startWorker({
    ...worker,
    masters: [master.address],
    host: "127.0.0.1",
    port: 0,
    weight: 1,
    executor,
    localBindings: master.bindings,
    onFatal: end,
  });
  const stop = async (): Promise<void> => {
    await runningWorker.stop();
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
