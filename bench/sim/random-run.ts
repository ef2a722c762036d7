// One random life of a virtual cluster: a drawn subset of faults, then peace, then everything must end well.

import { assert } from "../../proto/errors.ts";
import type { RandomStream } from "../../proto/ports/random.ts";
import { createVirtualCluster, masterNames, type VirtualCluster } from "./cluster.ts";
import { calm } from "./network.ts";

const workerNames = ["w1", "w2", "w3"];

export interface RandomOutcome {
  readonly seed: number;
  readonly faults: number;
  readonly staleReports: number;
  readonly reruns: number;
  /** Every attempt that began: equal runs have equal text. */
  readonly trace: string;
  readonly virtualMs: number;
}

type Fault = (cluster: VirtualCluster, random: RandomStream) => Promise<void>;

const pick = <Item>(random: RandomStream, items: readonly Item[]): Item =>
  items[random.below(items.length)]!;

const faultKinds: Readonly<Record<string, Fault>> = {
  killMaster: async (cluster, random) => {
    const name = pick(random, masterNames);
    await cluster.killMaster(name);
    cluster.clock.after(500 + random.below(8000), () => void cluster.startMaster(name));
  },
  pauseMaster: async (cluster, random) => {
    const name = pick(random, masterNames);
    cluster.network.pause(name);
    cluster.clock.after(random.below(9_000), () => cluster.network.resume(name));
  },
  cutMaster: async (cluster, random) => cluster.network.cut(pick(random, masterNames)),
  killWorker: async (cluster, random) => {
    const name = pick(random, workerNames);
    cluster.killWorker(name);
    cluster.clock.after(500 + random.below(8000), () => cluster.startWorker(name));
  },
  pauseWorker: async (cluster, random) => {
    const name = pick(random, workerNames);
    cluster.watch.trouble(name);
    cluster.network.pause(name);
    cluster.clock.after(random.below(9_000), () => {
      cluster.network.resume(name);
      cluster.watch.trouble(name);
    });
  },
  cutWorker: async (cluster, random) => {
    const name = pick(random, workerNames);
    cluster.watch.trouble(name);
    cluster.network.cut(name);
  },
  heal: async (cluster) => healAll(cluster),
  arriveLate: async (cluster) => {
    for (const arrive of cluster.bucket.late.splice(0)) arrive();
  },
};

/** What was given up over a cut may still be told to its holder after it. */
function healAll(cluster: VirtualCluster): void {
  cluster.network.heal();
  for (const name of workerNames) cluster.watch.trouble(name);
}

/** Safety is watched all along; after the last fault everything has to come to an end. */
export async function runRandom(seed: number): Promise<RandomOutcome> {
  const jobIds = seed % 3 === 0 ? ["job1", "job2"] : ["job1"];
  const cluster = createVirtualCluster({
    seed,
    workers: workerNames,
    slots: 2,
    jobIds,
    taskMs: (stream) => (stream.below(20) === 0 ? 7000 : 20 + stream.below(1500)),
  });
  const random = cluster.random.child("faults");
  const kinds = Object.values(faultKinds).filter(() => random.below(2) === 0);
  cluster.network.rates = {
    requestLost: random.below(2) * random.below(30),
    replyLost: random.below(2) * random.below(30),
    doubled: random.below(2) * random.below(100),
    late: random.below(2) * random.below(30),
    delayMsMax: 1 + random.below(40),
  };
  cluster.trouble.storeFaults = random.below(2) * random.below(500);
  await cluster.start();
  const submitted = Promise.all(jobIds.map((jobId) => cluster.submit(jobId)));
  submitted.catch(() => undefined);
  const steps = 4 + random.below(10);
  let faults = 0;
  for (let step = 0; step < steps && kinds.length > 0; step++) {
    await cluster.clock.advanceAsync(random.below(2500));
    await pick(random, kinds)(cluster, random);
    faults++;
  }
  // Peace: the last timers of the faults themselves run out first.
  await cluster.clock.advanceAsync(9_500);
  healAll(cluster);
  cluster.network.rates = calm;
  cluster.trouble.storeFaults = 0;
  for (const name of masterNames) await cluster.startMaster(name);
  for (const name of workerNames) cluster.startWorker(name);
  await cluster.during(submitted);
  for (const jobId of jobIds) {
    const job = await cluster.during(cluster.ended(jobId));
    assert(job.state === "succeeded", `${jobId} ${job.state}: ${job.error?.message}`);
    for (const arrive of cluster.bucket.late.splice(0)) arrive();
    cluster.watch.checkCommitted(cluster.bucket, jobId);
  }
  await cluster.stop();
  const runs = [...cluster.watch.runs];
  return {
    seed,
    faults: faults + cluster.network.faults(),
    staleReports: cluster.watch.staleReports(),
    reruns: runs.reduce((sum, [, count]) => sum + count - 1, 0),
    trace: runs.map(([task, count]) => `${task}:${count}`).join(" "),
    virtualMs: cluster.clock.nowMs(),
  };
}
