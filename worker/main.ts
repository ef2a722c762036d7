// Composition root of a worker: real executor process, data plane, network and clock around one node.

import { mkdir } from "node:fs/promises";
import { serveBlocks } from "../proto/io/block-server.ts";
import { realClock } from "../proto/io/clock.ts";
import { createGrpcClient } from "../proto/io/grpc-client.ts";
import { defaultMemoryBytes } from "../proto/io/machine-memory.ts";
import { realRandom } from "../proto/io/seed.ts";
import type { Log } from "../proto/ports/log.ts";
import type { RpcBinding, RpcClient } from "../proto/ports/rpc.ts";
import { createLeaderClient } from "../proto/wire/leader-client.ts";
import { createLocalRpc } from "../proto/wire/local-rpc.ts";
import { createExecutorPool, type LocalExecutorPool } from "./executor/pool.ts";
import { createWorkerNode } from "./node.ts";
import { createBlockProvider } from "./shuffle/provider.ts";

export interface WorkerMainOptions {
  readonly id: string;
  /** Addresses of the masters. */
  readonly masters: readonly string[];
  /** Where peers fetch this worker's blocks; port 0 picks a free one. */
  readonly host: string;
  readonly port: number;
  readonly workFolder: string;
  readonly slots: number;
  readonly weight: number;
  readonly heapMiB?: number;
  readonly memoryBytes?: number;
  readonly closureDeadlineMs?: number;
  readonly nodeToken: string;
  readonly log: Log;
  /** Path of the built executor process, or the pool where it was started ahead. */
  readonly executor: string | LocalExecutorPool;
  /** Told where the cluster refuses the worker for good. */
  readonly onFatal: (failure: unknown) => void;
  /** Of a master in this same process: called directly instead of over a socket. */
  readonly localBindings?: readonly RpcBinding[];
}

export interface RunningWorker {
  /** `host:port` of its data plane, as bound. */
  readonly address: string;
  stop(): Promise<void>;
}

function rpcClient(options: WorkerMainOptions): RpcClient {
  const [master] = options.masters;
  if (options.localBindings === undefined || master === undefined) {
    return createGrpcClient({ token: options.nodeToken });
  }
  const local = createLocalRpc(realClock);
  local.serve(master, options.localBindings);
  return local.client({ role: "node" });
}

async function startExecutor(options: WorkerMainOptions): Promise<LocalExecutorPool> {
  const { executor, heapMiB, closureDeadlineMs } = options;
  if (typeof executor !== "string") return executor;
  return createExecutorPool({
    entryPath: executor,
    workFolder: options.workFolder,
    workerId: options.id,
    slots: options.slots,
    blockToken: options.nodeToken,
    log: options.log,
    ...(heapMiB === undefined ? {} : { heapMiB }),
    memoryBytes: options.memoryBytes ?? defaultMemoryBytes(),
    ...(closureDeadlineMs === undefined ? {} : { closureDeadlineMs }),
  });
}

/** Starts the executor and asks the cluster for work until stopped. */
export async function startWorker(options: WorkerMainOptions): Promise<RunningWorker> {
  await mkdir(options.workFolder, { recursive: true });
  const rpc = rpcClient(options);
  const random = realRandom();
  const pool = await startExecutor(options);
  const blocks = await serveBlocks({
    host: options.host,
    port: options.port,
    token: options.nodeToken,
    provider: createBlockProvider(options.workFolder),
  });
  const leader = createLeaderClient({ rpc, clock: realClock, masters: options.masters, random });
  const node = createWorkerNode(
    {
      workerId: options.id,
      dataAddress: blocks.address,
      slots: options.slots,
      weight: options.weight,
    },
    {
      leader,
      pool,
      clock: realClock,
      random,
      log: options.log,
      onFatal: options.onFatal,
    },
  );
  node.start();
  options.log.info("serving", { worker: options.id, address: blocks.address });
  return {
    address: blocks.address,
    stop: async () => {
      node.stop();
      leader.close();
      await pool.close();
      await blocks.close();
      rpc.close();
    },
  };
}
