// Random programs find mistakes: each fault that is planted shows within a bounded number of programs.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { StageGraph } from "../../proto/plan/stage.ts";
import { judged } from "./plans/check-program.ts";
import { once } from "./plans/once.ts";
import { plantedFaults } from "./plans/planted-faults.ts";
import { type Drawn, drawnPrograms, programOf } from "./plans/random-program.ts";
import { type Fault, found, plannedGraphs, planOf, wanted } from "./plans/run-program.ts";

/** Enough for the rarest of them. */
const programsMax = 4000;
const seed = 20_260_101;

/** Whether a fault in stages or in what their tasks see changes anything of a graph. */
function changes({ graph: change, seenMaps, seenPartitions }: Fault, graph: StageGraph): boolean {
  if (change !== undefined) return JSON.stringify(change(graph)) !== JSON.stringify(graph);
  const { stages } = graph;
  if (seenPartitions !== undefined) {
    return stages.some(({ coalesce, taskCount: count }) => {
      return coalesce !== undefined && seenPartitions({ first: 0, count }).count !== count;
    });
  }
  return stages.some((stage) =>
    stage.inputs.some(({ stageId }) => {
      const maps = Array.from({ length: stages[stageId]!.taskCount }, (_, taskIndex) => {
        return { taskIndex, workerId: "", address: "", token: 1 };
      });
      return seenMaps?.(stage, maps).length !== maps.length;
    }),
  );
}

/** A program, and what is the same of it whichever fault is planted: made when it is first asked for. */
function subjectOf(drawn: Drawn) {
  const program = once(() => programOf(drawn));
  const planned = once(() => planOf(program()));
  /** Undefined where it cannot be planned: then a run says why. */
  const graphs = once(() => plannedGraphs(planned()).catch(() => undefined));
  const expected = once(() => wanted(planned()));

  /** Programs without the step in question need not run. */
  async function isTouchedBy(fault: Fault): Promise<boolean> {
    const { action } = planned();
    if (fault.plan !== undefined) return fault.plan(action).input !== action.input;
    return (await graphs())?.some((graph) => changes(fault, graph)) ?? true;
  }

  async function differs(fault: Fault): Promise<boolean> {
    const answer = await found(planned(), { workers: 3, fault });
    return judged(program(), answer, await expected()).kind === "differs";
  }

  async function shows(fault: Fault): Promise<boolean> {
    if (!(await isTouchedBy(fault)) || !(await differs(fault))) return false;
    // It is the fault that shows, and nothing else.
    expect(await differs({})).toBe(false);
    return true;
  }

  return { shows };
}

const subjects = fc.sample(drawnPrograms, { seed, numRuns: programsMax }).map(subjectOf);

/** Which program shows the fault first; undefined where none does. */
async function firstThatShows(fault: Fault): Promise<number | undefined> {
  for (const [at, subject] of subjects.entries()) if (await subject.shows(fault)) return at;
  return undefined;
}

test.each(plantedFaults)("%s", { timeout: 200_000 }, async (_name, fault) => {
  expect(await firstThatShows(fault)).toBeDefined();
});
