// A condition right over files is also told to their reader, which may leave out whole pieces by their statistics.

import { exprText } from "../../proto/plan/expr-text.ts";
import { type Rule, rewriteFirst } from "./rule.ts";

export const pruneReads: Rule = {
  name: "prune-reads",
  apply: (action, context) =>
    rewriteFirst(action, (node) => {
      if (node.kind !== "where" || node.input.kind !== "readColumns") return undefined;
      const read = node.input;
      if (context.isShared(read)) return undefined;
      const known = read.pruning === undefined ? "" : exprText(read.pruning);
      if (known === exprText(node.predicate)) return undefined;
      return { ...node, input: { ...read, pruning: node.predicate } };
    }),
};
