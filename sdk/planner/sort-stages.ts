// The stages of a sort: one task, top-k, or sampled ranges.

import { sortSamplesMax, sortSamplesPerTask } from "../../proto/limits.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import type { OperatorProgram, PartitionerProgram } from "../../proto/plan/program.ts";
import { addOperator, gather, type OpenStage, openShuffle, sealShuffle } from "./open-stage.ts";
import { type Planning, partitionCount } from "./stages.ts";

type SortNode = Extract<LogicalNode, { kind: "orderBy" | "sortBy" }>;

/** The programs of a sort: by a closure or dynamic column, or by expressions over typed columns. */
interface SortPrograms {
  readonly sort: OperatorProgram;
  hold(samplesMax: number): PartitionerProgram;
  bounds(partitions: number): OperatorProgram;
  divide(boundsStageId: number, partitions: number): PartitionerProgram;
}

const samplePartition = 1;

function programsOf(node: SortNode): SortPrograms {
  const top = node.rowsMax === undefined ? {} : { rowsMax: node.rowsMax };
  if (node.kind === "sortBy") {
    const { keys } = node;
    return {
      sort: { kind: "sortBy", node: node.id, keys, ...top },
      hold: (samplesMax) => ({ kind: "holdAndSampleBy", keys, samplePartition, samplesMax }),
      bounds: (partitions) => ({ kind: "sortBounds", node: node.id, keys, partitions }),
      divide: (boundsStageId, partitions) => ({ kind: "rangeBy", keys, boundsStageId, partitions }),
    };
  }
  const { key } = node;
  const by = { node: node.id, key };
  return {
    sort: { kind: "sort", ...by, ...top },
    hold: (samplesMax) => ({ kind: "holdAndSample", ...by, samplePartition, samplesMax }),
    bounds: (partitions) => ({ kind: "rangeBounds", ...by, partitions }),
    divide: (boundsStageId, partitions) => ({ kind: "range", ...by, boundsStageId, partitions }),
  };
}

export function sortStages(planning: Planning, open: OpenStage, node: SortNode): OpenStage {
  const programs = programsOf(node);
  const { sort } = programs;
  if (open.taskCount === 1) return addOperator(open, sort, "orderBy");
  if (node.rowsMax !== undefined) {
    // Each task's own first rows are enough to find the first of all.
    const partial = addOperator(open, sort, "orderBy");
    return addOperator(gather(planning.stages, partial, node.id, ["orderBy"]), sort);
  }
  const partitions = partitionCount(open.bytesBelow, planning.targets.partitionBytes);
  if (partitions === 1) {
    return addOperator(gather(planning.stages, open, node.id, ["orderBy"]), sort);
  }
  return addOperator(rangeStages(planning, open, node.id, programs, partitions), sort);
}

/** Rows are held where they are until samples of all tasks have told the bounds of the ranges. */
function rangeStages(
  planning: Planning,
  open: OpenStage,
  id: number,
  programs: SortPrograms,
  partitions: number,
): OpenStage {
  const { stages } = planning;
  const { taskCount, bytesBelow } = open;
  const share = Math.max(Math.floor(sortSamplesMax / taskCount), 1);
  const held = sealShuffle(stages, open, programs.hold(Math.min(share, sortSamplesPerTask)), 2);
  const boundsStage: OpenStage = {
    ...openShuffle(held, id, 1, ["orderBy bounds"], bytesBelow),
    inputs: [{ stageId: held, partition: samplePartition, maps: "all" }],
  };
  const found = addOperator(boundsStage, programs.bounds(partitions));
  const bounds = sealShuffle(stages, found, { kind: "single" }, 1);
  const divide: OpenStage = {
    ...openShuffle(held, id, taskCount, ["orderBy ranges"], bytesBelow),
    inputs: [
      { stageId: held, partition: 0, maps: "own" },
      { stageId: bounds, partition: 0, maps: "all" },
    ],
    placement: { kind: "with", stageId: held },
  };
  const divided = sealShuffle(stages, divide, programs.divide(bounds, partitions), partitions);
  return openShuffle(divided, id, partitions, ["orderBy"], bytesBelow);
}
