// A sort by a column of decimals compares numbers: rows of functions carry decimals as text, which has another order.

import type { SortExpr } from "../../proto/plan/expr.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import type { DataType, Schema } from "../../proto/plan/types.ts";
import { findField } from "../../proto/plan/types.ts";
import type { NodeRule } from "./rule.ts";

const ordered = new Set<DataType["kind"]>([
  "bool",
  "int32",
  "int53",
  "int64",
  "float64",
  "utf8",
  "date",
  "timestamp",
  "decimal",
]);

type OrderBy = Extract<LogicalNode, { readonly kind: "orderBy" }>;

/** By the column, then by all others in order of their names, as ties of `orderBy` are broken. */
function keysOf(node: OrderBy, schema: Schema): readonly SortExpr[] | undefined {
  const { by, direction } = node.key;
  if (by.kind !== "column" || findField(schema, by.name)?.type.kind !== "decimal") return undefined;
  if (!schema.fields.every(({ type }) => ordered.has(type.kind))) return undefined;
  const others = schema.fields
    .map(({ name }) => name)
    .filter((name) => name !== by.name)
    .sort((a, b) => (a < b ? -1 : 1));
  const column = (name: string) => ({ kind: "column", name }) as const;
  const first = { expr: column(by.name), direction, nulls: direction === "asc" ? "first" : "last" };
  return [
    first as SortExpr,
    ...others.map((name): SortExpr => ({ expr: column(name), direction: "asc", nulls: "first" })),
  ];
}

export const sortDecimals: NodeRule = {
  name: "sort-decimals",
  rewrite: (node, context) => {
    if (node.kind !== "orderBy") return undefined;
    const schema = context.schemaOf(node.input);
    const keys = schema && keysOf(node, schema);
    if (keys === undefined) return undefined;
    const { id, input, rowsMax } = node;
    return { kind: "sortBy", id, input, keys, ...(rowsMax === undefined ? {} : { rowsMax }) };
  },
};
