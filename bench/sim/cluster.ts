// A whole cluster on one thread: three masters, some workers, virtual wires, disks, store and time.

import { createHash } from "node:crypto";
import { createMasterNode, type MasterNode } from "../../master/node.ts";
import { openRaftStorage } from "../../master/storage/raft-storage.ts";
import { assert } from "../../proto/errors.ts";
import { asClusterId, asMasterId } from "../../proto/ids.ts";
import { silentLog } from "../../proto/ports/log.ts";
import { type RandomStream, randomStream } from "../../proto/ports/random.ts";
import type { RpcServer } from "../../proto/ports/rpc.ts";
import { fakeClock } from "../../proto/testing/fake-clock.ts";
import { type MemoryDisk, memoryDisk } from "../../proto/testing/memory-disk.ts";
import {
  createMemoryStore,
  memoryBucket,
  type StoreFault,
} from "../../proto/testing/memory-store.ts";
import { createLeaderClient } from "../../proto/wire/leader-client.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import type { ClusterView, JobView } from "../../proto/wire/views.ts";
import { createWorkerNode, type WorkerNode } from "../../worker/node.ts";
import { createSimulatedExecutor, type Floor } from "./executor.ts";
import { createNetwork, type Network } from "./network.ts";
import { slowDisk } from "./slow-disk.ts";
import { createWatch } from "./watch.ts";

export const masterNames = ["a", "b", "c"] as const;
const clusterId = asClusterId("virtual");
const code = new TextEncoder().encode("export {}");
const sha256Hex = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

interface Master {
  readonly node: MasterNode;
  readonly server: RpcServer;
}

export interface VirtualOptions {
  readonly seed: number;
  readonly workers: readonly string[];
  readonly slots: number;
  readonly jobIds: readonly string[];
  taskMs?(random: RandomStream): number;
}

