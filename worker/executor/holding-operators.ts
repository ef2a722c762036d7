// Which operators of a task hold rows until others have come: they share the task's memory.

import type { OperatorProgram, TaskProgram } from "../../proto/plan/program.ts";

const holding: ReadonlySet<OperatorProgram["kind"]> = new Set([
  "aggregate",
  "distinct",
  "sortBy",
  "sort",
  "window",
  "join",
  "intersect",
  "except",
  "reduceByKey",
  "aggregateByKey",
  "groupByKey",
  "cogroup",
] as const);

export function holdingOperators({ operators, sink }: TaskProgram): number {
  const inside = operators.filter(({ kind }) => holding.has(kind)).length;
  return inside + (sink.kind === "shuffle" ? 1 : 0);
}

/** Rows that these hold are values of the heap: no reservation tells how much of it is theirs. */
const holdingValues: ReadonlySet<OperatorProgram["kind"]> = new Set([
  "countByValue",
  "mapPartitions",
  "sort",
  "rangeBounds",
  "sortBounds",
] as const);

export function holdsValues({ operators }: TaskProgram, index: number): boolean {
  const operator = operators[index];
  return operator !== undefined && holdingValues.has(operator.kind);
}
