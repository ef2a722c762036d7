// How many rows a task's source will be asked for at least, where a limit among its operators tells.

import type { OperatorProgram } from "../../proto/plan/program.ts";

/** Operators that hand on what they make of each row at once. */
const streaming: ReadonlySet<OperatorProgram["kind"]> = new Set([
  "map",
  "flatMap",
  "filter",
  "mapBatches",
  "mapAsync",
  "watchColumns",
  "conform",
  "select",
  "alter",
  "where",
  "explode",
  "sample",
] as const);

/**
 * The rows of the first limit that rows from the source meet; undefined where there is none, or where all rows have to
 * be read before it. Steps before it may drop rows or make more of them, so it is a size to begin with, no bound.
 */
export function rowsWantedFirst(operators: readonly OperatorProgram[]): number | undefined {
  for (const operator of operators) {
    if (operator.kind === "limit") return operator.rows + (operator.offset ?? 0);
    if (!streaming.has(operator.kind)) return undefined;
  }
  return undefined;
}
