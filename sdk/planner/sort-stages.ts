// The stages of a sort: one task, top-k, or sampled ranges.

import {
  sortSamplePiecesPerTask,
  sortSamplesMax,
  sortSamplesPerPiece,
  sortSamplesPerTask,
} from "../../proto/limits.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import type { OperatorProgram, PartitionerProgram } from "../../proto/plan/program.ts";
import type { ShuffleInput, StagePlan } from "../../proto/plan/stage.ts";
import { addOperator, gather, type OpenStage, openShuffle, sealShuffle } from "./open-stage.ts";
import { sampleStage } from "./sort-samples.ts";
import { type Planning, partitionCount } from "./stages.ts";

type SortNode = Extract<LogicalNode, { kind: "orderBy" | "sortBy" }>;

/** The programs of a sort: by a closure or dynamic column, or by expressions over typed columns. */
interface SortPrograms {
  readonly sort: OperatorProgram;
  hold(samplesMax: number): PartitionerProgram;
  /** The stage to sample where rows need not be held, with what becomes of its rows. */
  sampled?(open: OpenStage): Sampled | undefined;
  bounds(partitions: number): OperatorProgram;
  divide(boundsStageId: number, partitions: number): PartitionerProgram;
}

interface Sampled {
  readonly open: OpenStage;
  readonly partitioner: PartitionerProgram;
}

const samplePartition = 1;
/** How much larger than its estimate the input of a sort may well be. */
const guessMargin = 4;

/** Samples of each of so many tasks. */
function samplesOf(taskCount: number, wanted: number): number {
  return Math.min(Math.max(Math.floor(sortSamplesMax / taskCount), 1), wanted);
}

function programsOf(node: SortNode): SortPrograms {
  const top = node.rowsMax === undefined ? {} : { rowsMax: node.rowsMax };
  if (node.kind === "sortBy") {
    const { keys } = node;
    return {
      sort: { kind: "sortBy", node: node.id, keys, ...top },
      hold: (samplesMax) => ({ kind: "holdAndSampleBy", keys, samplePartition, samplesMax }),
      sampled: (open) => {
        const sampled = sampleStage(open, keys);
        if (sampled === undefined) return undefined;
        const samplesMax = samplesOf(
          sampled.taskCount,
          sortSamplePiecesPerTask * sortSamplesPerPiece,
        );
        return { open: sampled, partitioner: { kind: "sampleBy", keys, samplesMax } };
      },
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
  const { targets, sizes } = planning;
  // Of a few groups of many rows: a wrong guess makes larger ranges, which are sorted on disk.
  const bytes = Math.min(open.bytesBelow, guessMargin * sizes.of(node.input).likely);
  const partitions = partitionCount(bytes, targets.wholeBytes ?? targets.partitionBytes);
  if (partitions === 1) {
    return addOperator(gather(planning.stages, open, node.id, ["orderBy"]), sort);
  }
  return addOperator(rangeStages(planning, open, node.id, programs, partitions), sort);
}

/** Samples of all tasks tell the bounds of the ranges before any row is moved. */
function rangeStages(
  planning: Planning,
  open: OpenStage,
  id: number,
  programs: SortPrograms,
  partitions: number,
): OpenStage {
  const { stages } = planning;
  const { bytesBelow } = open;
  const divide = (rows: OpenStage, samples: ShuffleInput): OpenStage => {
    const opened = openShuffle(samples.stageId, id, 1, ["orderBy bounds"], bytesBelow);
    const found = addOperator({ ...opened, inputs: [samples] }, programs.bounds(partitions));
    const bounds = sealShuffle(stages, found, { kind: "single" }, 1);
    const inputs: readonly ShuffleInput[] = [
      ...rows.inputs,
      { stageId: bounds, partition: 0, maps: "all" },
    ];
    const names = [...rows.names, "orderBy ranges"];
    const by = programs.divide(bounds, partitions);
    const divided = sealShuffle(stages, { ...rows, names, inputs }, by, partitions);
    return openShuffle(divided, id, partitions, ["orderBy"], bytesBelow);
  };
  const sampled = programs.sampled?.(open);
  if (sampled !== undefined) {
    const stageId = sealShuffle(stages, sampled.open, sampled.partitioner, 1);
    return divide(open, { stageId, partition: 0, maps: "all" });
  }
  return divideHeld(stages, open, id, programs, divide);
}

/** Rows that are not made twice are held where they are until the bounds are known. */
function divideHeld(
  stages: StagePlan[],
  open: OpenStage,
  id: number,
  programs: SortPrograms,
  divide: (rows: OpenStage, samples: ShuffleInput) => OpenStage,
): OpenStage {
  const { taskCount, bytesBelow } = open;
  const held = sealShuffle(
    stages,
    open,
    programs.hold(samplesOf(taskCount, sortSamplesPerTask)),
    2,
  );
  const rows: OpenStage = {
    ...openShuffle(held, id, taskCount, [], bytesBelow),
    inputs: [{ stageId: held, partition: 0, maps: "own" }],
    placement: { kind: "with", stageId: held },
  };
  return divide(rows, { stageId: held, partition: samplePartition, maps: "all" });
}
