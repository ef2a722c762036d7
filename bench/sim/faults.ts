// What happens to a cluster at one moment of a run: each kind of event as a function.

import type { RandomStream } from "../../proto/ports/random.ts";
import type { VirtualCluster } from "./cluster.ts";
import { flipBit } from "./disk.ts";
import { type FaultForm, type FaultName, faultTable } from "./fault-table.ts";

type EventName = {
  [Name in FaultName]: (typeof faultTable)[Name]["form"] extends "event" ? Name : never;
}[FaultName];

/** What the events of one run share. */
export interface EventWorld {
  readonly cluster: VirtualCluster;
  readonly workerNames: readonly string[];
  /** Masters that refused to start from what their disk holds. */
  readonly refusing: Set<string>;
  /** Names under which clients drive jobs. */
  readonly clients: readonly string[];
  readonly jobIds: readonly string[];
  /** Names under which clients use locks. */
  readonly lockUsers: readonly string[];
  /** Names of jobs that were asked to be cancelled. */
  readonly cancelled: Set<string>;
  /** Ends of faults that are still to come. */
  pending: number;
}

/** False: there was nothing that it could happen to. */
type Event = (world: EventWorld, random: RandomStream) => Promise<boolean> | boolean;

const pick = <Item>(random: RandomStream, items: readonly Item[]): Item =>
  items[random.below(items.length)]!;

/** Mostly short; one in three beyond every lease and election. */
function spellMs({ cluster }: EventWorld, random: RandomStream): number {
  const longMs = random.below(3) === 0 ? 12_000 : 3000;
  return (100 + random.below(longMs)) * cluster.pace;
}

/** Ends a fault after a while. */
function later(world: EventWorld, random: RandomStream, run: () => void): void {
  world.pending++;
  world.cluster.clock.after(spellMs(world, random), () => {
    world.pending--;
    run();
  });
}

export async function startMaster(world: EventWorld, name: string): Promise<void> {
  if (world.refusing.has(name)) return;
  if (!(await world.cluster.startMaster(name))) world.refusing.add(name);
}

async function restartMaster(world: EventWorld, name: string, random: RandomStream) {
  const { cluster } = world;
  const isUp = await cluster.killMaster(name);
  later(world, random, () => void startMaster(world, name));
  return isUp;
}

/** It stands still for a while. */
function pauseOne(world: EventWorld, name: string, random: RandomStream): boolean {
  const { network } = world.cluster;
  if (network.isPaused(name)) return false;
  network.pause(name);
  later(world, random, () => network.resume(name));
  return true;
}

function cutBetween(world: EventWorld, one: readonly string[], other: readonly string[]): boolean {
  const { network } = world.cluster;
  let isNew = false;
  for (const from of one) {
    for (const to of other) {
      isNew = network.cutWay(from, to) || isNew;
      isNew = network.cutWay(to, from) || isNew;
    }
  }
  return isNew;
}

function splitInTwo(random: RandomStream, names: readonly string[]): readonly [string[], string[]] {
  const sides: [string[], string[]] = [[], []];
  for (const name of names) sides[random.below(2) as 0 | 1].push(name);
  return sides;
}

/** Any sealed block of any worker. */
function someBlock(world: EventWorld, random: RandomStream) {
  const { cluster } = world;
  const all = [...cluster.sealedBy.values()].flatMap((blocks) =>
    [...blocks].map(([name, block]) => ({ blocks, name, block })),
  );
  if (all.length === 0) return undefined;
  return pick(random, all);
}

const cuts = {
  cutMaster: ({ cluster }, random) => cluster.network.cut(pick(random, cluster.masterNames)),
  cutWorker: ({ cluster, workerNames }, random) => cluster.network.cut(pick(random, workerNames)),
  cutOneWay: (world, random) => {
    const { cluster, workerNames } = world;
    const names = [...cluster.masterNames, ...workerNames];
    return cluster.network.cutWay(pick(random, names), pick(random, names));
  },
  cutRing: ({ cluster: { masterNames, network } }) => {
    // Of three, each is a neighbour of each: there one link is cut, and the ring is a line.
    const count = masterNames.length;
    let isNew = false;
    for (const [at, from] of masterNames.entries()) {
      for (const [other, to] of masterNames.entries()) {
        const distance = Math.min(Math.abs(at - other), count - Math.abs(at - other));
        if (distance > 1 || (count === 3 && at + other === 2 && at !== other)) {
          isNew = network.cutWay(from, to) || isNew;
        }
      }
    }
    return isNew;
  },
  cutHalves: (world, random) => {
    const [one, other] = splitInTwo(random, [...world.cluster.masterNames, ...world.workerNames]);
    return cutBetween(world, one, other);
  },
  cutBridge: (world, random) => {
    const bridge = pick(random, world.cluster.masterNames);
    const others = world.cluster.masterNames.filter((name) => name !== bridge);
    const [one, other] = splitInTwo(random, others);
    return cutBetween(world, one, other);
  },
  shutMaster: ({ cluster }, random) => cluster.network.shut(pick(random, cluster.masterNames)),
  cutLockUser: ({ cluster, lockUsers }, random) =>
    lockUsers.length > 0 && cluster.network.cut(pick(random, lockUsers)),
  heal: (world) => {
    world.cluster.network.heal();
    return true;
  },
} as const satisfies Readonly<Record<string, Event>>;

