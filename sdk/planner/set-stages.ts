// Stages of two inputs whose equal rows, or equal keys, must meet.

import type { CogroupNode, JoinByKeyNode, SetNode } from "../../proto/plan/logical.ts";
import type { OperatorProgram, PartitionerProgram } from "../../proto/plan/program.ts";
import { addOperator, type OpenStage, openShuffle, sealShuffle, sealWhole } from "./open-stage.ts";
import { type Planning, partitionCount } from "./stages.ts";

function met(
  planning: Planning,
  id: number,
  sides: readonly [OpenStage, OpenStage],
  partitionerOf: (partitions: number) => PartitionerProgram,
  operatorOf: (rightStageId: number) => OperatorProgram,
): OpenStage {
  const { stages, targets } = planning;
  const [left, right] = sides;
  const bytesBelow = left.bytesBelow + right.bytesBelow;
  const partitions = partitionCount(bytesBelow, targets.partitionBytes);
  if (left.taskCount === 1 && partitions === 1) {
    // What lies in one task need not be moved: the other side comes to it.
    const stageId = sealWhole(stages, right, left.inputs);
    const operator = operatorOf(stageId);
    const joined = addOperator(left, operator, operator.kind);
    const inputs = [...left.inputs, { stageId, partition: 0, maps: "all" } as const];
    return { ...joined, inputs, bytesBelow };
  }
  const partitioner = partitionerOf(partitions);
  const from = sealShuffle(stages, left, partitioner, partitions);
  const stageId = sealShuffle(stages, right, partitioner, partitions);
  const operator = operatorOf(stageId);
  const reading = openShuffle(from, id, partitions, [operator.kind], bytesBelow);
  const open = addOperator(reading, operator);
  return { ...open, inputs: [...open.inputs, { stageId, partition: "own", maps: "all" }] };
}

export function setStages(
  planning: Planning,
  node: SetNode,
  left: OpenStage,
  right: OpenStage,
): OpenStage {
  const { kind, id, all } = node;
  return met(
    planning,
    id,
    [left, right],
    (partitions) => ({ kind: "hashColumns", keys: "all", partitions }),
    (stageId) => ({ kind, node: id, all, stageId }),
  );
}

export function byKeyStages(
  planning: Planning,
  node: CogroupNode | JoinByKeyNode,
  left: OpenStage,
  right: OpenStage,
): OpenStage {
  const { id } = node;
  return met(
    planning,
    id,
    [left, right],
    (partitions) => ({ kind: "hash", column: "key", partitions }),
    (stageId) =>
      node.kind === "cogroup"
        ? { kind: "cogroup", node: id, stageId }
        : { kind: "joinByKey", node: id, type: node.type, stageId },
  );
}
