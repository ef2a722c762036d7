// Several clients use locks and submit jobs while leaders die, stand still and are cut off, and requests and replies
// are lost, doubled and late: what each was told could have been told one after the other.

import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { LeaseBug } from "../../master/scheduler/planted-bugs.ts";
import { AssertionError } from "../../proto/errors.ts";
import type { RandomStream } from "../../proto/ports/random.ts";
import { createLeaderClient } from "../../proto/wire/leader-client.ts";
import { JobClients } from "../checkers/job-clients.ts";
import { LockClients, type SimulatedClient } from "../checkers/lock-clients.ts";
import { createVirtualCluster, threeMasters, type VirtualCluster } from "../sim/cluster.ts";
import { calm } from "../sim/network.ts";

const code = new TextEncoder().encode("export {}");
const sha256 = createHash("sha256").update(code).digest("hex");
const clientNames = ["c1", "c2", "c3", "c4"];

const pick = <Item>(random: RandomStream, items: readonly Item[]): Item =>
  items[random.below(items.length)]!;

function connect(cluster: VirtualCluster, name: string): SimulatedClient {
  const life = cluster.network.join(name);
  const random = cluster.random.child(`client ${name}`);
  const leader = createLeaderClient({
    rpc: life.client,
    clock: life.clock,
    masters: threeMasters.map((master) => `${master}:1`),
    random: random.child("leader"),
    searchMsMax: 5000,
  });
  return { name, leader, clock: life.clock, random };
}

async function disturb(cluster: VirtualCluster, random: RandomStream): Promise<string> {
  const { network, clock } = cluster;
  const isBusy = random.below(2) === 0;
  const name = isBusy ? pick(random, threeMasters) : pick(random, clientNames);
  const forMs = 500 + random.below(6000);
  const kind = pick(random, ["kill", "pause", "pause", "cut", "heal"] as const);
  if (kind === "kill" && isBusy) {
    await cluster.killMaster(name);
    clock.after(forMs, () => void cluster.startMaster(name));
  } else if (kind === "cut") network.cut(name);
  else if (kind === "heal") network.heal();
  else {
    network.pause(name);
    clock.after(forMs, () => network.resume(name));
  }
  return `${kind} ${name}`;
}

interface RunOptions {
  readonly seed: number;
  readonly plantedBug?: LeaseBug;
  readonly isFenced?: boolean;
}

/** A minute of virtual time with faults; then the histories are checked. */
async function run({ seed, plantedBug, isFenced = true }: RunOptions) {
  const planted = plantedBug === undefined ? {} : { plantedBug };
  const fixed = { workers: [], slots: 1, jobIds: [] };
  const cluster = createVirtualCluster({ seed, ...fixed, ...planted });
  const random = cluster.random.child("faults");
  cluster.network.rates = {
    requestLost: random.below(2) * random.below(40),
    replyLost: random.below(2) * random.below(60),
    doubled: random.below(2) * random.below(100),
    late: random.below(2) * random.below(30),
    reordered: random.below(2) * random.below(100),
    delayMsMax: 1 + random.below(40),
  };
  await cluster.start();
  const { clock } = cluster;
  const clients = clientNames.map((name) => connect(cluster, name));
  const locks = new LockClients({ clock, clients, locks: 2, ttlMs: 2000, isFenced });
  const jobs = new JobClients({ clock, clients, code, sha256 });
  locks.start();
  jobs.start();
  const faults: string[] = [];
  const endMs = clock.nowMs() + 60_000;
  while (clock.nowMs() < endMs) {
    await clock.advanceAsync(500 + random.below(4000));
    faults.push(await disturb(cluster, random));
  }
  cluster.network.heal();
  cluster.network.rates = calm;
  for (const name of threeMasters) await cluster.startMaster(name);
  await clock.advanceAsync(8000);
  locks.stop();
  jobs.stop();
  await clock.advanceAsync(15_000);
  await cluster.stop();
  const trace = locks.trace();
  return { faults, trace, locks: locks.check(), jobs: jobs.check() };
}

async function isCaught(options: RunOptions): Promise<boolean> {
  try {
    await run(options);
    return false;
  } catch (thrown) {
    if (!(thrown instanceof AssertionError) || !thrown.message.includes("is not linearizable")) {
      throw thrown;
    }
    return true;
  }
}

async function someSeedCatches(options: Omit<RunOptions, "seed">, seeds: number): Promise<boolean> {
  for (let seed = 0; seed < seeds; seed++) if (await isCaught({ seed, ...options })) return true;
  return false;
}

describe("histories of clients", () => {
  const totals = { operations: 0, granted: 0, held: 0, lost: 0, unknown: 0, refusedWrites: 0 };
  let jobOperations = 0;

  test.each([0, 1, 2, 3])(
    "are linearizable: seeds from %i × 10",
    { timeout: 180_000 },
    async (part) => {
      for (let seed = part * 10; seed < part * 10 + 10; seed++) {
        const { locks, jobs } = await run({ seed }).catch((thrown: unknown) => {
          throw new Error(`seed ${seed}`, { cause: thrown });
        });
        for (const name of Object.keys(totals) as (keyof typeof totals)[])
          totals[name] += locks[name];
        jobOperations += jobs.operations;
      }
    },
  );

  test("were of interest: locks were refused and lost, replies missed, late writes refused", () => {
    expect(totals.operations).toBeGreaterThan(2000);
    expect(totals.granted).toBeGreaterThan(400);
    expect(totals.held).toBeGreaterThan(200);
    expect(totals.lost).toBeGreaterThan(40);
    expect(totals.unknown).toBeGreaterThan(40);
    expect(totals.refusedWrites).toBeGreaterThan(20);
    expect(jobOperations).toBeGreaterThan(1000);
  });

  test("the same seed is the same history", async () => {
    expect((await run({ seed: 5 })).trace).toBe((await run({ seed: 5 })).trace);
  });
});

describe("control experiments", () => {
  test("a resource that does not look at tokens is changed by a holder of the past", async () => {
    expect(await someSeedCatches({ isFenced: false }, 10)).toBe(true);
  });

  test.each(["renewsAfterRevocation", "lostCreationOrphans", "grantedWithoutRecheck"] as const)(
    "%s is found in a history",
    { timeout: 180_000 },
    async (plantedBug) => {
      expect(await someSeedCatches({ plantedBug }, 30)).toBe(true);
    },
  );
});
