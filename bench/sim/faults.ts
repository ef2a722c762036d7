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
  /** Names of jobs that were asked to be cancelled. */
  readonly cancelled: Set<string>;
  /** Ends of faults that are still to come. */
  pending: number;
}

type Event = (world: EventWorld, random: RandomStream) => Promise<void> | void;

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
  await cluster.killMaster(name);
  later(world, random, () => void startMaster(world, name));
}

/** What was given up over a cut may be told to its holder only after it. */
export function troubleAll({ cluster, workerNames }: EventWorld): void {
  for (const name of workerNames) cluster.watch.trouble(name);
}

function cutBetween(world: EventWorld, one: readonly string[], other: readonly string[]): void {
  troubleAll(world);
  for (const from of one) {
    for (const to of other) {
      world.cluster.network.cutWay(from, to);
      world.cluster.network.cutWay(to, from);
    }
  }
}

function splitInTwo(random: RandomStream, names: readonly string[]): readonly [string[], string[]] {
  const sides: [string[], string[]] = [[], []];
  for (const name of names) sides[random.below(2) as 0 | 1].push(name);
  return sides;
}

/** Any sealed block of any worker. */
function someBlock(world: EventWorld, random: RandomStream) {
  const { cluster } = world;
  const all = [...cluster.sealedBy].flatMap(([worker, blocks]) =>
    [...blocks].map(([name, block]) => ({ worker, blocks, name, block })),
  );
  if (all.length === 0) return undefined;
  const found = pick(random, all);
  cluster.watch.trouble(found.worker);
  return found;
}

const cuts = {
  cutMaster: ({ cluster }, random) => cluster.network.cut(pick(random, cluster.masterNames)),
  cutWorker: ({ cluster, workerNames }, random) => {
    const name = pick(random, workerNames);
    cluster.watch.trouble(name);
    cluster.network.cut(name);
  },
  cutOneWay: (world, random) => {
    const { cluster, workerNames } = world;
    troubleAll(world);
    const names = [...cluster.masterNames, ...workerNames];
    cluster.network.cutWay(pick(random, names), pick(random, names));
  },
  cutRing: ({ cluster: { masterNames, network } }) => {
    // Of three, each is a neighbour of each: there one link is cut, and the ring is a line.
    const count = masterNames.length;
    for (const [at, from] of masterNames.entries()) {
      for (const [other, to] of masterNames.entries()) {
        const distance = Math.min(Math.abs(at - other), count - Math.abs(at - other));
        if (distance > 1 || (count === 3 && at + other === 2 && at !== other)) {
          network.cutWay(from, to);
        }
      }
    }
  },
  cutHalves: (world, random) => {
    const [one, other] = splitInTwo(random, [...world.cluster.masterNames, ...world.workerNames]);
    cutBetween(world, one, other);
  },
  cutBridge: (world, random) => {
    const bridge = pick(random, world.cluster.masterNames);
    const others = world.cluster.masterNames.filter((name) => name !== bridge);
    const [one, other] = splitInTwo(random, others);
    cutBetween(world, one, other);
  },
  heal: (world) => {
    world.cluster.network.heal();
    troubleAll(world);
  },
} as const satisfies Readonly<Record<string, Event>>;

const processes = {
  killMaster: (world, random) =>
    restartMaster(world, pick(random, world.cluster.masterNames), random),
  killWorker: (world, random) => {
    const { cluster, workerNames } = world;
    const name = pick(random, workerNames);
    cluster.killWorker(name);
    later(world, random, () => cluster.startWorker(name));
  },
  killExecutor: ({ cluster, workerNames }, random) => {
    cluster.workers.get(pick(random, workerNames))?.executor.die();
  },
  killClient: ({ cluster, clients }) => {
    for (const name of clients) cluster.network.leave(name);
  },
  pauseMaster: (world, random) => {
    const { cluster } = world;
    const name = pick(random, cluster.masterNames);
    cluster.network.pause(name);
    later(world, random, () => cluster.network.resume(name));
  },
  pauseWorker: (world, random) => {
    const { cluster, workerNames } = world;
    const name = pick(random, workerNames);
    cluster.watch.trouble(name);
    cluster.network.pause(name);
    later(world, random, () => {
      cluster.network.resume(name);
      cluster.watch.trouble(name);
    });
  },
  clockJump: ({ cluster, workerNames }, random) => {
    const fault = cluster.clockFaults.get(pick(random, [...cluster.masterNames, ...workerNames]));
    if (fault !== undefined) fault.wallOffsetMs += (random.below(7200) - 3600) * 1000;
  },
} as const satisfies Readonly<Record<string, Event>>;

