// Control experiments: with a known mistake planted in every master, simulated seeds fail.

import { expect, test } from "vitest";
import type { PlantedBug } from "../../master/raft/planted-bugs.ts";
import { AssertionError } from "../../proto/errors.ts";
import { drawOptions } from "./options.ts";
import { runSeed } from "./run.ts";

/** Only a check that says so counts as found. */
async function isCaught(seed: number, plantedBug: PlantedBug): Promise<boolean> {
  try {
    await runSeed(drawOptions(seed, { pace: 1 }), { raft: plantedBug });
    return false;
  } catch (thrown) {
    if (!(thrown instanceof AssertionError)) throw thrown;
    return true;
  }
}

async function firstCatch(bug: PlantedBug, seedsMax: number): Promise<number | undefined> {
  for (let seed = 0; seed < seedsMax; seed++) if (await isCaught(seed, bug)) return seed;
  return undefined;
}

test.each(["repliesBeforeSync", "saveProvesOverwritten"] as const)(
  "%s is found by simulated seeds",
  async (bug) => {
    expect(await firstCatch(bug, 40)).toBeDefined();
  },
  240_000,
);
