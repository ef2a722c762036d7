// Makes a `select` of each `alter` whose input's columns are known, so that rules and operators see one kind.

import { alteredColumns } from "../../proto/plan/altered-columns.ts";
import { mapPlan, planNodes } from "../../proto/plan/inputs.ts";
import type { LogicalNode, NodeId } from "../../proto/plan/logical.ts";
import type { KnownSchemas } from "./known-schemas.ts";
import type { KnownSchema } from "./schema-of.ts";

/** Throws PLAN_INVALID where an expression does not fit the columns that are known. */
export function settleAlters(last: LogicalNode, schemas: KnownSchemas): LogicalNode {
  const nodes = planNodes(last);
  if (nodes.every(({ kind }) => kind !== "alter")) return last;
  schemas.check(last);
  // By id, since a node over changed inputs is another object.
  const inputs = new Map<NodeId, KnownSchema>(
    nodes.flatMap((node) => (node.kind === "alter" ? [[node.id, schemas.of(node.input)]] : [])),
  );
  return mapPlan(last, (node) => {
    if (node.kind !== "alter") return node;
    const input = inputs.get(node.id);
    if (input === undefined) return node;
    const names = input.fields.map(({ name }) => name);
    const columns = alteredColumns(node, names);
    return { kind: "select", id: node.id, input: node.input, columns };
  });
}
