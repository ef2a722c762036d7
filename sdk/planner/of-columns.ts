// Whether an action works on columns alone: what functions that are called with rows cost, bytes do not tell.

import { planNodes } from "../../proto/plan/inputs.ts";
import type { Action, LogicalNode } from "../../proto/plan/logical.ts";

const calledWithRows: ReadonlySet<LogicalNode["kind"]> = new Set([
  ...["map", "flatMap", "filter", "mapPartitions", "mapBatches", "mapAsync"],
  ...["reduceByKey", "aggregateByKey"],
] as const);

/** Whether no function of the user's is called with rows. */
export function isOfColumns({ kind, input }: Action): boolean {
  if (kind === "forEach" || kind === "stage") return false;
  return planNodes(input).every((node) => !calledWithRows.has(node.kind));
}
