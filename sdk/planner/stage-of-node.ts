// The open stage of one node over those of its inputs; each kind of node has its file beside this one.

import { unreachable } from "../../proto/errors.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import type { OperatorProgram } from "../../proto/plan/program.ts";
import { addAggregate, addDistinct, addWindows } from "./group-stages.ts";
import { joinStages } from "./join-stages.ts";
import { keep, openKept } from "./kept-stages.ts";
import { addKeyed, repartition } from "./keyed-stages.ts";
import { addLimit } from "./limit-stages.ts";
import { addOperator, gather, type OpenStage } from "./open-stage.ts";
import { openFiles, openRange, openValues } from "./read-stages.ts";
import { byKeyStages, setStages } from "./set-stages.ts";
import { sortStages } from "./sort-stages.ts";
import { openSource } from "./source-stages.ts";
import type { Planning } from "./stages.ts";
import { togetherBehind } from "./together.ts";
import { unionStages } from "./union-stages.ts";

export function openNode(
  planning: Planning,
  node: LogicalNode,
  below: readonly OpenStage[],
): OpenStage {
  switch (node.kind) {
    case "readText":
    case "readNdjson":
    case "readCheckpoint":
    case "readCsv":
    case "readColumns":
      return openFiles(planning, node);
    case "kept":
      return openKept(planning, node);
    case "readSource":
      return openSource(planning, node);
    case "values":
      return openValues(node);
    case "range":
      return openRange(node);
    case "join":
      return joinStages(planning, node, below[0]!, below[1]!);
    case "union":
      return unionStages(planning, node, below);
    case "intersect":
    case "except":
      return setStages(planning, node, below[0]!, below[1]!);
    case "cogroup":
    case "joinByKey":
      return byKeyStages(planning, node, below[0]!, below[1]!);
    default:
      return openUnary(planning, node, below[0]!);
  }
}

type UnaryNode = Extract<LogicalNode, { readonly input: LogicalNode }>;

function openUnary(planning: Planning, node: UnaryNode, open: OpenStage): OpenStage {
  switch (node.kind) {
    case "countByValue":
    case "reduceByKey":
    case "aggregateByKey":
    case "groupByKey":
      return addKeyed(planning, open, node);
    case "repartition":
      return repartition(planning, open, node);
    case "aggregate":
      return addAggregate(planning, open, node);
    case "distinct":
      return addDistinct(planning, open, node);
    case "window":
      return addWindows(planning, open, node);
    case "orderBy":
    case "sortBy":
      return sortStages(planning, open, node);
    case "limit":
      return addLimit(planning, open, node);
    case "mapAsync":
      return addOperator(rateHolds(planning, node, open), narrow(node), node.kind);
    case "cache":
      return keep(planning, open, node);
    default: {
      const together = togetherBehind(node, open.together);
      return { ...addOperator(open, narrow(node), node.kind), together };
    }
  }
}

/**
 * A rate holds for the whole cluster, so its calls are made by one task. That costs little: the calls wait for
 * each other anyway, and one thread keeps many of them under way.
 */
function rateHolds(
  planning: Planning,
  node: Extract<LogicalNode, { readonly kind: "mapAsync" }>,
  open: OpenStage,
): OpenStage {
  if (node.ratePerSecond === 0 || open.taskCount === 1) return open;
  return gather(planning.stages, open, node.id, [`gather for ${node.ratePerSecond}/s`]);
}

type NarrowNode = Exclude<
  UnaryNode,
  {
    readonly kind:
      | "countByValue"
      | "reduceByKey"
      | "aggregateByKey"
      | "groupByKey"
      | "repartition"
      | "aggregate"
      | "distinct"
      | "window"
      | "orderBy"
      | "sortBy"
      | "limit"
      | "cache";
  }
>;

/** Nodes that look at one row or batch at a time become operators of the same kind. */
function narrow(node: NarrowNode): OperatorProgram {
  const { id } = node;
  switch (node.kind) {
    case "map":
    case "flatMap":
    case "filter":
    case "mapPartitions":
      return { kind: node.kind, node: id };
    case "mapBatches":
      return {
        kind: "mapBatches",
        node: id,
        ...(node.schema === undefined ? {} : { schema: node.schema }),
      };
    case "mapAsync": {
      const { concurrency, ratePerSecond } = node;
      return { kind: "mapAsync", node: id, concurrency, ratePerSecond };
    }
    case "conform":
      return { kind: "conform", node: id, schema: node.schema };
    case "select":
      return { kind: "select", node: id, columns: node.columns };
    case "alter": {
      const { drop, rename, columns } = node;
      return { kind: "alter", node: id, drop, rename, columns };
    }
    case "where":
      return { kind: "where", node: id, predicate: node.predicate };
    case "explode":
      return { kind: "explode", node: id, column: node.column, outer: node.outer };
    case "sample":
      return { kind: "sample", node: id, fraction: node.fraction, seed: node.seed };
    default:
      return unreachable(node);
  }
}
