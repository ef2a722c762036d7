// A failing seed shrinks to what it needs to fail.

import { expect, test } from "vitest";
import { commandOf, drawOptions, type Overrides, parseFaultNames } from "./options.ts";
import { shrink } from "./shrink.ts";

test("only the faults, jobs and events that are needed are left", async () => {
  const drawn = drawOptions(25);
  const tried: Overrides[] = [];
  const fails = async (seed: number, overrides: Overrides): Promise<boolean> => {
    tried.push(overrides);
    const { faults, events } = drawOptions(seed, overrides);
    return faults.has("killWorker") && faults.has("cutHalves") && events >= 4;
  };
  const least = await shrink(25, {}, fails);
  expect(drawn.faults.size).toBeGreaterThan(5);
  expect(least).toEqual({
    only: ["cutHalves", "killWorker"],
    ...{ pace: 1, jobs: 1, events: 4, calmer: 16 },
  });
  expect(tried.length).toBeLessThan(100);
  expect(commandOf(25, least)).toBe(
    "npm run sim -- --seed 25 --only cutHalves,killWorker --events 4 --jobs 1 --pace 1 --calmer 16",
  );
});

test("what is drawn for one fault does not depend on the others", () => {
  const all = drawOptions(25);
  for (const [name, rate] of all.faults) {
    expect(drawOptions(25, { only: [name] }).faults).toEqual(new Map([[name, rate]]));
  }
});

test("a fault that is not known is refused with those that are", () => {
  expect(parseFaultNames("killMaster,cutRing")).toEqual(["killMaster", "cutRing"]);
  expect(() => parseFaultNames("killMaster,flood")).toThrow("no fault is called flood; there are");
});
