// Masters whose disks rot heal in whole simulated clusters, under cuts and crashes, and then everyone agrees.

import { expect, test } from "vitest";
import { drawOptions } from "./options.ts";
import { runSeed } from "./run.ts";

const only = ["bitFlip", "killMaster", "cutRing", "tornWrite"] as const;

test("seeds with rot heal while jobs run, and all that is watched holds", async () => {
  let healed = 0;
  for (let seed = 0; seed < 30; seed++) {
    const options = drawOptions(seed, { only, pace: 1 });
    if (!options.faults.has("bitFlip")) continue;
    const { faultsByKind } = await runSeed(options);
    healed += faultsByKind.healed ?? 0;
  }
  expect(healed).toBeGreaterThan(0);
}, 600_000);
