// The simulated seeds that every test run tries: those that once failed, and new ones each time.

import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { realSeed } from "../../proto/io/seed.ts";
import { readSeeds } from "../sim/kept-seeds.ts";
import { runLanes } from "../sim/lanes.ts";
import { commandOf } from "../sim/options.ts";
import { addOutcome, newTotals, rowsOfTotals } from "../sim/totals.ts";

/** The bar of RELIABILITY's "every test run". */
const newSeeds = 510;
/** Minutes on a quiet machine; only a run that hangs takes this long on a crowded one. */
const testMsMax = 1_800_000;
const seedsFile = new URL("../sim/seeds.txt", import.meta.url);
const program = fileURLToPath(new URL("../../dist/bench/sim/main.mjs", import.meta.url));

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
  const left = [...seeds];
  const totals = newTotals();
  const failures: string[] = [];
  await runLanes({
    ...{ program, lanes: availableParallelism(), next: () => left.shift() },
    onOutcome: (outcome) => addOutcome(totals, outcome),
    onFailure: (seed, why) => void failures.push(`${commandOf(seed, {})}\n${why}`),
  });
  expect(failures).toEqual([]);
  expect(totals.seeds).toBe(seeds.length);
  return totals;
}

test("seeds that once failed", () => tryAll(readSeeds(seedsFile)), testMsMax);

test(
  "new seeds: safe at every event, and every job ends",
  async () => {
    const first = firstSeed();
    console.log(`simulated seeds ${first} to ${first + newSeeds - 1}`);
    const totals = await tryAll(Array.from({ length: newSeeds }, (_, at) => first + at));
    console.log(
      rowsOfTotals(totals)
        .map(([name, value]) => `${name}: ${value}`)
        .join("; "),
    );
    // A run without faults or without work would prove nothing.
    expect(totals.virtualMs / 3_600_000).toBeGreaterThan(100);
    expect(totals.faults).toBeGreaterThan(10_000);
    expect(totals.crashes).toBeGreaterThan(200);
    expect(totals.reruns).toBeGreaterThan(200);
    expect(totals.staleReports).toBeGreaterThan(10);
  },
  testMsMax,
);
