// What one seed draws: a cluster, its jobs, and a subset of the faults with their rates.

import { EngineError } from "../../proto/errors.ts";
import { type RandomStream, randomStream } from "../../proto/ports/random.ts";
import { type FaultName, faultNames, faultTable } from "./fault-table.ts";

export interface SimOptions {
  readonly seed: number;
  readonly masters: number;
  readonly workers: number;
  readonly slots: number;
  readonly jobs: number;
  /** Clients that hold named locks. */
  readonly lockUsers: number;
  /** By how much every clock, and so every tick, lease and task, is slower than in production. */
  readonly pace: number;
  /** Things that happen while there are faults. */
  readonly events: number;
  /** Only what is drawn. */
  readonly faults: ReadonlyMap<FaultName, number>;
}

/** Asked for on the command line, instead of what the seed draws. */
export interface Overrides {
  readonly only?: readonly FaultName[] | undefined;
  readonly events?: number | undefined;
  readonly jobs?: number | undefined;
  readonly pace?: number | undefined;
  /** Divides every rate. */
  readonly calmer?: number | undefined;
}

/**
 * Idle minutes cost the same events whatever their length, so most of the simulated time is at the
 * slower paces, and most of the events at the pace of production.
 */
const paces = [1, 1, 1, 8, 32, 120] as const;

const pick = <Item>(random: RandomStream, items: readonly Item[]): Item =>
  items[random.below(items.length)]!;

/** Events for which there is nothing in some runs: no lock, no cut, no block, no upload. */
const maybeNone = new Set<FaultName>([
  ...(["heal", "cutLockUser", "pauseLockUser"] as const),
  ...(["uploadForgotten", "corruptBlock", "loseBlock"] as const),
]);

function drawFaults(random: RandomStream): Map<FaultName, number> {
  const faults = new Map<FaultName, number>();
  // Each from a stream of its own, so that a new kind of fault changes no other.
  const share = 2 + random.below(3);
  for (const name of faultNames) {
    const own = random.child(name);
    if (own.below(share) === 0) faults.set(name, 1 + own.below(faultTable[name].most));
  }
  const isSure = (name: FaultName) => faultTable[name].form === "event" && !maybeNone.has(name);
  if (![...faults.keys()].some(isSure)) {
    faults.set("killMaster", 2);
    faults.set("killWorker", 2);
  }
  return faults;
}

export function drawOptions(seed: number, overrides: Overrides = {}): SimOptions {
  const random = randomStream(seed).child("options");
  const masters = pick(random, [3, 3, 3, 5]);
  const workers = 2 + random.below(3);
  const slots = 1 + random.below(3);
  const jobs = 1 + random.below(3);
  const pace = pick(random, paces);
  const events = 12 + random.below(20);
  const drawn = drawFaults(random.child("faults"));
  const ofLocks = random.child("locks");
  // Each costs about as much as a job; one alone meets nobody.
  const lockUsers = ofLocks.below(2) === 0 ? 0 : 2 + ofLocks.below(2);
  const { only = [...drawn.keys()], calmer = 1 } = overrides;
  const faults = new Map<FaultName, number>();
  for (const name of faultNames) {
    if (!only.includes(name)) continue;
    const rate = drawn.get(name) ?? faultTable[name].most;
    faults.set(name, Math.max(1, Math.floor(rate / calmer)));
  }
  return {
    ...{ seed, masters, workers, slots, lockUsers, faults },
    jobs: overrides.jobs ?? jobs,
    pace: overrides.pace ?? pace,
    events: overrides.events ?? events,
  };
}

export function parseFaultNames(text: string): readonly FaultName[] {
  const names = text.split(",").filter((name) => name !== "");
  const unknown = names.filter((name) => !Object.hasOwn(faultTable, name));
  if (unknown.length > 0) {
    const known = faultNames.join(", ");
    throw new EngineError("USAGE", `no fault is called ${unknown.join(", ")}; there are ${known}`);
  }
  return names as readonly FaultName[];
}

/** How to run exactly this again. */
export function commandOf(seed: number, overrides: Overrides): string {
  const parts = [`npm run sim -- --seed ${seed}`];
  if (overrides.only !== undefined) parts.push(`--only ${overrides.only.join(",") || "none"}`);
  for (const name of ["events", "jobs", "pace", "calmer"] as const) {
    if (overrides[name] !== undefined) parts.push(`--${name} ${overrides[name]}`);
  }
  return parts.join(" ");
}
