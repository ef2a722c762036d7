// One life of a virtual cluster from one seed: faults, then peace around a random core, in which every
// job has to end and nothing may be left behind.

import { defaultRaftConfig, type RaftConfig } from "../../master/raft/config.ts";
import type { PlantedBug } from "../../master/raft/planted-bugs.ts";
import type { LeaseBug } from "../../master/scheduler/planted-bugs.ts";
import { assert } from "../../proto/errors.ts";
import { randomStream } from "../../proto/ports/random.ts";
import type { JobView } from "../../proto/wire/views.ts";
import { createVirtualCluster, type VirtualCluster } from "./cluster.ts";
import { faultsThatFailJobs } from "./fault-table.ts";
import { type EventWorld, happen } from "./faults.ts";
import { healCore, settle } from "./heal.ts";
import { startLockUsers } from "./lock-users.ts";
import { calm, type Rates } from "./network.ts";
import type { SimOptions } from "./options.ts";
import type { StoreTrouble } from "./store-faults.ts";
import { randomJob, type SimulatedJob, storyJob } from "./workload.ts";

/** Known mistakes, to show that runs find them. */
export interface Planted {
  readonly raft?: PlantedBug;
  readonly lease?: LeaseBug;
  /** What locks guard takes every write. */
  readonly ignoresTokens?: boolean;
}

export interface SimOutcome {
  readonly seed: number;
  /** Of everything that happened, in order. */
  readonly hash: string;
  readonly virtualMs: number;
  readonly pace: number;
  readonly events: number;
  readonly faults: number;
  readonly faultsByKind: Readonly<Record<string, number>>;
  readonly elections: number;
  readonly crashes: number;
  readonly bytesTorn: number;
  readonly logEntries: number;
  readonly tasks: number;
  readonly reruns: number;
  readonly staleReports: number;
  readonly jobs: number;
  readonly jobsByEnd: Readonly<Record<string, number>>;
  /** Calls about locks and writes under them, checked to be linearizable. */
  readonly lockCalls: number;
}

