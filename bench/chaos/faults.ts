// The faults: each strikes, lasts a while, and is over when everything runs and votes again.

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RandomStream } from "../../proto/ports/random.ts";
import type { StoreNetworkFault } from "../minio/fault-proxy.ts";
import type { World } from "./world.ts";

export interface Struck {
  readonly name: FaultName;
  /** Until another master led, where the leader was struck. */
  readonly failoverMs: number | undefined;
}

/** Longer than any election on a machine that is busy with something else. */
const leaderMsMax = 60_000;
/** Until all masters vote again: a healing one learns the whole log, on a machine that others use, too. */
const wholeMsMax = 600_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function draw<Item>(random: RandomStream, items: readonly Item[]): Item {
  return items[random.below(items.length)]!;
}

/** What a fault needs to know of the moment it strikes in. */
interface Moment {
  readonly world: World;
  readonly random: RandomStream;
  readonly leader: string;
  readonly followers: readonly string[];
  readonly follower: string;
  /** For faults that last. */
  readonly lastsMs: number;
  /** Resolves when another master leads, and notes how long that took. */
  failover(): Promise<void>;
}

const faults = {
  "kill the leader": async ({ world, leader, failover }) => {
    await world.cluster.kill(leader, "SIGKILL");
    await failover();
    await world.cluster.restart(leader);
  },
  "stop the leader for a while": async ({ world, leader, lastsMs, failover }) => {
    await world.cluster.kill(leader, "SIGSTOP");
    await failover();
    await pause(lastsMs);
    await world.cluster.kill(leader, "SIGCONT");
  },
  "cut what is sent to the leader": ({ world, leader, failover }) =>
    whileCut(world, [leader], failover),
  "kill a follower": ({ world, follower, lastsMs }) => restarted(world, [follower], lastsMs),
  "stop a follower for a while": ({ world, follower, lastsMs }) =>
    whileStopped(world, follower, lastsMs),
  "cut what is sent to a follower": ({ world, follower, lastsMs }) =>
    whileCut(world, [follower], () => pause(lastsMs)),
  "cut what is sent to both followers": ({ world, followers, lastsMs }) =>
    whileCut(world, followers, () => pause(lastsMs)),
  "slow the network to all masters": async ({ world, lastsMs }) => {
    for (const proxy of world.network.values()) proxy.set({ kind: "slow", delayMs: 60 });
    await pause(lastsMs);
    for (const proxy of world.network.values()) proxy.set({ kind: "open" });
  },
  "kill two masters": ({ world, leader, follower, lastsMs }) =>
    restarted(world, [leader, follower], lastsMs),
  "kill all masters": ({ world, lastsMs }) => restarted(world, world.masters, lastsMs),
  "flip a bit in a follower's log": ({ world, follower, random }) =>
    damaged(world, follower, (wal) => flipBit(wal, random)),
  "delete a follower's log": ({ world, follower }) => damaged(world, follower, deleteAll),
  "kill a worker": ({ world, random, lastsMs }) =>
    restarted(world, [draw(random, world.workers)], lastsMs),
  "stop a worker for longer than its lease": ({ world, random, lastsMs }) =>
    whileStopped(world, draw(random, world.workers), 6000 + lastsMs),
  "kill two workers": ({ world, random, lastsMs }) => {
    const spared = draw(random, world.workers);
    const others = world.workers.filter((worker) => worker !== spared);
    return restarted(world, others, lastsMs);
  },
  "fail requests to the store": ({ world, random }) => failStore(world, random),
} as const satisfies Readonly<Record<string, (moment: Moment) => Promise<void>>>;

export type FaultName = keyof typeof faults;
export const faultNames = Object.keys(faults) as readonly FaultName[];

/** Strikes, and resolves when all is well again. */
export async function strike(world: World, name: FaultName, random: RandomStream): Promise<Struck> {
  const { leaders, masters } = world;
  const { leader } = await leaders.find({ limitMs: leaderMsMax });
  const followers = masters.filter((master) => master !== leader);
  let failoverMs: number | undefined;
  await faults[name]({
    ...{ world, random, leader, followers, follower: draw(random, followers) },
    lastsMs: 500 + random.below(3500),
    failover: async () => {
      const startedMs = performance.now();
      await leaders.find({ limitMs: leaderMsMax, not: leader });
      failoverMs = performance.now() - startedMs;
    },
  });
  await untilWhole(world);
  return { name, failoverMs };
}

async function restarted(world: World, names: readonly string[], lastsMs: number): Promise<void> {
  await Promise.all(names.map((name) => world.cluster.kill(name, "SIGKILL")));
  await pause(lastsMs);
  await Promise.all(names.map((name) => world.cluster.restart(name)));
}

async function whileStopped({ cluster }: World, name: string, lastsMs: number): Promise<void> {
  await cluster.kill(name, "SIGSTOP");
  await pause(lastsMs);
  await cluster.kill(name, "SIGCONT");
}

async function whileCut(
  { network }: World,
  names: readonly string[],
  run: () => Promise<void>,
): Promise<void> {
  for (const name of names) network.get(name)?.set({ kind: "cut" });
  try {
    await run();
  } finally {
    for (const name of names) network.get(name)?.set({ kind: "open" });
  }
}

async function damaged(
  { cluster, folder }: World,
  name: string,
  damage: (wal: string) => void,
): Promise<void> {
  await cluster.kill(name, "SIGKILL");
  damage(join(folder, name, "wal"));
  await cluster.restart(name);
}

function deleteAll(wal: string): void {
  for (const name of readdirSync(wal)) rmSync(join(wal, name));
}

function flipBit(wal: string, random: RandomStream): void {
  const path = join(wal, draw(random, readdirSync(wal).sort()));
  const bytes = readFileSync(path);
  const written = bytes.findLastIndex((byte) => byte !== 0);
  bytes[random.below(written)]! ^= 1 << random.below(8);
  writeFileSync(path, bytes);
}

/** A few of the next requests, whatever they are. */
async function failStore({ store }: World, random: RandomStream): Promise<void> {
  const faults: readonly StoreNetworkFault[] = [
    { when: "before", answer: 503 },
    { when: "before", answer: "close" },
    { when: "after", answer: 500 },
    { when: "after", answer: "close" },
  ];
  const times = 1 + random.below(4);
  store.fail(draw(random, faults), () => true, times);
  // Whoever writes meets them soon; when nobody writes, nothing has to be waited for.
  for (let look = 0; look < 50 && store.struck() < times; look++) await pause(100);
}

/** All masters vote, none lacks more than a moment's entries, and the workers have been started. */
async function untilWhole({ leaders, masters }: World): Promise<void> {
  const untilMs = performance.now() + wholeMsMax;
  for (;;) {
    const view = await leaders.find({ limitMs: wholeMsMax });
    const well = view.masters.filter(
      ({ role, lagEntries, isHeard }) =>
        (role === "leader" || role === "voter") && lagEntries < 100 && isHeard,
    );
    if (well.length === masters.length) return;
    if (performance.now() > untilMs) {
      throw new Error(`not all masters vote again: ${JSON.stringify(view.masters)}`);
    }
    await pause(100);
  }
}
