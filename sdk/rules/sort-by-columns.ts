// A sort by a named column of a known type becomes one by expressions: it works on columns, without a value per row,
// and within its memory. Decimals need it for their order too: rows of functions carry them as text.

import type { SortExpr } from "../../proto/plan/expr.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import type { DataType, Schema } from "../../proto/plan/types.ts";
import { findField } from "../../proto/plan/types.ts";
import type { NodeRule } from "./rule.ts";

/** Types whose values have the same order in columns as in rows, but for decimals, whose rows are not asked. */
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
  if (by.kind !== "column" || findField(schema, by.name) === undefined) return undefined;
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

export const sortByColumns: NodeRule = {
  name: "sort-by-columns",
  rewrite: (node, context) => {
    if (node.kind !== "orderBy") return undefined;
    const schema = context.schemaOf(node.input);
    const keys = schema && keysOf(node, schema);
    if (keys === undefined) return undefined;
    const { id, input, rowsMax } = node;
    return { kind: "sortBy", id, input, keys, ...(rowsMax === undefined ? {} : { rowsMax }) };
  },
};
