// Loops whose datasets build on each other: planned in constant time, and right also where what was kept is lost.

import { expect, test } from "vitest";
import { z } from "zod";
import { int32 } from "../../sdk/columns/column-type.ts";
import { count } from "../../sdk/columns/functions.ts";
import { schema } from "../../sdk/columns/schema.ts";
import { defineJob } from "../../sdk/dataset/define-job.ts";
import { createBundle } from "../../sdk/driver/create-bundle.ts";
import { type InMemoryJob, runInMemory } from "./in-memory-engine.ts";

const edges = "from,to\n1,2\n1,3\n2,3\n3,1\n4,3\n4,1\n";

/** Rows of paths by their ends, each round one step longer: every dataset is a join of the one before. */
const paths = createBundle(
  defineJob({
    name: "paths",
    params: z.object({ rounds: z.int(), countsEach: z.boolean() }),
    async run(mr, { rounds, countsEach }) {
      const steps = mr.read
        .csv("file:///in/edges.csv", { schema: schema({ from: int32, to: int32 }) })
        .cache();
      let ends = steps.select((c) => ({ end: c.to }));
      for (let round = 0; round < rounds; round++) {
        ends = ends
          .join(steps, (l, r) => l.end.eq(r.from))
          .select((c) => ({ end: c.to }))
          .distinct()
          .cache();
        if (countsEach) await ends.count();
      }
      const sorted = await ends.groupBy("end").agg({ n: count() }).collect();
      return sorted.map(({ end, n }) => `${end} ${n}`).sort();
    },
  }),
);

function jobOf(params: object, more: Partial<InMemoryJob> = {}): InMemoryJob {
  return {
    bundle: paths,
    context: {
      jobId: "job-1",
      paramsJson: JSON.stringify(params),
      seed: 1,
      submittedWallMs: 0,
      workingFolder: "/base",
    },
    files: new Map([["file:///in/edges.csv", new TextEncoder().encode(edges)]]),
    planTargets: { splitBytes: 8, partitionBytes: 2000, coalescedBytes: 2000 },
    ...more,
  };
}

test("a plan ends at what an earlier action has made, however long the loop", async () => {
  const { value, graphs } = await runInMemory(jobOf({ rounds: 120, countsEach: true }));
  expect(value).toEqual(["1 1", "2 1", "3 1"]);
  const sizes = graphs.map(({ stages }) => stages.length);
  const digests = graphs.map(({ planDigest }) => planDigest.length);
  expect(Math.max(...sizes.slice(2))).toBe(sizes[2]);
  expect(Math.max(...digests.slice(2))).toBeLessThan(digests[2]! + 20);
  const tasks = graphs.map(({ stages }) => stages.reduce((sum, s) => sum + s.taskCount, 0));
  expect(Math.max(...tasks.slice(2))).toBeLessThanOrEqual(2 * tasks[2]!);
});

test("what is lost is made again from what is still kept, and the answer stays", async () => {
  const lossOf = async (loses: InMemoryJob["loses"]) =>
    runInMemory(jobOf({ rounds: 12, countsEach: true }, loses === undefined ? {} : { loses }));
  const { value } = await lossOf(undefined);
  const all = await lossOf((actionIndex) => actionIndex === 9);
  const newest = await lossOf(
    (actionIndex, name) => actionIndex === 9 && !name.startsWith("cache#2:"),
  );
  const often = await lossOf((actionIndex) => actionIndex % 2 === 1);
  for (const run of [all, newest, often]) expect(run.value).toEqual(value);
  // Planned once more, and once more only.
  const planned = all.graphs.filter(({ actionIndex }) => actionIndex === 9);
  expect(planned.map(({ stages }) => stages.some(({ keptOnly }) => keptOnly))).toEqual([
    true,
    false,
  ]);
});

test("without an action on the way all is one plan", async () => {
  const { value, graphs } = await runInMemory(jobOf({ rounds: 12, countsEach: false }));
  expect(value).toEqual(["1 1", "2 1", "3 1"]);
  expect(graphs.filter(({ measures }) => measures !== true)).toHaveLength(1);
});
