// The single thread that the engine must beat: plain TypeScript functions in one process.

import { baselines } from "../workloads/baselines.ts";
import { rowsOf } from "./cells.ts";
import { serve } from "./serve.ts";

async function main(workload: string): Promise<void> {
  const functions = baselines[workload] ?? {};
  await serve(process.version, async ({ task, output }) => {
    if (task.kind !== "function") throw new Error(`the baseline runs functions, not ${task.kind}`);
    const run = functions[task.name];
    if (run === undefined) throw new Error(`${workload} has no baseline ${task.name}`);
    return rowsOf(await run(task.params, output));
  });
  process.exit(0);
}

const [workload = ""] = process.argv.slice(2);
void main(workload);