const names = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${prefix}${at + 1}`);
const masterLetters = ["a", "b", "c", "d", "e"] as const;

/** Logs and snapshots so small that all of their machinery is at work within a minute. */
const smallRaft: RaftConfig = {
  ...defaultRaftConfig,
  entriesKeptAfterSnapshot: 8,
  snapshotChunkBytesMax: 700,
};

/** The jobs of a run; the last one is submitted only in peace. */
function drawJobs(options: SimOptions): readonly SimulatedJob[] {
  const random = randomStream(options.seed).child("jobs");
  const jobs = names("job", options.jobs).map((jobId) => {
    const own = random.child(jobId);
    const isEvil = options.faults.has("nondeterminism") && own.below(2) === 0;
    return randomJob(jobId, own, isEvil);
  });
  return [...jobs, storyJob("last")];
}

function open(
  options: SimOptions,
  jobs: readonly SimulatedJob[],
  planted: Planted,
): VirtualCluster {
  const { seed, pace, slots, faults } = options;
  const random = randomStream(seed).child("sizes");
  const longTaskMs = 1000 + random.below(9000);
  return createVirtualCluster({
    ...{ seed, pace, slots, jobs },
    masters: masterLetters.slice(0, options.masters),
    workers: names("w", options.workers),
    driftPerThousandMax: faults.get("clockDrift") ?? 0,
    tearsWrites: faults.has("tornWrite"),
    raftConfig: { ...smallRaft, plantedBug: planted.raft },
    plantedBug: planted.lease,
    snapshotEveryBytes: 2000 + random.below(20_000),
    segmentBytesMax: 2000 + random.below(20_000),
    taskMs: (stream) => 20 + stream.below(stream.below(10) === 0 ? longTaskMs : 1200),
  });
}

function ratesOf({ faults }: SimOptions): { network: Rates; store: StoreTrouble } {
  const rate = (name: Parameters<typeof faults.get>[0]): number => faults.get(name) ?? 0;
  return {
    network: {
      requestLost: rate("requestLost"),
      replyLost: rate("replyLost"),
      doubled: rate("doubled"),
      late: rate("late"),
      reordered: rate("reordered"),
      delayMsMax: Math.max(calm.delayMsMax, rate("slowWire")),
    },
    store: {
      refused: rate("storeRefused"),
      replyLost: rate("storeReplyLost"),
      late: rate("storeLate"),
      requestLost: rate("storeRequestLost"),
      slow: rate("storeSlow"),
    },
  };
}

interface Submitted {
  readonly jobId: string;
  isPromised: boolean;
}

/** Faults, while jobs come and run. */
async function unrest(options: SimOptions, world: EventWorld): Promise<readonly Submitted[]> {
  const { cluster } = world;
  const random = cluster.random.child("unrest");
  const submitted: Submitted[] = [];
  const rates = ratesOf(options);
  cluster.network.rates = rates.network;
  Object.assign(cluster.storeTrouble, rates.store);
  for (const name of cluster.masterNames) {
    cluster.diskTrouble(name).slow = options.faults.get("slowDisk") ?? 5;
  }
  for (let step = 0; step < options.events; step++) {
    const isDue = step >= Math.floor((submitted.length * options.events) / (2 * options.jobs));
    if (isDue && submitted.length < options.jobs) submitted.push(submit(world, submitted.length));
    await cluster.advance(random.below(2000) * cluster.pace);
    await happen(world, options.faults, random);
  }
  return submitted;
}

/** By a client of its own. */
function submit({ cluster, jobIds, clients }: EventWorld, at: number): Submitted {
  const jobId = jobIds[at]!;
  const submitted: Submitted = { jobId, isPromised: false };
  cluster
    .client(clients[at]!)
    .submit(cluster.jobs.get(jobId)!)
    .then(
      () => {
        submitted.isPromised = true;
      },
      () => undefined,
    );
  return submitted;
}

/** How each job ended; every one that was promised has to. */
async function allEnd(world: EventWorld, submitted: readonly Submitted[], options: SimOptions) {
  const { cluster, cancelled } = world;
  // One that comes now and is told who the masters are: all that were there at first may be gone.
  const client = cluster.client("observer");
  const ends = new Map<string, number>();
  const mayFail = [...options.faults.keys()].some((name) => faultsThatFailJobs.has(name));
  for (const { jobId, isPromised } of submitted) {
    const view = await cluster.during<JobView | undefined>(
      client.ended(jobId).catch((thrown: { readonly code?: string }) => {
        // A client may die before its submit was heard.
        assert(thrown.code === "JOB_NOT_FOUND" && !isPromised, `${jobId} is lost: ${thrown}`);
        return undefined;
      }),
    );
    if (view === undefined) continue;
    const why = `${view.error?.code}: ${view.error?.message}`;
    const isExpected = view.state === "succeeded" || mayFail || cancelled.has(jobId);
    assert(isExpected, `${jobId} ${view.state}: ${why}`);
    assert(view.error?.code !== "INTERNAL", `${jobId} fails: ${why}`);
    const end = view.error?.code ?? view.state;
    ends.set(end, (ends.get(end) ?? 0) + 1);
    cluster.watch.checkEnd(cluster.bucket, jobId, view);
  }
  // Nothing is wrong any more, so nothing may fail.
  await cluster.during(client.submit(cluster.jobs.get("last")!));
  const last = await cluster.during(client.ended("last"));
  assert(last.state === "succeeded", `last ${last.state}: ${last.error?.message}`);
  cluster.watch.checkEnd(cluster.bucket, "last", last);
  return ends;
}

/** What is counted but is no fault: it followed from some, or ended them. */
const consequences: ReadonlySet<string> = new Set([
  ...["bytesTorn", "crashes", "workerDeaths", "endedByDisk", "refusedToVote", "healed", "heal"],
  ...["endedAsRemoved", "memberAdded", "memberRemoved", "memberReplaced", "leaderTransferred"],
  "workerToldOfMasters",
]);

function outcomeOf(options: SimOptions, cluster: VirtualCluster, ends: Map<string, number>) {
  const { counts, logs, watch, trace, clock } = cluster;
  const runs = [...watch.runs.values()];
  const bytesTorn = counts.get("bytesTorn") ?? 0;
  const faultsByKind = Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  const faults = [...counts].reduce((sum, [kind, n]) => sum + (consequences.has(kind) ? 0 : n), 0);
  return {
    seed: options.seed,
    hash: trace.hash(),
    virtualMs: Math.round(clock.nowMs()),
    pace: options.pace,
    events: trace.events(),
    faults,
    faultsByKind,
    elections: logs.elections(),
    crashes: counts.get("crashes") ?? 0,
    bytesTorn,
    logEntries: logs.entries(),
    tasks: runs.reduce((sum, count) => sum + count, 0),
    reruns: runs.reduce((sum, count) => sum + count - 1, 0),
    staleReports: watch.staleReports(),
    jobs: [...ends.values()].reduce((sum, count) => sum + count, 1),
    jobsByEnd: Object.fromEntries([...ends].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** Safety is watched at every event; after the last fault everything has to come to an end. */
export async function runSeed(options: SimOptions, planted: Planted = {}): Promise<SimOutcome> {
  const jobs = drawJobs(options);
  const cluster = open(options, jobs, planted);
  const jobIds = jobs.slice(0, -1).map((job) => job.jobId);
  const world: EventWorld = {
    ...{ cluster, jobIds },
    workerNames: names("w", options.workers),
    refusing: new Set(),
    clients: names("client", options.jobs),
    lockUsers: names("user", options.lockUsers),
    cancelled: new Set(),
    pending: 0,
  };
  await cluster.start();
  const users = startLockUsers(cluster, {
    names: world.lockUsers,
    driftPerThousandMax: options.faults.get("clockDrift") ?? 0,
    isFenced: planted.ignoresTokens !== true,
  });
  const submitted = await unrest(options, world);
  users.stop();
  await healCore(world);
  const ends = await allEnd(world, submitted, options);
  const lockCalls = await users.finish();
  await settle(world);
  const outcome = { ...outcomeOf(options, cluster, ends), lockCalls };
  await cluster.stop();
  return outcome;
}
