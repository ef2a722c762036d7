// Half of the seeds that every test run tries: new ones each time, and those that once failed.

import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { realSeed } from "../../../proto/io/seed.ts";
import { checkSeed } from "../../sim/check-seed.ts";
import { readSeeds } from "../../sim/kept-seeds.ts";
import { commandOf } from "../../sim/options.ts";
import { addOutcome, newTotals, rowsOfTotals } from "../../sim/totals.ts";

/** New ones in each half; both together are the bar of RELIABILITY's "every test run". */
const newSeeds = 255;
/** Minutes on a quiet machine; only a run that hangs takes this long on a crowded one. */
const testMsMax = 1_800_000;
const seedsFile = new URL("../../sim/seeds.txt", import.meta.url);

/**
 * Other seeds with every commit, the same ones for one commit: a failure comes back until it is mended. Outside
 * of a checkout they are drawn.
 */
function firstSeed(): number {
  try {
    const commit = execFileSync("git", ["rev-parse", "HEAD"], {
      cwd: new URL(".", import.meta.url),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return Number.parseInt(commit.slice(0, 8), 16) >>> 1;
  } catch {
    return realSeed() >>> 1;
  }
}

async function tryAll(seeds: readonly number[]) {
  const totals = newTotals();
  for (const seed of seeds) {
    const outcome = await checkSeed(seed).catch((thrown: unknown) => {
      throw new Error(`seed ${seed}: ${commandOf(seed, {})}`, { cause: thrown });
    });
    addOutcome(totals, outcome);
  }
  return totals;
}

export function testHalf(half: 0 | 1): void {
  const kept = readSeeds(seedsFile).filter((_, at) => at % 2 === half);

  test("seeds that once failed", () => tryAll(kept), testMsMax);

  test(
    "new seeds: safe at every event, and every job ends",
    async () => {
      const first = firstSeed() + half * newSeeds;
      console.log(`simulated seeds ${first} to ${first + newSeeds - 1}`);
      const totals = await tryAll(Array.from({ length: newSeeds }, (_, at) => first + at));
      console.log(
        rowsOfTotals(totals)
          .map(([name, value]) => `${name}: ${value}`)
          .join("; "),
      );
      // A run without faults or without work would prove nothing.
      expect(totals.virtualMs / 3_600_000).toBeGreaterThan(50);
      expect(totals.faults).toBeGreaterThan(5000);
      expect(totals.crashes).toBeGreaterThan(100);
      expect(totals.reruns).toBeGreaterThan(100);
      expect(totals.staleReports).toBeGreaterThan(5);
    },
    testMsMax,
  );
}
