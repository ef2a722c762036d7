// A limit over a sort keeps the first rows while sorting (top-k) instead of sorting them all.

import { topRowsMax } from "../../proto/limits.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import type { NodeRule } from "./rule.ts";

/** Rows that must be sorted for the limit; the limit itself goes where nothing is left for it to do. */
function limited(node: LogicalNode): LogicalNode | undefined {
  if (node.kind !== "limit") return undefined;
  const sort = node.input;
  if (sort.kind !== "orderBy" && sort.kind !== "sortBy") return undefined;
  const offset = node.offset ?? 0;
  const rowsMax = Math.min(node.rows + offset, sort.rowsMax ?? Number.POSITIVE_INFINITY);
  if (rowsMax > topRowsMax) return undefined;
  if (offset === 0) return { ...sort, rowsMax };
  return sort.rowsMax === rowsMax ? undefined : { ...node, input: { ...sort, rowsMax } };
}

export const limitIntoSort: NodeRule = {
  name: "limit-into-sort",
  rewrite: (node, context) =>
    "input" in node && context.isShared(node.input) ? undefined : limited(node),
};
