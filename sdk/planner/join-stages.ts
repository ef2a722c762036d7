// The stages of a join: the small side whole to every task, or both sides cut by their keys.

import { broadcastBytesMax } from "../../proto/limits.ts";
import type { JoinNode } from "../../proto/plan/logical.ts";
import type { OperatorProgram } from "../../proto/plan/program.ts";
import { addOperator, type OpenStage, openShuffle, sealShuffle } from "./open-stage.ts";
import { type Planning, partitionCount } from "./stages.ts";

export type Side = "left" | "right";

/** Kept sides whose unmatched rows must come out are whole in one task only. */
export function mayKeep(node: JoinNode, kept: Side): boolean {
  switch (node.type) {
    case "inner":
    case "cross":
      return true;
    case "left":
    case "semi":
    case "anti":
      return kept === "right";
    case "right":
      return kept === "left";
    case "full":
      return false;
  }
}

/** Which side is sent whole to the tasks of the other; undefined: both are cut by their keys. */
function broadcastSide(node: JoinNode, left: OpenStage, right: OpenStage): Side | undefined {
  // One task sees all: it may keep any side.
  if (left.taskCount === 1) return "right";
  if (right.taskCount === 1 && node.type !== "semi" && node.type !== "anti") return "left";
  const mayKeepRight = mayKeep(node, "right");
  if (node.on.length === 0) return mayKeepRight ? "right" : undefined;
  if (node.strategy === "broadcast" && mayKeepRight) return "right";
  if (node.strategy === "broadcastLeft" && mayKeep(node, "left")) return "left";
  if (node.strategy === "shuffle") return undefined;
  const smaller: Side = left.bytesBelow < right.bytesBelow ? "left" : "right";
  for (const side of [smaller, smaller === "left" ? "right" : "left"] as const) {
    const bytes = side === "left" ? left.bytesBelow : right.bytesBelow;
    if (bytes <= broadcastBytesMax && mayKeep(node, side)) return side;
  }
  return undefined;
}

function joinOperator(
  planning: Planning,
  node: JoinNode,
  build: { readonly stageId: number; readonly pipeline: Side },
): OperatorProgram {
  const leftSchema = planning.schemas.of(node.left);
  const rightSchema = planning.schemas.of(node.right);
  return {
    kind: "join",
    node: node.id,
    type: node.type,
    on: node.on,
    rightNames: node.rightNames,
    ...(node.condition === undefined ? {} : { condition: node.condition }),
    build,
    ...(leftSchema === undefined ? {} : { leftSchema }),
    ...(rightSchema === undefined ? {} : { rightSchema }),
  };
}

export function joinStages(
  planning: Planning,
  node: JoinNode,
  left: OpenStage,
  right: OpenStage,
): OpenStage {
  const kept = broadcastSide(node, left, right);
  if (kept !== undefined) {
    const [streaming, whole] = kept === "right" ? [left, right] : [right, left];
    return broadcast(planning, node, streaming, whole, kept === "right" ? "left" : "right");
  }
  return shuffled(planning, node, left, right);
}

function broadcast(
  planning: Planning,
  node: JoinNode,
  streaming: OpenStage,
  whole: OpenStage,
  pipeline: Side,
): OpenStage {
  const stageId = sealShuffle(planning.stages, whole, { kind: "single" }, 1);
  const joined = addOperator(
    streaming,
    joinOperator(planning, node, { stageId, pipeline }),
    `${node.type} join`,
  );
  return {
    ...joined,
    inputs: [...joined.inputs, { stageId, partition: 0, maps: "all" }],
    bytesBelow: streaming.bytesBelow + whole.bytesBelow,
  };
}

/** Rows with equal keys meet in the task of their partition; without keys all rows in one. */
function shuffled(
  planning: Planning,
  node: JoinNode,
  left: OpenStage,
  right: OpenStage,
): OpenStage {
  const { stages, targets } = planning;
  const bytesBelow = left.bytesBelow + right.bytesBelow;
  const wanted = partitionCount(bytesBelow, targets.partitionBytes);
  const partitions = node.on.length === 0 ? 1 : wanted;
  const cut = (open: OpenStage, side: Side): number => {
    const keys = node.on.map((key) => key[side]);
    const partitioner =
      partitions === 1
        ? ({ kind: "single" } as const)
        : ({ kind: "hashColumns", keys, partitions } as const);
    return sealShuffle(stages, open, partitioner, partitions);
  };
  const from = cut(left, "left");
  const stageId = cut(right, "right");
  const reading = openShuffle(from, node.id, partitions, [`${node.type} join`], bytesBelow);
  const joined = addOperator(reading, joinOperator(planning, node, { stageId, pipeline: "left" }));
  return {
    ...joined,
    inputs: [...joined.inputs, { stageId, partition: "own", maps: "all" }],
  };
}
