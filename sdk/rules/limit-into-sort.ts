// A limit over a sort keeps the first rows while sorting (top-k) instead of sorting them all.

import { topRowsMax } from "../../proto/limits.ts";
import { type Rule, rewriteFirst } from "./rule.ts";

export const limitIntoSort: Rule = {
  name: "limit-into-sort",
  apply: (action) =>
    rewriteFirst(action, (node) => {
      if (node.kind !== "limit" || node.input.kind !== "orderBy") return undefined;
      const sort = node.input;
      const rowsMax = Math.min(node.rows, sort.rowsMax ?? node.rows);
      return rowsMax > topRowsMax ? undefined : { ...sort, rowsMax };
    }),
};
