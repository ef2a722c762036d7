// The stages of a sort: one task, top-k, or sampled ranges.

import { sortSamplesMax, sortSamplesPerTask } from "../../proto/limits.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import type { OperatorProgram } from "../../proto/plan/program.ts";
import type { StagePlan } from "../../proto/plan/stage.ts";
import { addOperator, type OpenStage, openShuffle, sealShuffle } from "./open-stage.ts";

type SortNode = Extract<LogicalNode, { kind: "orderBy" }>;

/** `partitions`: how many tasks share a full sort. */
export function sortStages(
  stages: StagePlan[],
  open: OpenStage,
  node: SortNode,
  partitions: number,
): OpenStage {
  const sort: OperatorProgram = {
    kind: "sort",
    node: node.id,
    key: node.key,
    ...(node.rowsMax === undefined ? {} : { rowsMax: node.rowsMax }),
  };
  if (open.taskCount === 1) return addOperator(open, sort, "orderBy");
  if (node.rowsMax !== undefined) {
    // Each task's own first rows are enough to find the first of all.
    const partial = addOperator(open, sort, "orderBy");
    const from = sealShuffle(stages, partial, { kind: "single" }, 1);
    return addOperator(openShuffle(from, node.id, 1, ["orderBy"]), sort);
  }
  if (partitions === 1) {
    const from = sealShuffle(stages, open, { kind: "single" }, 1);
    return addOperator(openShuffle(from, node.id, 1, ["orderBy"]), sort);
  }
  return addOperator(rangeStages(stages, open, node, partitions), sort);
}

/** Rows are held where they are until samples of all tasks have told the bounds of the ranges. */
function rangeStages(
  stages: StagePlan[],
  open: OpenStage,
  node: SortNode,
  partitions: number,
): OpenStage {
  const { id, key } = node;
  const taskCount = open.taskCount;
  const share = Math.max(Math.floor(sortSamplesMax / taskCount), 1);
  const samplesMax = Math.min(share, sortSamplesPerTask);
  const hold = { kind: "holdAndSample", node: id, key, samplePartition: 1, samplesMax } as const;
  const held = sealShuffle(stages, open, hold, 2);
  const boundsStage: OpenStage = {
    ...openShuffle(held, id, 1, ["orderBy bounds"]),
    inputs: [{ stageId: held, partition: 1, maps: "all" }],
  };
  const findBounds = { kind: "rangeBounds", node: id, key, partitions } as const;
  const bounds = sealShuffle(stages, addOperator(boundsStage, findBounds), { kind: "single" }, 1);
  const divide: OpenStage = {
    ...openShuffle(held, id, taskCount, ["orderBy ranges"]),
    inputs: [
      { stageId: held, partition: 0, maps: "own" },
      { stageId: bounds, partition: 0, maps: "all" },
    ],
    placement: { kind: "with", stageId: held },
  };
  const byRange = { kind: "range", node: id, key, boundsStageId: bounds, partitions } as const;
  const divided = sealShuffle(stages, divide, byRange, partitions);
  return openShuffle(divided, id, partitions, ["orderBy"]);
}
