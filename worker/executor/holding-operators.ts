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
] as const);

export function holdingOperators({ operators, sink }: TaskProgram): number {
  const inside = operators.filter(({ kind }) => holding.has(kind)).length;
  return inside + (sink.kind === "shuffle" ? 1 : 0);
}
