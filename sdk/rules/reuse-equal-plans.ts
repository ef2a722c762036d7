// Parts of a plan that say the same are one: what they make is made once.

import { inputsOf, mapPlan } from "../../proto/plan/inputs.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import { nodeText } from "../../proto/plan/node-text.ts";
import type { PlanRule } from "./rule.ts";

/** Kinds that their text says all about; the others are told apart by the function of their id. */
const plain = new Set<LogicalNode["kind"]>([
  "readText",
  "readNdjson",
  "readCsv",
  "readCheckpoint",
  "readColumns",
  "values",
  "range",
  "countByValue",
  "conform",
  "select",
  "where",
  "aggregate",
  "sortBy",
  "distinct",
  "window",
  "explode",
  "limit",
  "join",
  "union",
  "intersect",
  "except",
]);

export const reuseEqualPlans: PlanRule = {
  name: "reuse-equal-plans",
  apply: (action) => {
    const known = new Map<string, LogicalNode>();
    const numbers = new Map<LogicalNode, number>();
    let reused = false;
    const input = mapPlan(action.input, (node) => {
      const text = plain.has(node.kind)
        ? nodeText(node).slice(`${node.kind}#${node.id}`.length)
        : `#${node.id} ${nodeText(node)}`;
      const inputs = inputsOf(node).map((below) => numbers.get(below));
      const key = `${node.kind}(${inputs.join(",")})${text}`;
      const same = known.get(key);
      if (same !== undefined) {
        reused = true;
        return same;
      }
      known.set(key, node);
      numbers.set(node, numbers.size);
      return node;
    });
    return reused ? { ...action, input } : undefined;
  },
};
