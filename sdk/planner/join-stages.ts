// The stages of a join: the small side whole to every task, both sides cut by their keys, or both where they are.

import { broadcastBytesMax } from "../../proto/limits.ts";
import type { JoinNode } from "../../proto/plan/logical.ts";
import type { OperatorProgram } from "../../proto/plan/program.ts";
import { addOperator, type OpenStage, openShuffle, sealShuffle, sealWhole } from "./open-stage.ts";
import { type Planning, partitionCount } from "./stages.ts";
import { areInPlace, togetherInPlace, togetherOfBroadcast, togetherOfJoin } from "./together.ts";

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

const otherSide = (side: Side): Side => (side === "left" ? "right" : "left");

interface Sides {
  readonly left: OpenStage;
  readonly right: OpenStage;
}

/** One task that sees all rows of the other side may keep any; but semi joins hand on left rows as they come. */
function isLone(node: JoinNode, open: Sides, kept: Side): boolean {
  const isFound = node.type === "semi" || node.type === "anti";
  return open[otherSide(kept)].taskCount === 1 && !(kept === "left" && isFound);
}

/** Which side is sent whole to the tasks of the other; undefined: both are cut by their keys. */
function broadcastSide(planning: Planning, node: JoinNode, open: Sides): Side | undefined {
  const likely = (side: Side) => planning.sizes.of(node[side]).likely;
  const most = (side: Side) => Math.min(open[side].bytesBelow, planning.sizes.of(node[side]).most);
  const sides = (["right", "left"] as const).filter(
    (side) => mayKeep(node, side) || isLone(node, open, side),
  );
  const smaller = (a: Side | undefined, b: Side) => (a === undefined || most(b) < most(a) ? b : a);
  if (node.on.length === 0) {
    // All pairs are made wherever the sides are: the smaller one has to fit into memory.
    const [first, second] = sides;
    return second !== undefined && likely(second) < likely(first!) ? second : first;
  }
  if (node.strategy === "broadcast" && sides.includes("right")) return "right";
  if (node.strategy === "broadcastLeft" && sides.includes("left")) return "left";
  const isAlone = open.left.taskCount === 1 && open.right.taskCount === 1;
  if (isAlone) return sides.reduce(smaller, undefined);
  const { broadcastBytes = broadcastBytesMax } = planning.targets;
  const small = sides.filter((side) => most(side) <= broadcastBytes);
  const isOne = partitionsOf(planning, open) === 1;
  // Where both would be cut into one part, the side that lies in one task need not be moved.
  const still = isOne ? sides.filter((side) => isLone(node, open, side)) : [];
  const fitting = node.strategy === "shuffle" || small.length === 0 ? still : small;
  return fitting.reduce(smaller, undefined);
}

function partitionsOf({ targets }: Planning, { left, right }: Sides): number {
  return partitionCount(left.bytesBelow + right.bytesBelow, targets.partitionBytes);
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
  if (isInPlace(node, left, right)) return inPlace(planning, node, left, right);
  const kept = broadcastSide(planning, node, { left, right });
  if (kept !== undefined) {
    const [streaming, whole] = kept === "right" ? [left, right] : [right, left];
    return broadcast(planning, node, streaming, whole, kept === "right" ? "left" : "right");
  }
  return shuffled(planning, node, left, right);
}

/** Semi joins hand on rows of the left, which then is the first, alone. */
function bytesPassed({ type }: JoinNode, first: OpenStage, second: OpenStage): number {
  const isFound = type === "semi" || type === "anti";
  return isFound ? first.bytesBelow : first.bytesBelow + second.bytesBelow;
}

function broadcast(
  planning: Planning,
  node: JoinNode,
  streaming: OpenStage,
  whole: OpenStage,
  pipeline: Side,
): OpenStage {
  const stageId = sealWhole(planning.stages, whole, streaming.inputs);
  const joined = addOperator(
    streaming,
    joinOperator(planning, node, { stageId, pipeline }),
    `${node.type} join`,
  );
  return {
    ...joined,
    inputs: [...joined.inputs, { stageId, partition: 0, maps: "all" }],
    bytesBelow: bytesPassed(node, streaming, whole),
    together: togetherOfBroadcast(node, pipeline, streaming.together),
  };
}

/** One task of each side has all rows of its keys, unless a hint says how they are to be sent. */
function isInPlace(node: JoinNode, left: OpenStage, right: OpenStage): boolean {
  return node.strategy === undefined && left.taskCount > 1 && areInPlace(node, left, right);
}

/** Rows with equal keys are in tasks of one number: the smaller side is kept where it is, and read by its own task. */
function inPlace(planning: Planning, node: JoinNode, left: OpenStage, right: OpenStage): OpenStage {
  const { stages, sizes } = planning;
  const isLeftKept = sizes.of(node.left).likely < sizes.of(node.right).likely;
  const [kept, streaming] = isLeftKept ? [left, right] : [right, left];
  const stageId = sealWhole(stages, kept, streaming.inputs);
  const operator = joinOperator(planning, node, {
    stageId,
    pipeline: isLeftKept ? "right" : "left",
  });
  const isRead = streaming.placement.kind === "any";
  return {
    ...addOperator(streaming, operator, `${node.type} join`),
    inputs: [...streaming.inputs, { stageId, partition: 0, maps: "own" }],
    placement: isRead ? { kind: "with", stageId } : streaming.placement,
    bytesBelow: bytesPassed(node, left, right),
    together: togetherInPlace(node, left.together, right.together),
  };
}

/** Rows with equal keys meet in the task of their partition; without keys all rows in one. */
function shuffled(
  planning: Planning,
  node: JoinNode,
  left: OpenStage,
  right: OpenStage,
): OpenStage {
  const { stages, sizes } = planning;
  const bytesBelow = left.bytesBelow + right.bytesBelow;
  const partitions = node.on.length === 0 ? 1 : partitionsOf(planning, { left, right });
  // The smaller side is kept.
  const isLeftKept = sizes.of(node.left).likely < sizes.of(node.right).likely;
  const cut = (open: OpenStage, side: Side, beside: readonly { readonly stageId: number }[]) => {
    if (partitions === 1) return sealWhole(stages, open, beside);
    const keys = node.on.map((key) => key[side]);
    return sealShuffle(stages, open, { kind: "hashColumns", keys, partitions }, partitions);
  };
  const leftId = cut(left, "left", []);
  const rightId = cut(right, "right", [{ stageId: leftId }]);
  const [from, stageId] = isLeftKept ? [rightId, leftId] : [leftId, rightId];
  const pipeline = isLeftKept ? "right" : "left";
  const reading = openShuffle(from, node.id, partitions, [`${node.type} join`], bytesBelow);
  const joined = addOperator(reading, joinOperator(planning, node, { stageId, pipeline }));
  return {
    ...joined,
    inputs: [...joined.inputs, { stageId, partition: "own", maps: "all" }],
    bytesBelow: bytesPassed(node, left, right),
    together: togetherOfJoin(node),
  };
}
