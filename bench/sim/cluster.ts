// A whole cluster on one thread: masters, workers and clients, virtual wires, disks, store and time.

import { createHash } from "node:crypto";
import type { OpenedData } from "../../master/members/healing.ts";
import { createMasterNode, type MasterNode } from "../../master/node.ts";
import type { RaftConfig } from "../../master/raft/config.ts";
import { membershipOf } from "../../master/raft/membership.ts";
import { simpleVoters } from "../../master/raft/quorum.ts";
import type { LeaseBug } from "../../master/scheduler/planted-bugs.ts";
import { openRaftStorage } from "../../master/storage/raft-storage.ts";
import { assert, toErrorRecord } from "../../proto/errors.ts";
import { asClusterId, asMasterId } from "../../proto/ids.ts";
import { silentLog } from "../../proto/ports/log.ts";
import { type RandomStream, randomStream } from "../../proto/ports/random.ts";
import { type MemoryDisk, memoryDisk } from "../../proto/testing/memory-disk.ts";
import { createMemoryStore, memoryBucket } from "../../proto/testing/memory-store.ts";
import { createLeaderClient } from "../../proto/wire/leader-client.ts";
import type { ClusterView, JobView } from "../../proto/wire/views.ts";
import { createWorkerNode, type WorkerNode } from "../../worker/node.ts";
import type { SimulatedClient } from "../checkers/lock-clients.ts";
import { type Client, createClient } from "./client.ts";
import { type DiskTrouble, healthy, slowDisk } from "./disk.ts";
import { createSimulatedExecutor, type Floor, type SimulatedExecutor } from "./executor.ts";
import type { ClockFault } from "./gate.ts";
import { createStarts } from "./master-starts.ts";
import { createNetwork, type Life, type Observer } from "./network.ts";
import { createOperator, type Operator } from "./operator.ts";
import { calmStore, type StoreTrouble, storeFaults } from "./store-faults.ts";
import { createTrace } from "./trace.ts";
import { createVirtualTime, type VirtualTime } from "./virtual-time.ts";
import { createJobWatch } from "./watch-jobs.ts";
import { createLogWatch, shortestLeaseMs } from "./watch-logs.ts";
import { type SimulatedJob, storyJob } from "./workload.ts";

const clusterId = asClusterId("virtual");
const code = new TextEncoder().encode("export {}");
const sha256Hex = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const codeSha256 = sha256Hex(code);

export interface VirtualOptions {
  readonly seed: number;
  /** Default a, b, c. */
  readonly masters?: readonly string[];
  readonly workers: readonly string[];
  readonly slots: number;
  /** Story jobs, beside `jobs`. */
  readonly jobIds?: readonly string[];
  readonly jobs?: readonly SimulatedJob[];
  /** By how much every clock is slower. */
  readonly pace?: number;
  readonly driftPerThousandMax?: number;
  /** Whether a crash leaves a part of what was not synced. */
  readonly tearsWrites?: boolean;
  readonly raftConfig?: RaftConfig;
  readonly snapshotEveryBytes?: number;
  readonly segmentBytesMax?: number;
  taskMs?(random: RandomStream): number;
  /** In every master, to show that it would be found. */
  readonly plantedBug?: LeaseBug | undefined;
}

interface Master {
  readonly node: MasterNode;
  readonly life: Life;
}

interface Worker {
  readonly node: WorkerNode;
  readonly executor: SimulatedExecutor;
  /** Those that it was started with; of others it is told by the leader. */
  readonly masters: readonly string[];
}

export const threeMasters = ["a", "b", "c"] as const;

