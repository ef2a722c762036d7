// Many seeds of random faults: safe all along, recovered at the end, and proof that a bug shows.
import { expect, test } from "vitest";
import { randomRun } from "./random-run.ts";

test("no seed breaks safety, and every one recovers", () => {
  let applied = 0;
  let crashes = 0;
  let drops = 0;
  let reads = 0;
  let snapshots = 0;
  let changes = 0;
  for (let seed = 1; seed <= 150; seed++) {
    try {
      const report = randomRun(seed, 3000);
      applied += report.applied;
      crashes += report.crashes;
      drops += report.drops;
      reads += report.reads;
      snapshots += report.snapshots;
      changes += report.changes;
    } catch (thrown) {
      throw new Error(`seed ${seed}: ${String(thrown)}`, { cause: thrown });
    }
  }
  // A run without faults or without work would prove nothing.
  expect(applied).toBeGreaterThan(2500);
  expect(crashes).toBeGreaterThan(400);
  expect(drops).toBeGreaterThan(2000);
  expect(reads).toBeGreaterThan(400);
  expect(snapshots).toBeGreaterThan(20);
  expect(changes).toBeGreaterThan(200);
}, 120_000);

test("the same seed gives the same run", () => {
  expect(randomRun(7, 2000)).toEqual(randomRun(7, 2000));
});

test("replies that leave before the disk has them are found out", () => {
  const failures = Array.from({ length: 40 }, (_, seed) => {
    try {
      randomRun(seed, 1500, "repliesBeforeSync");
      return 0;
    } catch {
      return 1;
    }
  });
  expect(failures.reduce<number>((sum, failed) => sum + failed, 0)).toBeGreaterThan(10);
});
