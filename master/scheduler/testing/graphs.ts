// Small stage graphs for tests.

import type { TaskProgram } from "../../../proto/plan/program.ts";
import type { StageGraph, StageOutput, StagePlan } from "../../../proto/plan/stage.ts";

const program: TaskProgram = {
  source: { kind: "text", node: 0 },
  operators: [],
  sink: { kind: "count" },
};

function stage(
  stageId: number,
  label: string,
  taskCount: number,
  rest: Pick<StagePlan, "inputs" | "placement" | "output"> & Partial<StagePlan>,
): StagePlan {
  return { stageId, label, taskCount, program, splits: [], inputBytes: 0, ...rest };
}

export interface GraphShape {
  readonly actionIndex: number;
  readonly maps: number;
  /** 0: the maps give the result themselves. */
  readonly reduces: number;
  /** A third stage that reads the reduces' output, task by task. */
  readonly sorts: boolean;
  /** Empty for a result. */
  readonly folderUri: string;
  readonly plan: string;
  /** The reduces' output is kept under this name; empty for none. */
  readonly keep?: string;
  /** Instead of maps and reduces a stage that stands for what is kept. */
  readonly isLeaf?: boolean;
  /** Partitions of at most so many bytes together are reduced by one task; its sorts follow it. */
  readonly coalesce?: number;
  /** The sorts only count what their reduce made. */
  readonly counts?: boolean;
  /** As of a write to a sink of others. */
  readonly cleans?: boolean;
  readonly publishes?: boolean;
}

/** map → reduce → sort, as far as asked for. */
export function graphOf(shape: GraphShape): StageGraph {
  const { actionIndex, maps, reduces, sorts, folderUri, coalesce } = shape;
  const last: StageOutput =
    folderUri === "" ? { kind: "result" } : { kind: "output", format: "text", folderUri };
  const head = { actionIndex, planDigest: `count#${shape.plan}:0`, label: "word count" };
  const shuffle: StageOutput = { kind: "shuffle", partitions: Math.max(1, reduces) };
  const isCounted = shape.counts === true && sorts;
  if (shape.isLeaf === true && shape.keep !== undefined) {
    const kept = {
      inputs: [],
      placement: { kind: "any" },
      keep: shape.keep,
      keptOnly: true,
    } as const;
    const read = { stageId: 0, partition: 0, maps: "own" } as const;
    const leaf = stage(0, "kept", reduces, { ...kept, output: { kind: "shuffle", partitions: 1 } });
    const placement = { kind: "with", stageId: 0 } as const;
    const reader = stage(1, "count", reduces, { inputs: [read], placement, output: last });
    return { ...head, stages: [leaf, reader] };
  }
  const stages: StagePlan[] = [
    stage(0, "map", maps, {
      inputs: [],
      placement: { kind: "any" },
      output: reduces > 0 ? shuffle : last,
    }),
  ];
  if (reduces > 0) {
    stages.push(
      stage(1, "reduce", reduces, {
        inputs: [{ stageId: 0, partition: "own", maps: "all" }],
        placement: { kind: "ring" },
        output: isCounted ? { kind: "shuffle", partitions: 1 } : sorts ? shuffle : last,
        ...(shape.keep === undefined ? {} : { keep: shape.keep }),
        ...(coalesce === undefined ? {} : { coalesce: { targetBytes: coalesce } }),
      }),
    );
  }
  if (reduces > 0 && sorts) {
    const isFirst = isCounted || coalesce !== undefined;
    stages.push(
      stage(2, "sort", reduces, {
        inputs: [{ stageId: 1, partition: isFirst ? 0 : "own", maps: "own" }],
        placement: { kind: "with", stageId: 1 },
        output: last,
        ...(coalesce === undefined ? {} : { follows: 1 }),
        ...(isCounted
          ? { program: { ...program, source: { kind: "shuffle", node: 0, stageId: 1 } } }
          : {}),
      }),
    );
  }
  const cleanup = stage(0, "discard", 1, {
    inputs: [],
    placement: { kind: "any" },
    output: { kind: "result" },
  });
  return {
    ...head,
    stages,
    ...(shape.cleans === true ? { cleanup } : {}),
    ...(shape.publishes === true ? { publishes: true } : {}),
  };
}
