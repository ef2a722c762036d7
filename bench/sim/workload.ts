// The job that a virtual cluster runs: what its driver asks for, and what its output must be.

import { graphOf } from "../../master/scheduler/testing/graphs.ts";
import type { StageGraph } from "../../proto/plan/stage.ts";

/** Tasks of the output's last stage. */
export const outputTasks = 3;

export const folderOf = (jobId: string): string => `mem://bucket/${jobId}/`;

const memo = new Map<string, readonly StageGraph[]>();

/** First a result, then an output over two shuffles. */
export function graphsOf(jobId: string): readonly StageGraph[] {
  const known = memo.get(jobId);
  if (known !== undefined) return known;
  const shape = { maps: 5, reduces: outputTasks, plan: "p" };
  const graphs = [
    graphOf({ ...shape, actionIndex: 0, sorts: false, folderUri: "" }),
    graphOf({ ...shape, actionIndex: 1, sorts: true, folderUri: folderOf(jobId) }),
  ];
  memo.set(jobId, graphs);
  return graphs;
}

/** What an output task writes, whoever runs it. */
export function contentOf(task: string): string {
  return `rows of ${task}\n`;
}