const processes = {
  killMaster: (world, random) =>
    restartMaster(world, pick(random, world.cluster.masterNames), random),
  killWorker: (world, random) => {
    const { cluster, workerNames } = world;
    const name = pick(random, workerNames);
    later(world, random, () => cluster.startWorker(name));
    return cluster.killWorker(name);
  },
  killExecutor: ({ cluster, workerNames }, random) => {
    const worker = cluster.workers.get(pick(random, workerNames));
    worker?.executor.die();
    return worker !== undefined;
  },
  killClient: ({ cluster, clients }) =>
    clients.map((name) => cluster.network.leave(name)).includes(true),
  pauseMaster: (world, random) => pauseOne(world, pick(random, world.cluster.masterNames), random),
  pauseWorker: (world, random) => pauseOne(world, pick(random, world.workerNames), random),
  pauseLockUser: (world, random) =>
    world.lockUsers.length > 0 && pauseOne(world, pick(random, world.lockUsers), random),
  clockJump: ({ cluster, workerNames }, random) => {
    const fault = cluster.clockFaults.get(pick(random, [...cluster.masterNames, ...workerNames]));
    if (fault !== undefined) fault.wallOffsetMs += (random.below(7200) - 3600) * 1000;
    return fault !== undefined;
  },
} as const satisfies Readonly<Record<string, Event>>;

const disks = {
  hangDisk: (world, random) => {
    const { cluster } = world;
    const trouble = cluster.diskTrouble(pick(random, cluster.masterNames));
    trouble.hangsUntilMs = cluster.clock.nowMs() + spellMs(world, random);
    return true;
  },
  fullDisk: (world, random) => {
    const { cluster } = world;
    const trouble = cluster.diskTrouble(pick(random, cluster.masterNames));
    trouble.isFull = true;
    later(world, random, () => {
      trouble.isFull = false;
    });
    return true;
  },
  failSync: ({ cluster }, random) => {
    cluster.diskTrouble(pick(random, cluster.masterNames)).failsNextSync = true;
    return true;
  },
  bitFlip: async (world, random) => {
    const { cluster } = world;
    const { operator, damaged } = cluster;
    // One voter of three or more, and none while it is open who votes: of two majorities that a change
    // needs, one may be of two voters, and loses both by one disk.
    const name = pick(random, [...operator.members]);
    const voters = cluster.logs.settledMembership()?.voters ?? [];
    if (damaged.size > 0 || operator.isBusy() || voters.length < 3) return false;
    await cluster.killMaster(name);
    const disk = cluster.disks.get(name);
    later(world, random, () => void startMaster(world, name));
    if (disk === undefined || !flipBit(disk, random)) return false;
    damaged.add(name);
    return true;
  },
} as const satisfies Readonly<Record<string, Event>>;

const others = {
  uploadForgotten: ({ cluster }, random) => {
    const open = [...cluster.bucket.uploads.values()].filter((upload) => upload.state === "open");
    if (open.length === 0) return false;
    pick(random, open).state = "aborted";
    return true;
  },
  corruptBlock: (world, random) => {
    const found = someBlock(world, random);
    if (found === undefined) return false;
    found.block.isCorrupt = true;
    return true;
  },
  loseBlock: (world, random) => {
    const found = someBlock(world, random);
    return found?.blocks.delete(found.name) === true;
  },
  cancelJob: ({ cluster, jobIds, cancelled }, random) => {
    const jobId = pick(random, jobIds);
    cancelled.add(jobId);
    cluster
      .client(`canceller ${cancelled.size}`)
      .cancel(jobId)
      .catch(() => undefined);
    return true;
  },
  transferLeader: ({ cluster: { operator } }, random) => {
    if (operator.isBusy()) return false;
    operator.transfer(pick(random, [...operator.members]));
    return true;
  },
  changeMembers: ({ cluster: { operator, damaged: all } }, random) => {
    if (operator.isBusy()) return false;
    const members = [...operator.members];
    const [damaged] = all;
    const kind = pick(random, ["add", "remove", "replace"] as const);
    // One with a damaged log heals by itself, or another takes its place before anything else.
    if (damaged !== undefined && members.includes(damaged)) {
      if (random.below(2) !== 0) return false;
      operator.add(damaged);
    } else if (kind === "remove" && members.length > 3) operator.remove(pick(random, members));
    else if (kind === "add" && members.length < 5) operator.add(undefined);
    else operator.add(pick(random, members));
    return true;
  },
} as const satisfies Readonly<Record<string, Event>>;

const events: Readonly<Record<EventName, Event>> = { ...cuts, ...processes, ...disks, ...others };

export const isOfForm = (name: FaultName, form: FaultForm): boolean =>
  faultTable[name].form === form;

/** Lets one event happen, drawn by share; false where nothing happened. */
export async function happen(
  world: EventWorld,
  faults: ReadonlyMap<FaultName, number>,
  random: RandomStream,
): Promise<boolean> {
  const shares = [...faults].filter(([name]) => isOfForm(name, "event"));
  let at = random.below(
    Math.max(
      1,
      shares.reduce((sum, [, share]) => sum + share, 0),
    ),
  );
  for (const [name, share] of shares) {
    if (at < share) {
      const { cluster } = world;
      cluster.trace.note(cluster.clock.nowMs(), "fault", name);
      const hasHappened = await events[name as EventName](world, random);
      if (hasHappened) cluster.count(name);
      return hasHappened;
    }
    at -= share;
  }
  return false;
}
