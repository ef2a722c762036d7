// One seed, proven: it runs twice, and both runs are the same down to the last event.

import { assert } from "../../proto/errors.ts";
import { drawOptions, type Overrides } from "./options.ts";
import { runSeed, type SimOutcome } from "./run.ts";

export async function checkSeed(seed: number, overrides: Overrides = {}): Promise<SimOutcome> {
  const options = drawOptions(seed, overrides);
  const first = await runSeed(options);
  const second = await runSeed(options);
  assert(
    first.hash === second.hash,
    `seed ${seed} ran twice and differed: ${first.hash} after ${first.events} events, ` +
      `${second.hash} after ${second.events}`,
  );
  // A seed as it is drawn; one that is being shrunk may have nothing left.
  if (overrides.only !== undefined) return first;
  assert(first.tasks > 0, `seed ${seed}: no task ran, so it proves nothing`);
  assert(first.faults > 0, `seed ${seed}: no fault happened, so it proves nothing`);
  return first;
}

export function failureText(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

/** What went wrong with a seed, as text; undefined where nothing did. */
export async function failureOf(seed: number, overrides: Overrides): Promise<string | undefined> {
  try {
    await checkSeed(seed, overrides);
    return undefined;
  } catch (thrown) {
    return failureText(thrown);
  }
}
