// Two limits in a row are the smaller one.

import { type Rule, rewriteFirst } from "./rule.ts";

export const mergeLimits: Rule = {
  name: "merge-limits",
  apply: (action) =>
    rewriteFirst(action, (node) => {
      if (node.kind !== "limit" || node.input.kind !== "limit") return undefined;
      return { ...node.input, rows: Math.min(node.rows, node.input.rows) };
    }),
};
