// Whether a task runs functions of the user's: only then is the job's module loaded and its driver replayed.

import type { OperatorProgram, SourceProgram, TaskProgram } from "../proto/plan/program.ts";

function usesClosure(operator: OperatorProgram): boolean {
  switch (operator.kind) {
    case "map":
    case "flatMap":
    case "filter":
    case "reduceByKey":
    case "aggregateByKey":
    case "mapPartitions":
    case "mapBatches":
    case "mapAsync":
    case "forEach":
      return true;
    case "groupByKey":
      return operator.sorted;
    case "sort":
    case "rangeBounds":
      return operator.key.by.kind === "closure";
    default:
      return false;
  }
}

function sourceNeeds(source: SourceProgram): boolean {
  if (source.kind !== "branches") return source.kind === "source";
  return source.branches.some(
    (branch) => branch.operators.some(usesClosure) || sourceNeeds(branch.source),
  );
}

export function needsClosures({ source, operators, sink }: TaskProgram): boolean {
  if (operators.some(usesClosure) || sourceNeeds(source)) return true;
  if (["stage", "publish", "discard"].includes(sink.kind)) return true;
  if (sink.kind !== "shuffle") return false;
  const { partitioner } = sink;
  if (partitioner.kind === "closure") return true;
  return "key" in partitioner && partitioner.key.by.kind === "closure";
}