/** What all parts of one cluster share. */
function createWorld(options: VirtualOptions) {
  const { pace = 1, driftPerThousandMax = 0, masters: founders = threeMasters } = options;
  /** Who should run: the founders, then whoever is added, without whoever is removed. */
  const masterNames = [...founders];
  const random = randomStream(options.seed);
  const clock = createVirtualTime();
  const trace = createTrace();
  const list = [...(options.jobs ?? []), ...(options.jobIds ?? []).map(storyJob)];
  const jobs = new Map(list.map((job) => [job.jobId, job]));
  const logs = createLogWatch({
    membership: membershipOf(simpleVoters(masterNames.map(asMasterId))),
    nowMs: clock.nowMs,
    leaseMsMin: shortestLeaseMs(pace, driftPerThousandMax),
  });
  const watch = createJobWatch(jobs, logs.newest, logs.isOver, logs.wasAccepted);
  const failures: unknown[] = [];
  /** A broken promise, wherever it is noticed: the run is over. */
  function check(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      failures.push(thrown);
      throw thrown;
    }
  }
  const observe: Observer = (...call) => check(() => watch.observe(...call));
  const network = createNetwork(clock, random.child("network"), observe, trace);
  const { counts } = network;
  const count = (what: string, by = 1): void => void counts.set(what, (counts.get(what) ?? 0) + by);
  const floor: Floor = {
    ...{ network, jobs },
    sealed: new Map(),
    drivers: new Map(),
    onStart: (task, token, workerId) => {
      trace.note(clock.nowMs(), workerId, `start ${task} ${token}`);
      check(() => watch.onStart(task, token, workerId));
    },
    onFetchFailed: watch.lost,
    taskMs: options.taskMs ?? ((stream) => 20 + stream.below(400)),
  };
  return {
    ...{
      pace,
      driftPerThousandMax,
      founders,
      masterNames,
      random,
      clock,
      trace,
      jobs,
      logs,
      watch,
    },
    ...{ failures, check, network, counts, count, floor },
  };
}

/** What there is of each node, by its name. */
function newRegistry() {
  return {
    bucket: memoryBucket(),
    disks: new Map<string, MemoryDisk>(),
    diskTroubles: new Map<string, DiskTrouble>(),
    masters: new Map<string, Master>(),
    workers: new Map<string, Worker>(),
    /** Of the data folders of masters that joined. */
    keys: new Map<string, string>(),
    /** Masters that ask the others to let them begin anew. */
    healings: new Map<string, Life>(),
    /** Masters whose disk rotted, until they vote again. */
    damaged: new Set<string>(),
    clockFaults: new Map<string, ClockFault>(),
  };
}

/** Ways to let virtual time pass, all of which end with the first broken promise. */
function createPatience(clock: VirtualTime, failures: readonly unknown[], pace: number) {
  /** Lets virtual time pass until the promise has an answer. */
  async function during<Value>(promise: Promise<Value>, limitMs = 300_000 * pace): Promise<Value> {
    let isOver = false;
    const end = (): void => {
      isOver = true;
    };
    promise.then(end, end);
    await clock.advanceUntil(() => isOver || failures.length > 0, limitMs);
    throwFailure();
    assert(isOver, `still waiting after ${limitMs} virtual ms`);
    return promise;
  }

  async function advance(ms: number): Promise<void> {
    await clock.advanceUntil(() => failures.length > 0, ms);
    throwFailure();
  }

  /** Whether it came true in time. */
  async function advanceUntil(isReached: () => boolean, limitMs: number): Promise<boolean> {
    const isInTime = await clock.advanceUntil(() => isReached() || failures.length > 0, limitMs);
    throwFailure();
    return isInTime;
  }

  function throwFailure(): void {
    if (failures.length > 0) throw failures[0];
  }

  return { during, advance, advanceUntil, throwFailure };
}

