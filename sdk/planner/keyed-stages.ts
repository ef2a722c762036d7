// Stages of pairs by key: combined before the shuffle where that is possible, so that less crosses the wire.

import { unreachable } from "../../proto/errors.ts";
import type { KeyedNode } from "../../proto/plan/logical.ts";
import type { OperatorProgram, PartitionerProgram } from "../../proto/plan/program.ts";
import { addOperator, type OpenStage, openShuffle, sealShuffle } from "./open-stage.ts";
import { type Planning, partitionCount } from "./stages.ts";
import { togetherBy } from "./together.ts";

type GroupingNode = Exclude<KeyedNode, { readonly kind: "repartition" }>;

type Phase = "partial" | "final";

function phaseOf(node: GroupingNode, phase: Phase): OperatorProgram | undefined {
  const { id } = node;
  switch (node.kind) {
    case "countByValue":
    case "reduceByKey":
      return { kind: node.kind, node: id, phase };
    case "aggregateByKey":
      return { kind: "aggregateByKey", node: id, zeroJson: node.zeroJson, phase };
    case "groupByKey":
      // Nothing to combine: every value crosses.
      if (phase === "partial") return undefined;
      return { kind: "groupByKey", node: id, sorted: node.sorted };
    default:
      return unreachable(node);
  }
}

/** Phases where one task has all rows: what combines values as they are needs no more than the last. */
function phasesOfOne({ kind }: GroupingNode): readonly Phase[] {
  return kind === "reduceByKey" || kind === "groupByKey" ? ["final"] : ["partial", "final"];
}

export function addKeyed(planning: Planning, open: OpenStage, node: GroupingNode): OpenStage {
  const { stages, targets } = planning;
  const { kind, id } = node;
  const column = kind === "countByValue" ? "value" : "key";
  const partitions = partitionCount(open.bytesBelow, targets.wholeBytes ?? targets.partitionBytes);
  if (open.taskCount === 1 && partitions === 1) {
    return phasesOfOne(node).reduce(
      (stage, phase, at) => addOperator(stage, phaseOf(node, phase)!, at === 0 ? kind : undefined),
      open,
    );
  }
  const before = phaseOf(node, "partial");
  const partial = before === undefined ? open : addOperator(open, before, kind);
  const from = sealShuffle(stages, partial, { kind: "hash", column, partitions }, partitions);
  const reading = openShuffle(from, id, partitions, [kind], open.bytesBelow);
  return addOperator(reading, phaseOf(node, "final")!);
}

export function repartition(
  planning: Planning,
  open: OpenStage,
  node: Extract<KeyedNode, { readonly kind: "repartition" }>,
): OpenStage {
  const { id, partitions, by } = node;
  const from = sealShuffle(planning.stages, open, partitionerOf(by, id, partitions), partitions);
  planning.askedFor.add(from);
  const divided = openShuffle(from, id, partitions, ["repartition"], open.bytesBelow);
  return typeof by === "string" ? divided : { ...divided, together: togetherBy(by) };
}

function partitionerOf(
  by: Extract<KeyedNode, { readonly kind: "repartition" }>["by"],
  node: number,
  partitions: number,
): PartitionerProgram {
  if (by === "even") return { kind: "even", partitions };
  if (by === "closure") return { kind: "closure", node, partitions };
  return { kind: "hashColumns", keys: by, partitions };
}
