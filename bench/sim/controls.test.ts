// Control experiments: with a known mistake planted, simulated seeds fail by what is watched.

import { expect, test } from "vitest";
import { AssertionError } from "../../proto/errors.ts";
import type { FaultName } from "./fault-table.ts";
import { drawOptions } from "./options.ts";
import { type Planted, runSeed } from "./run.ts";

interface Search {
  readonly planted: Planted;
  readonly seeds: number;
  /** Instead of the faults that seeds draw. */
  readonly only?: readonly FaultName[];
}

/** What the first seed that fails says; only a check that says so counts as found. */
async function firstCatch({ planted, seeds, only }: Search): Promise<string | undefined> {
  for (let seed = 0; seed < seeds; seed++) {
    try {
      await runSeed(drawOptions(seed, { pace: 1, only }), planted);
    } catch (thrown) {
      if (!(thrown instanceof AssertionError)) throw thrown;
      return thrown.message;
    }
  }
  return undefined;
}

const testMsMax = 600_000;

test(
  "repliesBeforeSync is found by simulated seeds",
  async () => {
    const planted = { raft: "repliesBeforeSync" } as const;
    expect(await firstCatch({ planted, seeds: 40 })).toBeDefined();
  },
  testMsMax,
);

test(
  "saveProvesOverwritten is found by simulated seeds of slow disks under leaders that change",
  async () => {
    const planted = { raft: "saveProvesOverwritten" } as const;
    const disks = ["slowDisk", "hangDisk"] as const;
    const leaders = ["cutMaster", "cutOneWay", "shutMaster", "transferLeader"] as const;
    const only = [...disks, ...leaders];
    expect(await firstCatch({ planted, seeds: 60, only })).toBeDefined();
  },
  testMsMax,
);

test(
  "with fencing off at what a lock guards, a history of writes is not linearizable",
  async () => {
    const message = await firstCatch({ planted: { ignoresTokens: true }, seeds: 40 });
    expect(message).toMatch(/is not linearizable[\s\S]*write to l\d with token/);
  },
  testMsMax,
);

test.each(["renewsAfterRevocation", "grantedWithoutRecheck"] as const)(
  "%s is found in the history of a lock",
  async (lease) => {
    expect(await firstCatch({ planted: { lease }, seeds: 40 })).toMatch(/is not linearizable/);
  },
  testMsMax,
);

test(
  "lostCreationOrphans leaves a lock that nobody gets",
  async () => {
    const message = await firstCatch({ planted: { lease: "lostCreationOrphans" }, seeds: 40 });
    expect(message).toMatch(/is not free \d+ ms after its last user stopped/);
  },
  testMsMax,
);

/** Workers come back to finish what others were given meanwhile. */
const only = ["pauseWorker", "late", "loseBlock", "corruptBlock"] as const;

test(
  "with fencing off in the masters, finished work is accepted twice",
  async () => {
    const message = await firstCatch({ planted: { lease: "fencingOff" }, seeds: 40, only });
    expect(message).toMatch(/token \d+ was accepted, \d+ is the newest/);
    expect(await firstCatch({ planted: {}, seeds: 12, only })).toBeUndefined();
  },
  testMsMax,
);
