// Groups that a sort behind them takes into one task. Where they likely are few, they are made in that task too: a stage
// of them alone would end in one small output, for another stage to begin with.

import { planNodes } from "../../proto/plan/inputs.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import { readersOf } from "../rules/rule.ts";

/** Aggregates and distinct rows that nothing but a sort of all of them reads, at most by way of their columns. */
export function sortedGroups(last: LogicalNode): ReadonlySet<LogicalNode> {
  const readers = readersOf(last);
  const found = new Set<LogicalNode>();
  for (const node of planNodes(last)) {
    // For the first rows alone, each task of the groups finds its own.
    if ((node.kind !== "sortBy" && node.kind !== "orderBy") || node.rowsMax !== undefined) continue;
    let below = node.input;
    while ((below.kind === "select" || below.kind === "where") && readers.get(below) === 1) {
      below = below.input;
    }
    const isGroups = below.kind === "aggregate" || below.kind === "distinct";
    if (isGroups && readers.get(below) === 1) found.add(below);
  }
  return found;
}
