// From a failing seed to the fewest faults, events and jobs with which it still fails.

import type { FaultName } from "./fault-table.ts";
import { drawOptions, type Overrides } from "./options.ts";

/** Whether a seed fails under these overrides; any failure counts. */
export type Fails = (seed: number, overrides: Overrides) => Promise<boolean>;

/** Switches off what is not needed, one at a time, until nothing more can go. */
async function fewestFaults(
  seed: number,
  found: Overrides,
  only: readonly FaultName[],
  fails: Fails,
): Promise<readonly FaultName[]> {
  let kept = only;
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false;
    for (const name of kept) {
      const fewer = kept.filter((other) => other !== name);
      if (!(await fails(seed, { ...found, only: fewer }))) continue;
      kept = fewer;
      isSmaller = true;
    }
  }
  return kept;
}

/** Tries each simpler setting once, simplest first. */
async function simplest(
  seed: number,
  found: Overrides,
  candidates: readonly Overrides[],
  fails: Fails,
): Promise<Overrides> {
  for (const candidate of candidates) {
    const simpler = { ...found, ...candidate };
    if (await fails(seed, simpler)) return simpler;
  }
  return found;
}

export async function shrink(seed: number, start: Overrides, fails: Fails): Promise<Overrides> {
  const drawn = drawOptions(seed, start);
  let found: Overrides = { ...start, only: [...drawn.faults.keys()] };
  const fewer = (count: number) => [1, 2, 4, 8, 16].filter((each) => each < count);
  found = await simplest(seed, found, [{ pace: 1 }], fails);
  found = { ...found, only: await fewestFaults(seed, found, found.only ?? [], fails) };
  found = await simplest(seed, found, [{ jobs: 1 }], fails);
  const events = fewer(drawn.events).map((each) => ({ events: each }));
  found = await simplest(seed, found, events, fails);
  const calmer = [16, 8, 4, 2].map((each) => ({ calmer: each }));
  found = await simplest(seed, found, calmer, fails);
  return { ...found, only: await fewestFaults(seed, found, found.only ?? [], fails) };
}
