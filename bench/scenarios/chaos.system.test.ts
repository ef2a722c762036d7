// A small form of `npm run chaos`: real processes under one fault of several kinds, and each record accounted for.

import { expect, test } from "vitest";
import { runChaos } from "../chaos/run.ts";
import { minioForTests } from "../minio/for-tests.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("chaos");
const minio = await minioForTests();
const only = ["kill the leader", "cut what is sent to a follower", "kill a worker"] as const;

test.skipIf(minio.absent)(
  `no record and no acknowledged job is lost, doubled or altered${minio.note}`,
  async () => {
    const notes: string[] = [];
    const report = await runChaos({
      ...{ faults: only.length, only, records: 40_000, recordsPerJob: 20_000, seed: 11 },
      ...{ folder, minio: await minio.server(), note: (text) => notes.push(text) },
    });
    expect([...report.faults.keys()].sort(), notes.join("\n")).toEqual([...only].sort());
    expect(report.failoversMs).toHaveLength(1);
    expect(report.jobs.length).toBeGreaterThanOrEqual(2);
    const even = { lost: 0, duplicated: 0, altered: 0 };
    // How long a failover takes is for a quiet machine to tell: `npm run chaos` holds it to its bound.
    for (const { state, account } of report.jobs) {
      expect({ state, account }, notes.join("\n")).toEqual({ state: "succeeded", account: even });
    }
  },
  240_000,
);
