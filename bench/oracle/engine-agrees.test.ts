// Random plans, cut into very many small tasks, answer what the testing kit's plain loops say.

import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { toEngineError } from "../../proto/errors.ts";
import type { JobContext } from "../../proto/plan/bundle.ts";
import type { StageGraph } from "../../proto/plan/stage.ts";
import { defineJob } from "../../sdk/dataset/define-job.ts";
import { createBundle } from "../../sdk/driver/create-bundle.ts";
import { testJob } from "../../sdk/testing/test-job.ts";
import { identity } from "../../sdk/testing/value-order.ts";
import { runInMemory } from "./in-memory-engine.ts";
import {
  datasetOf,
  filesOf,
  type Promised,
  type RandomPlan,
  randomPlan,
  textsOf,
} from "./random-plans.ts";

const context: JobContext = {
  jobId: "job-1",
  paramsJson: "{}",
  seed: 1,
  submittedWallMs: 0,
  workingFolder: "/base",
};

const outputFolder = "s3://out/rows/";

function jobOf(plan: RandomPlan) {
  return defineJob({
    name: "random",
    params: z.object({}),
    run: async (mr) => {
      const rows = datasetOf(mr, plan);
      if (plan.ending === "collect") return await rows.collect();
      if (plan.ending === "count") return await rows.count();
      return (await rows.write.ndjson(outputFolder)).rows;
    },
  });
}

/** What came of a job: its answer or its written rows, or the code of its failure. */
type Answer =
  | { readonly kind: "rows"; readonly rows: readonly unknown[] }
  | { readonly kind: "count"; readonly count: unknown }
  | { readonly kind: "failed"; readonly code: string };

async function answerOf(plan: RandomPlan, run: () => Promise<Ran>): Promise<Answer> {
  try {
    const { result, written } = await run();
    if (plan.ending === "count") return { kind: "count", count: result };
    if (plan.ending === "collect") return { kind: "rows", rows: result as unknown[] };
    expect(result).toBe(written.length);
    return { kind: "rows", rows: written };
  } catch (thrown) {
    return { kind: "failed", code: toEngineError(thrown).code };
  }
}

interface Ran {
  readonly result: unknown;
  readonly written: readonly unknown[];
}

function asWritten(row: unknown): unknown {
  const text = JSON.stringify(row, (_, value: unknown) =>
    typeof value === "bigint" ? Number(value) : value,
  );
  return JSON.parse(text ?? "null");
}

function expected(plan: RandomPlan): Promise<Answer> {
  return answerOf(plan, async () => {
    const { result, outputs } = await testJob(jobOf(plan), {}, { files: textsOf(plan) });
    const rows = Object.values(outputs).flat();
    return { result, written: rows.map(asWritten) };
  });
}

function actual(plan: RandomPlan, graphs: StageGraph[]): Promise<Answer> {
  return answerOf(plan, async () => {
    const bundle = createBundle(jobOf(plan));
    const { planTargets } = plan;
    const run = await runInMemory({ bundle, context, files: filesOf(plan), planTargets });
    graphs.push(...run.graphs);
    const lines = run.written.split("\n").slice(0, -1);
    return { result: run.value, written: lines.map((line) => JSON.parse(line) as unknown) };
  });
}

/** As far as the plan promises anything. */
function comparable(answer: Answer, promised: Promised): unknown {
  if (answer.kind !== "rows") return answer;
  if (promised === "number") return answer.rows.length;
  const rows = answer.rows.map(identity);
  return promised === "order" ? rows : rows.sort();
}

test("random plans answer what plain loops say", { timeout: 120_000 }, async () => {
  const graphs: StageGraph[] = [];
  await fc.assert(
    fc.asyncProperty(randomPlan, async (plan) => {
      const { promised } = plan.chosen;
      const answers = [await actual(plan, graphs), await expected(plan)] as const;
      const [found, wanted] = answers.map((answer) => comparable(answer, promised));
      expect(found).toEqual(wanted);
    }),
    { numRuns: 150 },
  );
  // Most plans did run, and in pieces.
  const stages = graphs.flatMap((graph) => graph.stages);
  const tasks = stages.reduce((sum, stage) => sum + stage.taskCount, 0);
  expect(graphs.length).toBeGreaterThan(60);
  expect(stages.length).toBeGreaterThan(1.5 * graphs.length);
  expect(tasks).toBeGreaterThan(3 * stages.length);
});
