// Two limits in a row are the smaller one.

import type { NodeRule } from "./rule.ts";

export const mergeLimits: NodeRule = {
  name: "merge-limits",
  rewrite: (node, context) => {
    if (node.kind !== "limit" || node.input.kind !== "limit") return undefined;
    if (context.isShared(node.input)) return undefined;
    if (node.offset !== undefined || node.input.offset !== undefined) return undefined;
    return { ...node.input, rows: Math.min(node.rows, node.input.rows) };
  },
};
