// Joins are given only the columns that something above them reads: a condition's own columns, and the keys of joins
// that were made before, would else be picked, sent and kept row by row.

import type { Expr } from "../../proto/plan/expr.ts";
import { mapPlan, planNodes, withInputs } from "../../proto/plan/inputs.ts";
import type { Action, LogicalNode } from "../../proto/plan/logical.ts";
import { type Needed, neededOfNodes } from "../rules/needed-columns.ts";
import type { KnownSchemas } from "./known-schemas.ts";

type SelectNode = Extract<LogicalNode, { readonly kind: "select" }>;

/** Steps that name what they make are narrow already. */
const narrowKinds = new Set<LogicalNode["kind"]>([
  "select",
  "aggregate",
  "readColumns",
  "readSource",
  "cache",
  "kept",
]);

function narrowed(side: LogicalNode, needed: Needed, schemas: KnownSchemas): LogicalNode {
  const schema = schemas.of(side);
  if (schema === undefined || needed === "all" || narrowKinds.has(side.kind)) return side;
  const wanted = schema.fields.filter(({ name }) => needed.has(name));
  // Rows without columns have no number.
  const kept = wanted.length > 0 ? wanted : schema.fields.slice(0, 1);
  if (kept.length === schema.fields.length) return side;
  const columns = kept.map(({ name }) => {
    const expr: Expr = { kind: "column", name };
    return { name, expr };
  });
  return { kind: "select", id: side.id, input: side, columns };
}

/** A select that puts columns of a join in order, with those alone that are read above it. */
function narrowedSelect(node: SelectNode, needed: Needed): SelectNode {
  if (needed === "all") return node;
  const wanted = node.columns.filter(({ name }) => needed.has(name));
  // Rows without columns have no number.
  const columns = wanted.length > 0 ? wanted : node.columns.slice(0, 1);
  return columns.length === node.columns.length ? node : { ...node, columns };
}

/** The plan with a select above each side of a join that has columns which nobody reads. */
export function narrowJoins(action: Action, schemas: KnownSchemas): Action {
  if (planNodes(action.input).every(({ kind }) => kind !== "join")) return action;
  const needs = neededOfNodes(action, { schemaOf: (node) => schemas.of(node) });
  const input = mapPlan(action.input, (node, before) => {
    if (node.kind === "select") return narrowedSelect(node, needs.of(before));
    if (node.kind !== "join" || before.kind !== "join") return node;
    const [left, right] = needs.sidesOf(before);
    return withInputs(node, [
      narrowed(node.left, left, schemas),
      narrowed(node.right, right, schemas),
    ]);
  });
  return input === action.input ? action : { ...action, input };
}
