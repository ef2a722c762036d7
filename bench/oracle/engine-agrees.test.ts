// Random plans, cut into very many small tasks, answer what the naive evaluator says.

import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import type { JobContext } from "../../proto/plan/bundle.ts";
import type { LogicalNode, NodeId } from "../../proto/plan/logical.ts";
import { defineJob } from "../../sdk/dataset/define-job.ts";
import { createMillrace, type Millrace } from "../../sdk/dataset/millrace.ts";
import type { Closure, Session } from "../../sdk/dataset/session.ts";
import { createBundle } from "../../sdk/driver/create-bundle.ts";
import { evaluate, isOrdered, valueText } from "./evaluate.ts";
import { type InMemoryRun, runInMemory } from "./in-memory-engine.ts";
import { datasetOf, filesOf, type RandomPlan, randomPlan } from "./random-plans.ts";

const context: JobContext = {
  jobId: "job-1",
  paramsJson: "{}",
  seed: 1,
  submittedWallMs: 0,
  workingFolder: "/work",
};

async function act(mr: Millrace, plan: RandomPlan): Promise<unknown> {
  const rows = datasetOf(mr, plan);
  if (plan.ending === "collect") return await rows.collect();
  return plan.ending === "count" ? await rows.count() : await rows.write.ndjson("s3://out/");
}

const bundleOf = (plan: RandomPlan) =>
  createBundle(
    defineJob({ name: "random", params: z.object({}), run: (mr) => act(mr, plan) }) as never,
  );

interface Expected {
  readonly rows: readonly unknown[];
  readonly node: LogicalNode;
}

/** Builds the same plan over a session that evaluates it instead. */
async function expectedOf(plan: RandomPlan): Promise<Expected> {
  const closures: (Closure | undefined)[] = [];
  let asked: LogicalNode | undefined;
  const answer = (node: LogicalNode): readonly unknown[] => {
    asked = node;
    return evaluate(node, {
      rows: () => plan.files.flat(),
      closure: (id: NodeId) => closures[id]!,
    });
  };
  let rows: readonly unknown[] = [];
  const session: Session = {
    workingFolder: "/work",
    nextNode: (closure) => closures.push(closure) - 1,
    collect: async ({ input }) => (rows = answer(input)),
    count: async ({ input }) => (rows = answer(input)).length,
    write: async ({ input, folderUri }) => {
      rows = answer(input);
      return { folderUri, files: 1, rows: rows.length, bytes: 0 };
    },
  };
  await act(createMillrace(session, 0, () => 0), plan);
  return { rows, node: asked! };
}

function compareRows(actual: readonly string[], expected: readonly string[], node: LogicalNode) {
  if (isOrdered(node)) return expect(actual).toEqual(expected);
  if (node.kind !== "limit") return expect([...actual].sort()).toEqual([...expected].sort());
  // Chance decides which rows; that they are as many as they should be is all there is to say.
  return expect(actual.length).toBe(expected.length);
}

function compareEnding(run: InMemoryRun, { rows, node }: Expected, plan: RandomPlan): void {
  switch (plan.ending) {
    case "count":
      return expect(run.value).toBe(rows.length);
    case "collect":
      return compareRows((run.value as unknown[]).map(valueText), rows.map(valueText), node);
    default: {
      const lines = run.written.split("\n").slice(0, -1);
      const asRead = (row: unknown) => valueText(JSON.parse(JSON.stringify(row) ?? "null"));
      expect(run.value).toMatchObject({ rows: rows.length });
      return compareRows(
        lines.map((line) => valueText(JSON.parse(line))),
        rows.map(asRead),
        node,
      );
    }
  }
}

test("random plans answer what the naive evaluator says", async () => {
  let shuffles = 0;
  let tasks = 0;
  await fc.assert(
    fc.asyncProperty(randomPlan, async (plan) => {
      const files = filesOf(plan);
      const { planTargets } = plan;
      const running = runInMemory({ bundle: bundleOf(plan), context, files, planTargets });
      if ([...files.values()].every((bytes) => bytes.length === 0)) {
        await expect(running).rejects.toMatchObject({ code: "INPUT_EMPTY" });
        return;
      }
      const run = await running;
      compareEnding(run, await expectedOf(plan), plan);
      for (const stage of run.graphs.flatMap((graph) => graph.stages)) {
        if (stage.output.kind === "shuffle") shuffles++;
        tasks += stage.taskCount;
      }
    }),
    { numRuns: 300 },
  );
  expect(shuffles).toBeGreaterThan(300);
  expect(tasks).toBeGreaterThan(3000);
});