const disks = {
  hangDisk: (world, random) => {
    const { cluster } = world;
    const trouble = cluster.diskTrouble(pick(random, cluster.masterNames));
    trouble.hangsUntilMs = cluster.clock.nowMs() + spellMs(world, random);
  },
  fullDisk: (world, random) => {
    const { cluster } = world;
    const trouble = cluster.diskTrouble(pick(random, cluster.masterNames));
    trouble.isFull = true;
    later(world, random, () => {
      trouble.isFull = false;
    });
  },
  failSync: ({ cluster }, random) => {
    cluster.diskTrouble(pick(random, cluster.masterNames)).failsNextSync = true;
  },
  bitFlip: async (world, random) => {
    const { cluster } = world;
    const { operator, damaged } = cluster;
    // One voter of three or more, and none while it is open who votes.
    const name = pick(random, [...operator.members]);
    if (damaged.size > 0 || operator.isBusy() || operator.members.size < 3) return;
    await cluster.killMaster(name);
    const disk = cluster.disks.get(name);
    if (disk !== undefined && flipBit(disk, random)) damaged.add(name);
    later(world, random, () => void startMaster(world, name));
  },
} as const satisfies Readonly<Record<string, Event>>;

const others = {
  uploadForgotten: ({ cluster }, random) => {
    const open = [...cluster.bucket.uploads.values()].filter((upload) => upload.state === "open");
    if (open.length > 0) pick(random, open).state = "aborted";
  },
  corruptBlock: (world, random) => {
    const found = someBlock(world, random);
    if (found !== undefined) found.block.isCorrupt = true;
  },
  loseBlock: (world, random) => {
    const found = someBlock(world, random);
    found?.blocks.delete(found.name);
  },
  cancelJob: ({ cluster, jobIds, cancelled }, random) => {
    const jobId = pick(random, jobIds);
    cancelled.add(jobId);
    cluster
      .client(`canceller ${cancelled.size}`)
      .cancel(jobId)
      .catch(() => undefined);
  },
  transferLeader: ({ cluster: { operator } }, random) => {
    if (!operator.isBusy()) operator.transfer(pick(random, [...operator.members]));
  },
  changeMembers: ({ cluster: { operator, damaged: all, founders } }, random) => {
    if (operator.isBusy()) return;
    const { members } = operator;
    const [damaged] = all;
    // Whoever was away while every master that it knew went would have to be told of the others by hand.
    const isLastKnown = (name: string): boolean =>
      founders.includes(name) && founders.filter((each) => members.has(each)).length === 1;
    const leaving = [...members].filter((name) => !isLastKnown(name));
    const kind = pick(random, ["add", "remove", "replace"] as const);
    // One with a damaged log heals by itself, or another takes its place before anything else.
    if (damaged !== undefined && members.has(damaged)) {
      if (random.below(2) === 0 && !isLastKnown(damaged)) operator.add(damaged);
    } else if (kind === "remove" && members.size > 3) operator.remove(pick(random, leaving));
    else if (kind === "add" && members.size < 5) operator.add(undefined);
    else operator.add(pick(random, leaving));
  },
} as const satisfies Readonly<Record<string, Event>>;

const events: Readonly<Record<EventName, Event>> = { ...cuts, ...processes, ...disks, ...others };

export const isOfForm = (name: FaultName, form: FaultForm): boolean =>
  faultTable[name].form === form;

/** Lets one event happen, drawn by share; false where the seed drew none. */
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
      cluster.count(name);
      cluster.trace.note(cluster.clock.nowMs(), "fault", name);
      await events[name as EventName](world, random);
      return true;
    }
    at -= share;
  }
  return false;
}