export function createVirtualCluster(options: VirtualOptions) {
  const world = createWorld(options);
  const { pace, driftPerThousandMax, founders, masterNames, random, clock, trace } = world;
  const { jobs, logs, watch, failures, check, network, counts, count, floor } = world;
  const registry = newRegistry();
  const { bucket, disks, diskTroubles, masters, workers, keys, healings, damaged } = registry;
  const peers = new Map(founders.map((name) => [asMasterId(name), `${name}:1`]));
  const addresses = () => [...new Set([...masterNames, ...founders])].map((name) => `${name}:1`);
  const { throwFailure, ...patience } = createPatience(clock, failures, pace);
  let lives = 0;
  const storeTrouble: StoreTrouble = { ...calmStore };
  const ask = { startLater, list: () => operator.list() };
  const starts = createStarts({ ...world, ...ask, registry, clusterId, founders: peers });

  function join(name: string, stream: RandomStream): Life {
    const drift = ((stream.below(2001) - 1000) / 1000) * (driftPerThousandMax / 1000);
    const fault: ClockFault = { drift: (1 + drift) / pace - 1, wallOffsetMs: 0 };
    registry.clockFaults.set(name, fault);
    return network.join(name, fault);
  }

  function storeOf(life: Life, stream: RandomStream) {
    const onCall = () => check(() => watch.read(bucket));
    const faults = storeFaults({
      ...{ bucket, life, random: stream, clock, count, onCall },
      trouble: storeTrouble,
    });
    return createMemoryStore(bucket, faults);
  }

  function troubleOf(name: string): DiskTrouble {
    const trouble = diskTroubles.get(name) ?? healthy();
    diskTroubles.set(name, trouble);
    return trouble;
  }

  /** False: it was removed, and its disk says so. */
  async function startMaster(name: string): Promise<boolean> {
    if (masters.has(name) || healings.has(name)) return true;
    const stream = random.child(`${name} ${lives++}`);
    const disk = disks.get(name) ?? memoryDisk();
    disks.set(name, disk);
    const life = join(name, stream.child("clock"));
    const slow = slowDisk(disk, {
      clock: life.clock,
      random: stream.child("disk"),
      isRunning: () => masters.has(name),
      trouble: () => troubleOf(name),
      nowMs: clock.nowMs,
    });
    const open = () =>
      openRaftStorage(slow, clusterId, { segmentBytesMax: options.segmentBytesMax });
    const healing = {
      ...{ disk: slow, rpc: life.client, clock: life.clock, log: silentLog, open },
      named: addresses().filter((address) => address !== `${name}:1`),
      newKey: () => `key-${lives++}`,
    };
    return await starts.open(name, life, healing, (data) => runMaster(name, life, stream, data));
  }

  function runMaster(name: string, life: Life, stream: RandomStream, data: OpenedData): void {
    const { identity, storage } = data;
    const { key, founders: first } = identity;
    let looked = storage;
    check(() => {
      // What it had under another key it gave up, and the others know.
      if ((keys.get(name) ?? "") !== key) {
        count("healed");
        logs.forget(name);
      }
      keys.set(name, key);
      looked = logs.watched(name, storage);
    });
    if (damaged.has(name)) void starts.seeHealed(name, key);
    const node = createMasterNode(
      {
        masterId: asMasterId(name),
        clusterId,
        peers: first,
        key,
        raftConfig: options.raftConfig,
        snapshotEveryBytes: options.snapshotEveryBytes,
        plantedBug: options.plantedBug,
      },
      {
        storage: looked,
        rpc: life.client,
        clock: life.clock,
        random: stream,
        store: storeOf(life, stream.child("store")),
        probeStore: async () => {},
        log: {
          ...silentLog,
          info: (event, fields = {}) => {
            if (event !== "raft status") return;
            trace.note(clock.nowMs(), name, `${fields.role} ${fields.term}`);
            check(() => logs.status(name, String(fields.role), Number(fields.term)));
          },
          error: (event, { code, message } = {}) => {
            check(() => assert(code !== "MESSAGE_INVALID", `${name}: ${event}: ${message}`));
          },
        },
        sha256Hex,
        onFatal: (failure) => endProcess(name, node, failure),
        watch: {
          applied: (index, state) => {
            trace.note(clock.nowMs(), name, `applied ${index}`);
            check(() => logs.applied(name, index, state));
          },
        },
      },
    );
    masters.set(name, { node, life });
    network.serve(name, node.bindings);
    node.start();
  }

  function startLater(name: string): void {
    clock.after((1000 + random.below(4000)) * pace, () => void startMaster(name));
  }

  /** Only a disk may end a master. Somebody starts it again. */
  function endProcess(name: string, node: MasterNode, failure: unknown): void {
    if (masters.get(name)?.node !== node) return;
    const { code: why, message } = toErrorRecord(failure);
    if (why === "MASTER_REMOVED") {
      count("endedAsRemoved");
      masters.delete(name);
      network.leave(name);
      return;
    }
    if (why !== "DISK_FULL" && why !== "DISK_FAILED") {
      failures.push(failure);
      return;
    }
    count("endedByDisk");
    trace.note(clock.nowMs(), name, message);
    void killMaster(name);
    startLater(name);
  }

  /** As by a loss of power: what was not synced is gone, or torn. False where it did not run. */
  async function killMaster(name: string): Promise<boolean> {
    const master = masters.get(name);
    if (!healings.delete(name) && master === undefined) return false;
    masters.delete(name);
    count("crashes");
    trace.note(clock.nowMs(), name, "killed");
    const stream = random.child(`crash ${lives++}`);
    const { tearsWrites = true } = options;
    const tear = (_: string, unsynced: number): number => {
      const kept = tearsWrites ? stream.below(unsynced + 1) : 0;
      count("bytesTorn", unsynced - kept);
      return kept;
    };
    disks.set(name, disks.get(name)!.crash(tear));
    network.leave(name);
    // Its last saves never end: nobody waits for a dead process.
    master?.node.stop().catch(() => undefined);
    return true;
  }

  function startWorker(name: string): void {
    if (workers.has(name)) return;
    const stream = random.child(`${name} ${lives++}`);
    const life = join(name, stream.child("clock"));
    const { slots } = options;
    const store = storeOf(life, stream.child("store"));
    const executor = createSimulatedExecutor(floor, life, { slots, random: stream, store });
    const search = { rpc: life.client, clock: life.clock, random: stream.child("leader") };
    const node = createWorkerNode(
      { workerId: name, dataAddress: `${name}:1`, slots, weight: 1 },
      {
        leader: createLeaderClient({ ...search, masters: addresses() }),
        pool: executor,
        clock: life.clock,
        random: stream,
        log: silentLog,
        onFatal: (failure) => {
          throw failure;
        },
      },
    );
    workers.set(name, { node, executor, masters: [...masterNames, ...founders] });
    node.start();
  }

  function killWorker(name: string): boolean {
    const worker = workers.get(name);
    if (worker === undefined) return false;
    workers.delete(name);
    count("workerDeaths");
    trace.note(clock.nowMs(), name, "killed");
    network.leave(name);
    floor.sealed.delete(name);
    floor.drivers.delete(name);
    worker.node.stop();
    return true;
  }

  /** Somebody who calls the leader. */
  function connect(name: string, searchMsMax = 300_000): SimulatedClient {
    const stream = random.child(name);
    const { client: rpc, clock: own } = join(name, stream);
    const ports = { rpc, clock: own, random: random.child(`${name} search`) };
    const leader = createLeaderClient({ ...ports, masters: addresses(), searchMsMax });
    return { name, leader, clock: own, random: stream };
  }

  function client(name: string): Client {
    return createClient({ ...connect(name), code, sha256: codeSha256 });
  }

  const outside = client("client");
  function hireOperator(): Operator {
    return createOperator({
      ...connect("operator"),
      ...{ founders, count },
      startJoiner: async (name) => {
        keys.set(name, `key of ${name}`);
        masterNames.push(name);
        await startMaster(name);
      },
      onRemoved: (name) => void masterNames.splice(masterNames.indexOf(name), 1),
    });
  }

  const operator = hireOperator();

  async function start(): Promise<void> {
    for (const name of founders) await startMaster(name);
    for (const name of options.workers) startWorker(name);
  }

  async function stop(): Promise<void> {
    for (const name of [...workers.keys()]) killWorker(name);
    for (const name of [...masters.keys()]) await killMaster(name);
    throwFailure();
  }

  return {
    ...{ clock, random, network, bucket, watch, logs, trace, storeTrouble, disks, jobs, damaged },
    ...{ masters, workers, masterNames, founders, operator, counts, count, pace },
    ...{ start, startMaster, killMaster, startWorker, killWorker, stop },
    ...{ client, connect },
    ...patience,
    sealedBy: floor.sealed,
    clockFaults: registry.clockFaults,
    diskTrouble: troubleOf,
    submit: (jobId: string): Promise<void> => outside.submit(jobs.get(jobId)!),
    ended: (jobId: string): Promise<JobView> => outside.ended(jobId),
    status: (): Promise<ClusterView> => outside.status(),
    sealed: (name: string) => new Set(floor.sealed.get(name)?.keys()),
    driverOf: (jobId: string) => [...floor.drivers].find(([, driven]) => driven.has(jobId))?.[0],
  };
}

export type VirtualCluster = ReturnType<typeof createVirtualCluster>;
