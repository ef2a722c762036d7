// The end of all faults: first for a random core of the cluster, then for everyone. What must come true is waited
// for, each within a bound of its own, and whatever does not fails the run.

import { assert } from "../../proto/errors.ts";
import { loggedTickMs, sweepAgainLoggedTicks } from "../../proto/limits.ts";
import type { RandomStream } from "../../proto/ports/random.ts";
import { openUploads } from "../../proto/testing/memory-store.ts";
import { type EventWorld, startMaster } from "./faults.ts";
import { calm } from "./network.ts";
import { calmStore } from "./store-faults.ts";

/** By the clock of the cluster: many elections, leases and retries. */
const patienceMs = 120_000;

function pickSome(random: RandomStream, items: readonly string[], count: number): string[] {
  const left = [...items];
  return Array.from({ length: Math.min(count, left.length) }, () => {
    return left.splice(random.below(left.length), 1)[0]!;
  });
}

/** But for those whose disk says no. */
async function startAll(world: EventWorld): Promise<void> {
  for (const name of [...world.cluster.masterNames]) await startMaster(world, name);
}

async function until(world: EventWorld, isReached: () => boolean, what: () => string) {
  const { cluster } = world;
  const limitMs = patienceMs * cluster.pace;
  const isInTime = await cluster.advanceUntil(isReached, limitMs);
  if (!isInTime) assert(false, `${what()}, ${limitMs} ms after the last fault`);
}

function endFaults({ cluster }: EventWorld): void {
  cluster.network.rates = calm;
  Object.assign(cluster.storeTrouble, calmStore);
  for (const name of cluster.masterNames) {
    Object.assign(cluster.diskTrouble(name), { slow: 0, hangsUntilMs: 0, isFull: false });
    cluster.diskTrouble(name).failsNextSync = false;
  }
}

/** Damaged logs heal, and changes of membership come to their end by themselves. */
async function settleMasters(world: EventWorld): Promise<void> {
  const { cluster } = world;
  const { operator, damaged, logs, masterNames } = cluster;
  await until(
    world,
    () => !operator.isBusy(),
    () => "a change of the masters is not over",
  );
  await until(
    world,
    () => masterNames.every((name) => !damaged.has(name)),
    () => `${[...damaged]} did not heal`,
  );
  // In between, two majorities are needed, of which a core may lack one.
  await until(
    world,
    () => logs.settledMembership() !== undefined,
    () => "two majorities are still needed, or somebody learns",
  );
}

/** A quorum, maybe more, of those that vote; all others die. */
async function keepMasters({ cluster, refusing }: EventWorld, random: RandomStream) {
  const { voters } = cluster.logs.settledMembership()!;
  const healthy = voters.filter((name) => !refusing.has(name));
  const quorum = Math.floor(voters.length / 2) + 1;
  const core = pickSome(random, healthy, quorum + random.below(healthy.length - quorum + 1));
  for (const name of [...cluster.masters.keys()]) {
    if (!core.includes(name)) await cluster.killMaster(name);
  }
  return core;
}

/**
 * One or more. Who was started with masters of which none is left, and was away while they went, has nobody to
 * ask: whoever looks after it starts it again with those of today.
 */
function keepWorkers(world: EventWorld, core: readonly string[], random: RandomStream) {
  const { cluster, workerNames } = world;
  const working = pickSome(random, workerNames, 1 + random.below(workerNames.length));
  for (const name of workerNames) {
    const begin = cluster.workers.get(name)?.masters ?? core;
    const knows = core.some((master) => begin.includes(master));
    if (!working.includes(name) || !knows) cluster.killWorker(name);
    if (!working.includes(name)) continue;
    if (!knows) cluster.count("workerToldOfMasters");
    cluster.startWorker(name);
  }
}

/** No more faults, for a quorum of masters, one worker or more, the store, and nobody else. */
export async function healCore(world: EventWorld): Promise<void> {
  const { cluster } = world;
  const random = cluster.random.child("core");
  endFaults(world);
  await until(
    world,
    () => world.pending === 0,
    () => `${world.pending} faults have no end`,
  );
  cluster.network.heal();
  await startAll(world);
  await settleMasters(world);
  const core = await keepMasters(world, random);
  keepWorkers(world, core, random);
}

/** What failed attempts left in the store goes away by itself, and late effects change nothing. */
export async function settle(world: EventWorld): Promise<void> {
  const { cluster } = world;
  const { bucket, clock, pace } = cluster;
  for (const arrive of bucket.late.splice(0)) arrive();
  cluster.watch.read(bucket);
  // What arrived only now is removed by the second sweep.
  const limitMs = (patienceMs + sweepAgainLoggedTicks * loggedTickMs) * pace;
  const untilMs = clock.nowMs() + limitMs;
  const isClean = () => openUploads(bucket).length === 0;
  while (!isClean() && clock.nowMs() < untilMs) await cluster.advance(250 * pace);
  const left = openUploads(bucket).map((id) => bucket.uploads.get(id)?.uri);
  assert(left.length === 0, `uploads stay open ${limitMs} ms after the last job: ${left}`);
  // Everyone comes back, and is the same as everyone else.
  await startAll(world);
  const running = cluster.masterNames.filter((name) => !world.refusing.has(name));
  await until(
    world,
    () => running.every((name) => cluster.logs.hasNewest(name)),
    () => `${running} do not have the same newest entry`,
  );
  const outside = () =>
    [...cluster.workers.keys()].filter(
      (name) => !cluster.logs.newest()?.workers.has(name as never),
    );
  await until(
    world,
    () => outside().length === 0,
    () => `workers ${outside()} did not come back`,
  );
}
