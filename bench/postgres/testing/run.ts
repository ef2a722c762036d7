// Runs the body of a job in memory: its own driver, plans and tasks, on one thread.

import { defineJob, type Millrace, z } from "millrace";
import { createBundle } from "../../../sdk/driver/create-bundle.ts";
import { type InMemoryRun, runInMemory } from "../../oracle/in-memory-engine.ts";

let jobs = 0;

export async function run(body: (mr: Millrace) => Promise<unknown>): Promise<InMemoryRun> {
  const job = defineJob({ name: "tested", params: z.object({}), run: body });
  return await runInMemory({
    bundle: createBundle(job),
    context: {
      ...{ jobId: `j${process.pid}-${jobs++}`, paramsJson: "{}", seed: 1 },
      ...{ submittedWallMs: 0, workingFolder: "/" },
    },
    files: new Map(),
    planTargets: { splitBytes: 1000, partitionBytes: 1000, coalescedBytes: 0 },
  });
}
