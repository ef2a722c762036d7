// Counters and measures of operators, through planner, replays and tasks of a whole job in memory.

import { expect, test } from "vitest";
import { z } from "zod";
import type { JobContext } from "../../proto/plan/bundle.ts";
import { defineJob } from "../../sdk/dataset/define-job.ts";
import { createBundle } from "../../sdk/driver/create-bundle.ts";
import { testJob } from "../../sdk/testing/test-job.ts";
import { runInMemory } from "./in-memory-engine.ts";

const context: JobContext = {
  jobId: "job-1",
  paramsJson: "{}",
  seed: 1,
  submittedWallMs: 0,
  workingFolder: "/base",
};

const job = defineJob({
  name: "counting",
  params: z.object({}),
  run: async (mr) => {
    const empty = mr.counter("empty lines");
    const words = mr.counter("words");
    const lines = mr.read.text("lines.txt");
    const kept = await lines
      .filter((line) => {
        if (line === "") empty.add();
        return line !== "";
      })
      .flatMap((line) => {
        const found = line.split(" ");
        words.add(found.length);
        return found;
      })
      .count();
    const first = { empty: empty.value, words: words.value };
    await lines.filter((line) => line !== "" || (empty.add(10), false)).count();
    return { kept, first, empty: empty.value, words: words.value };
  },
});

const text = "a b\n\nc\n\n\nd e f\n";
const wanted = { kept: 6, first: { empty: 3, words: 6 }, empty: 33, words: 6 };

test("each row is counted once, over all tasks", async () => {
  const files = new Map([["file:///base/lines.txt", new TextEncoder().encode(text)]]);
  const planTargets = { splitBytes: 4, partitionBytes: 4, coalescedBytes: 0 };
  const run = await runInMemory({ bundle: createBundle(job), context, files, planTargets });
  expect(run.graphs[0]!.stages[0]!.taskCount).toBeGreaterThan(2);
  expect(run.value).toEqual(wanted);
});

test("the test kit counts alike", async () => {
  const { result } = await testJob(job, {}, { files: { "lines.txt": text } });
  expect(result).toEqual(wanted);
});
