// A condition right over files is also told to their reader, which may leave out whole pieces by their statistics.

import { exprText } from "../../proto/plan/expr-text.ts";
import type { NodeRule } from "./rule.ts";

export const pruneReads: NodeRule = {
  name: "prune-reads",
  rewrite: (node, context) => {
    if (node.kind !== "where") return undefined;
    const read = node.input;
    if (read.kind !== "readColumns" && read.kind !== "readSource") return undefined;
    if (context.isShared(read)) return undefined;
    const known = read.pruning === undefined ? "" : exprText(read.pruning);
    if (known === exprText(node.predicate)) return undefined;
    return { ...node, input: { ...read, pruning: node.predicate } };
  },
};
