// The jobs of the workload at full size, planned and read as a master reads them.

import { expect, test } from "vitest";
import { decodeGraph } from "../../../../master/api/decode-graph.ts";
import type { DriverHost } from "../../../../proto/plan/bundle.ts";
import type { StageGraph } from "../../../../proto/plan/stage.ts";
import { createBundle } from "../../../../sdk/driver/create-bundle.ts";
import type { DataCache } from "../../protocol/data-cache.ts";
import { small } from "./workload.ts";

const noCache: DataCache = { folder: "/nowhere", file: async (name) => name };

/** The plan of the first action, as it is sent. */
async function planned(file: string, params: unknown): Promise<StageGraph> {
  const { default: job } = (await import(file)) as { readonly default: unknown };
  let graph: StageGraph | undefined;
  const host: DriverHost = {
    describeInput: () => expect.unreachable("nothing is read"),
    listInputs: () => expect.unreachable("nothing is read"),
    recordedOutcome: async () => undefined,
    runAction: async (action) => {
      graph = decodeGraph(JSON.stringify(action.graph));
      throw new Error("planned");
    },
  };
  const context = { jobId: "j", paramsJson: JSON.stringify(params), seed: 1, submittedWallMs: 0 };
  const driving = createBundle(job).drive({ ...context, workingFolder: "/" }, host);
  await expect(driving).rejects.toThrow("planned");
  return graph!;
}

test("every job of the workload at full size is one that a master takes, and has its tasks", async () => {
  const { rows } = await small.prepare(noCache, "full", 1);
  const most = new Map<string, number>();
  for (const row of rows) {
    const { millrace } = row.tasks("out");
    if (millrace.kind !== "job") continue;
    const { stages } = await planned(millrace.file, millrace.params);
    most.set(row.name, Math.max(...stages.map(({ taskCount }) => taskCount)));
  }
  expect(most).toEqual(
    new Map([
      ["shell", 1],
      ["warm", 1],
      ["tasks", 10_000],
      ["shuffled-tasks", 10_000],
    ]),
  );
});