export function createVirtualCluster(options: VirtualOptions) {
  const random = randomStream(options.seed);
  const clock = fakeClock();
  const watch = createWatch(options.jobIds);
  const network: Network = createNetwork(clock, random.child("network"), watch.observe);
  const bucket = memoryBucket();
  const disks = new Map<string, MemoryDisk>();
  const masters = new Map<string, Master>();
  const workers = new Map<string, WorkerNode>();
  const peers = new Map(masterNames.map((name) => [asMasterId(name), `${name}:1`]));
  let lives = 0;
  /** Per thousand calls of the masters to the store. */
  const trouble = { storeFaults: 0 };
  const fatal: unknown[] = [];
  const floor: Floor = {
    network,
    sealed: new Map(),
    drivers: new Map(),
    onStart: watch.onStart,
    taskMs: options.taskMs ?? ((stream) => 20 + stream.below(400)),
  };

  function masterStore(stream: RandomStream) {
    const faults = ["refused", "replyLost", "late", "requestLost"] as const;
    return createMemoryStore(bucket, ({ operation }): StoreFault => {
      watch.read(bucket);
      // What only reads is tried again within the real stores, far longer than these faults last.
      if (operation === "stat") return "none";
      return stream.below(1000) < trouble.storeFaults ? faults[stream.below(4)]! : "none";
    });
  }

  async function startMaster(name: string): Promise<void> {
    if (masters.has(name)) return;
    const stream = random.child(`${name} ${lives++}`);
    const disk = disks.get(name) ?? memoryDisk();
    disks.set(name, disk);
    const life = network.join(name);
    const slow = slowDisk(disk, life.clock, stream.child("disk"), () => masters.has(name));
    const node = createMasterNode(
      { masterId: asMasterId(name), clusterId, peers },
      {
        storage: await openRaftStorage(slow, clusterId),
        rpc: life.client,
        clock: life.clock,
        random: stream,
        store: masterStore(stream.child("store")),
        probeStore: async () => {},
        log: silentLog,
        sha256Hex,
        onFatal: (failure) => {
          if (masters.get(name)?.node === node) fatal.push(failure);
        },
      },
    );
    masters.set(name, { node, server: network.rpc.serve(`${name}:1`, node.bindings) });
    node.start();
  }

  /** As by a loss of power: what was not synced is gone, or torn. */
  async function killMaster(name: string): Promise<void> {
    const master = masters.get(name);
    if (master === undefined) return;
    masters.delete(name);
    const stream = random.child(`crash ${lives++}`);
    disks.set(
      name,
      disks.get(name)!.crash((_, unsynced) => stream.below(unsynced + 1)),
    );
    network.leave(name);
    await master.server.close();
    // Its last saves never end: nobody waits for a dead process.
    master.node.stop().catch(() => undefined);
  }

  function startWorker(name: string): void {
    if (workers.has(name)) return;
    const stream = random.child(`${name} ${lives++}`);
    const life = network.join(name);
    const { slots } = options;
    const store = createMemoryStore(bucket);
    const pool = createSimulatedExecutor(floor, life, { slots, random: stream, store });
    const addresses = [...peers.values()];
    const search = { rpc: life.client, clock: life.clock, random: stream.child("leader") };
    const node = createWorkerNode(
      { workerId: name, dataAddress: `${name}:1`, slots, weight: 1 },
      {
        leader: createLeaderClient({ ...search, masters: addresses }),
        pool,
        clock: life.clock,
        random: stream,
        log: silentLog,
      },
    );
    workers.set(name, node);
    node.start();
  }

  function killWorker(name: string): void {
    const node = workers.get(name);
    if (node === undefined) return;
    workers.delete(name);
    watch.trouble(name);
    network.leave(name);
    floor.sealed.delete(name);
    floor.drivers.delete(name);
    node.stop();
  }

  const outside = network.join("client");
  const leader = createLeaderClient({
    rpc: outside.client,
    clock: outside.clock,
    masters: [...peers.values()],
    searchMsMax: 120_000,
  });

  /** Lets virtual time pass until the promise has an answer. */
  async function during<Value>(promise: Promise<Value>, limitMs = 300_000): Promise<Value> {
    let isOver = false;
    const end = (): void => {
      isOver = true;
    };
    promise.then(end, end);
    const untilMs = clock.nowMs() + limitMs;
    while (!isOver && clock.nowMs() < untilMs) await clock.advanceAsync(20);
    assert(isOver, `still waiting after ${limitMs} virtual ms`);
    return promise;
  }

  async function start(): Promise<void> {
    for (const name of masterNames) await startMaster(name);
    for (const name of options.workers) startWorker(name);
  }

  async function submit(jobId: string): Promise<void> {
    const sha256 = sha256Hex(code);
    await leader.call(clientApi.putBundle, { sha256, code });
    const fixed = { paramsJson: "{}", seed: 1, submittedWallMs: 0, workingFolder: "/" };
    const request = { ...fixed, jobId, name: "virtual", bundleSha256: sha256, detached: true };
    await leader.call(clientApi.submit, request);
  }

  async function view(jobId: string): Promise<JobView> {
    const request = { jobId, historyEnd: 0, knownRevision: 0, waitMs: 0 };
    return JSON.parse((await leader.call(clientApi.getJob, request)).jobJson) as JobView;
  }

  async function ended(jobId: string): Promise<JobView> {
    for (;;) {
      const job = await view(jobId);
      if (job.state !== "running") return job;
      await new Promise<void>((resolve) => outside.clock.after(250, resolve));
    }
  }

  async function status(): Promise<ClusterView> {
    return JSON.parse((await leader.call(clientApi.clusterStatus, {})).statusJson) as ClusterView;
  }

  async function stop(): Promise<void> {
    for (const name of [...workers.keys()]) killWorker(name);
    for (const name of [...masters.keys()]) await killMaster(name);
    assert(fatal.length === 0, `a master gave up: ${String(fatal[0])}`);
  }

  return {
    ...{ clock, random, network, bucket, watch, trouble, disks, masters, workers },
    ...{ start, startMaster, killMaster, startWorker, killWorker, during, submit, view, ended },
    ...{ status, stop },
    sealed: (name: string) => floor.sealed.get(name) ?? new Set<string>(),
    driverOf: (jobId: string) => [...floor.drivers].find(([, jobs]) => jobs.has(jobId))?.[0],
  };
}

export type VirtualCluster = ReturnType<typeof createVirtualCluster>;
