// Random programs find mistakes: each fault that is planted shows within a bounded number of programs.

import fc from "fast-check";
import { expect, test } from "vitest";
import { judged } from "./plans/check-program.ts";
import { plantedFaults } from "./plans/planted-faults.ts";
import { drawnPrograms, programOf } from "./plans/random-program.ts";
import { found, planOf, wanted } from "./plans/run-program.ts";

/** Enough for the rarest of them. */
const programsMax = 4000;
const seed = 20_260_101;

/** Which program shows the fault first; undefined where none does. */
async function firstThatShows(fault: (typeof plantedFaults)[number][1]) {
  for (const [at, drawn] of fc.sample(drawnPrograms, { seed, numRuns: programsMax }).entries()) {
    const program = programOf(drawn);
    const planned = planOf(program);
    if (!touches(planned, fault)) continue;
    const expected = await wanted(planned);
    const answer = await found(planned, { workers: 3, fault });
    if (judged(program, answer, expected).kind !== "differs") continue;
    // It is the fault that shows, and nothing else.
    const sound = await found(planned, { workers: 3 });
    expect(judged(program, sound, expected).kind).not.toBe("differs");
    return at;
  }
  return undefined;
}

/** Programs without the step in question need not run. */
function touches(planned: ReturnType<typeof planOf>, { plan }: (typeof plantedFaults)[number][1]) {
  if (plan === undefined) return true;
  return plan(planned.action).input !== planned.action.input;
}

test.each(plantedFaults)("%s", { timeout: 200_000 }, async (_name, fault) => {
  expect(await firstThatShows(fault)).toBeDefined();
});
