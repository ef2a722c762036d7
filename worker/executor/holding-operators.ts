// Which operators of a task hold rows until others have come: they share the task's memory.

import type { OperatorProgram, TaskProgram } from "../../proto/plan/program.ts";

const holding: ReadonlySet<OperatorProgram["kind"]> = new Set([
  "aggregate",
  "distinct",
  "sortBy",
  "sort",
  "window",
  "rankLimit",
  "join",
  "intersect",
  "except",
  "reduceByKey",
  "aggregateByKey",
  "groupByKey",
  "cogroup",
  "joinByKey",
  "countByValue",
  "mapPartitions",
  "forEach",
] as const);

export function holdingOperators({ operators, sink }: TaskProgram): number {
  const inside = operators.filter(({ kind }) => holding.has(kind)).length;
  return inside + (sink.kind === "shuffle" || sink.kind === "output" ? 1 : 0);
}

/**
 * What is known of the rows that an operator holds as values of the heap, which nobody counts one by one: all that it
 * was given, no more than it makes of them, or nothing, where a function of the user's holds them.
 */
export type HeldValues = "given" | "made" | "unknown";

/** Undefined for operators that hold no values. */
export function heldValues({ operators }: TaskProgram, index: number): HeldValues | undefined {
  switch (operators[index]?.kind) {
    case "sort":
    case "rangeBounds":
    case "sortBounds":
      return "given";
    case "countByValue":
      return "made";
    case "mapPartitions":
      return "unknown";
    default:
      return undefined;
  }
}
