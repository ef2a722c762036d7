// A stage that is still being added to, and the list of those already sealed.

import { EngineError } from "../../proto/errors.ts";
import { stagesPerActionMax } from "../../proto/limits.ts";
import type { NodeId } from "../../proto/plan/logical.ts";
import type {
  OperatorProgram,
  PartitionerProgram,
  SinkProgram,
  SourceProgram,
  TaskSplit,
} from "../../proto/plan/program.ts";
import type { Placement, ShuffleInput, StageOutput, StagePlan } from "../../proto/plan/stage.ts";
import type { Together } from "./together.ts";

export interface OpenStage {
  readonly names: readonly string[];
  readonly taskCount: number;
  readonly inputs: readonly ShuffleInput[];
  readonly placement: Placement;
  readonly source: SourceProgram;
  readonly operators: readonly OperatorProgram[];
  readonly splits: readonly TaskSplit[];
  /** Bytes of files that the stage itself reads. */
  readonly inputBytes: number;
  /** Bytes of all files below it: an upper bound, in the files' encoding, of what it makes. */
  readonly bytesBelow: number;
  /** Columns by which its rows were brought together; not set where nothing is known. */
  readonly together?: Together | undefined;
}

/**
 * The stage with one more operator; without a name it is not told apart in the label. Of operators that look at each row
 * for itself, callers say what stays `together`.
 */
export function addOperator(open: OpenStage, operator: OperatorProgram, name?: string): OpenStage {
  const names = name === undefined ? open.names : [...open.names, name];
  return { ...open, names, operators: [...open.operators, operator], together: undefined };
}

/** Appends the finished stage; answers its id. `kept`: where its output is for, or from, other actions. */
export function seal(
  stages: StagePlan[],
  open: OpenStage,
  sink: SinkProgram,
  output: StageOutput,
  kept: Pick<StagePlan, "keep" | "keptOnly"> = {},
): number {
  const stageId = stages.length;
  if (stageId >= stagesPerActionMax) {
    throw new EngineError(
      "PLAN_INVALID",
      `the plan needs more than ${stagesPerActionMax} stages; write an intermediate output and read it`,
    );
  }
  stages.push({
    stageId,
    label: open.names.join(" → "),
    taskCount: open.taskCount,
    inputs: open.inputs,
    placement: open.placement,
    output,
    program: { source: open.source, operators: open.operators, sink },
    splits: open.splits,
    inputBytes: open.inputBytes,
    ...kept,
  });
  return stageId;
}

export function sealShuffle(
  stages: StagePlan[],
  open: OpenStage,
  partitioner: PartitionerProgram,
  partitions: number,
): number {
  return seal(stages, open, { kind: "shuffle", partitioner }, { kind: "shuffle", partitions });
}

/**
 * All rows for every task of another stage; answers the stage that has them. For held rows it is there already, where
 * it is none of those that the other stage reads `beside`, since each is read once.
 */
export function sealWhole(
  stages: StagePlan[],
  open: OpenStage,
  beside: readonly Pick<ShuffleInput, "stageId">[],
): number {
  const [input] = open.inputs;
  const isHeld = open.source.kind === "shuffle" && open.operators.length === 0;
  if (isHeld && input?.partition === 0 && input.maps === "own") {
    const { stageId } = input;
    if (beside.every((other) => other.stageId !== stageId)) return stageId;
  }
  return sealShuffle(stages, open, { kind: "single" }, 1);
}

/** A stage over the shuffle output of `stageId`, one task per partition. */
export function openShuffle(
  stageId: number,
  node: NodeId,
  taskCount: number,
  names: readonly string[],
  bytesBelow: number,
): OpenStage {
  return {
    names,
    taskCount,
    inputs: [{ stageId, partition: "own", maps: "all" }],
    placement: { kind: "ring" },
    source: { kind: "shuffle", node, stageId },
    operators: [],
    splits: [],
    inputBytes: 0,
    bytesBelow,
  };
}

/** All rows in one task, in their order. */
export function gather(
  stages: StagePlan[],
  open: OpenStage,
  node: NodeId,
  names: readonly string[],
): OpenStage {
  const from = sealShuffle(stages, open, { kind: "single" }, 1);
  return openShuffle(from, node, 1, names, open.bytesBelow);
}

/** Keeps what each task made where it is, to be read by the same-numbered tasks of several stages. */
export function hold(stages: StagePlan[], open: OpenStage, node: NodeId, keep?: string): OpenStage {
  const sink = { kind: "shuffle", partitioner: { kind: "single" } } as const;
  const kept = keep === undefined ? {} : { keep };
  const from = seal(stages, open, sink, { kind: "shuffle", partitions: 1 }, kept);
  return { ...openHeld(from, node, open), together: open.together };
}

/** A stage whose tasks read what the same-numbered ones of stage `stageId` hold. */
export function openHeld(
  stageId: number,
  node: NodeId,
  held: Pick<OpenStage, "taskCount" | "bytesBelow">,
): OpenStage {
  return {
    ...openShuffle(stageId, node, held.taskCount, [`held #${node}`], held.bytesBelow),
    inputs: [{ stageId, partition: 0, maps: "own" }],
    placement: { kind: "with", stageId },
  };
}
