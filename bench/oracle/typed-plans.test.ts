// Random programs over typed tables, cut into very many small tasks, answer what plain loops say.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StageGraph } from "../../proto/plan/stage.ts";
import { allRules } from "../../sdk/planner/optimize.ts";
import { check, type Verdict } from "./plans/check-program.ts";
import { drawnPrograms, programOf } from "./plans/random-program.ts";
import { checkRules } from "./plans/rule-check.ts";
import { foundBytes, plannedGraphs, planOf } from "./plans/run-program.ts";
import { type Way, ways, waysOf } from "./plans/ways.ts";

const coverageSeed = 20_261_127;

describe("random programs", () => {
  test("answer what plain loops say", { timeout: 600_000 }, async () => {
    const graphs: StageGraph[] = [];
    const verdicts: Verdict[] = [];
    await fc.assert(
      fc.asyncProperty(drawnPrograms, async (drawn) => {
        const program = programOf(drawn);
        const onGraph = (graph: StageGraph) => void graphs.push(graph);
        const verdict = await check(program, { workers: 3, onGraph });
        if (verdict.kind === "differs") throw new Error(`${program.text}\n\n${verdict.how}`);
        verdicts.push(verdict);
      }),
      { numRuns: 520 },
    );
    // Most programs answer rows, and run in pieces.
    const stages = graphs.flatMap((graph) => graph.stages);
    const tasks = stages.reduce((sum, stage) => sum + stage.taskCount, 0);
    const filled = verdicts.filter((verdict) => verdict.kind === "agrees" && verdict.rows > 0);
    expect(filled.length).toBeGreaterThan(200);
    expect(stages.length).toBeGreaterThan(1.5 * graphs.length);
    expect(tasks).toBeGreaterThan(2 * stages.length);
  });

  test("answer the same bytes on one worker as on three", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(drawnPrograms, async (drawn) => {
        const planned = planOf(programOf(drawn));
        const [one, three] = [
          await foundBytes(planned, { workers: 1 }),
          await foundBytes(planned, { workers: 3 }),
        ];
        expect(three).toEqual(one);
      }),
      { numRuns: 40 },
    );
  });

  test("take each of the ways that few programs take, one in three hundred or more", async () => {
    const programs = fc.sample(drawnPrograms, { seed: coverageSeed, numRuns: 300 });
    const taken = new Map<Way, number>(ways.map((way) => [way, 0]));
    for (const drawn of programs) {
      const planned = planOf(programOf(drawn));
      const found = await waysOf(planned, await plannedGraphs(planned)).catch(() => new Set<Way>());
      for (const way of found) taken.set(way, taken.get(way)! + 1);
    }
    const rare = [...taken].filter(([, programs]) => programs === 0);
    expect(rare, JSON.stringify([...taken])).toEqual([]);
  });

  test("keep their rows under every rule, alone and together", { timeout: 120_000 }, async () => {
    const applied = new Set<string>();
    // The same ones every time: that they meet every rule must not hang on chance.
    for (const drawn of fc.sample(drawnPrograms, { seed: coverageSeed, numRuns: 300 })) {
      const program = programOf(drawn);
      const found = await checkRules(program);
      for (const name of found.applied) applied.add(name);
      expect(found.differences.map((difference) => `${program.text}\n\n${difference}`)).toEqual([]);
    }
    await fc.assert(
      fc.asyncProperty(drawnPrograms, async (drawn) => {
        const program = programOf(drawn);
        const [difference] = (await checkRules(program)).differences;
        if (difference !== undefined) throw new Error(`${program.text}\n\n${difference}`);
      }),
      { numRuns: 100 },
    );
    const expected = allRules.map(({ name }) => name);
    expect(expected.filter((name) => !applied.has(name))).toEqual([]);
  });
});
