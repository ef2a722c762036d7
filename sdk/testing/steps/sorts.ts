// Orders of rows: sorts, the first rows, and the first of equal rows.

import type { SortExpr } from "../../../proto/plan/expr.ts";
import { typeOfExpr } from "../../../proto/plan/expr-type.ts";
import type { LogicalNode } from "../../../proto/plan/logical.ts";
import type { Schema } from "../../../proto/plan/types.ts";
import { evaluateRaw } from "../expressions/evaluate-expr.ts";
import type { Raw } from "../expressions/raw-values.ts";
import { compareValues, identity } from "../value-order.ts";
import {
  type ClosureOf,
  checkNamed,
  grouped,
  keyOf,
  picked,
  type RawRow,
  recordOf,
  rowsOf,
  type Table,
  withColumns,
} from "./table.ts";

type Compare<T> = (a: T, b: T) => number;

/** Places of the rows in order; rows that compare equal stay in theirs. */
export function stableOrder<T>(rows: readonly T[], compare: Compare<T>): readonly number[] {
  return rows.map((_, place) => place).sort((a, b) => compare(rows[a]!, rows[b]!) || a - b);
}

function compareNullable(a: Raw, b: Raw, { direction, nulls }: SortExpr): number {
  if (a === null || b === null) {
    const nullsFirst = Number(b === null) - Number(a === null);
    return nulls === "first" ? nullsFirst : -nullsFirst;
  }
  return direction === "asc" ? compareValues(a, b) : compareValues(b, a);
}

/** By the first term that tells two rows apart. */
export function comparerOf(terms: readonly SortExpr[], schema: Schema): Compare<RawRow> {
  for (const { expr } of terms) typeOfExpr(expr, schema);
  return (a, b) => {
    for (const term of terms) {
      const [left, right] = [a, b].map((row) => evaluateRaw(term.expr, row, schema));
      const order = compareNullable(left, right, term);
      if (order !== 0) return order;
    }
    return 0;
  };
}

export function sortByStep(node: Extract<LogicalNode, { kind: "sortBy" }>, table: Table): Table {
  const columns = withColumns(
    table,
    node.keys.map(({ expr }) => expr),
  );
  const order = stableOrder(columns.rows, comparerOf(node.keys, columns.schema));
  return picked(table, order.slice(0, node.rowsMax));
}

/** Ties are broken by the whole row, in ascending order whatever the direction. */
export function orderByStep(
  node: Extract<LogicalNode, { kind: "orderBy" }>,
  table: Table,
  closureOf: ClosureOf,
): Table {
  const { by, direction } = node.key;
  if (by.kind === "column") checkNamed(table, [by]);
  const closure = by.kind === "closure" ? closureOf(node.id) : undefined;
  const keyed = rowsOf(table).map((row, place) => {
    if (closure !== undefined) return { key: closure(row), row };
    const name = by.kind === "column" ? by.name : "";
    if (table.kind === "typed") return { key: table.rows[place]![name] ?? null, row };
    return { key: Object.hasOwn(recordOf(row), name) ? recordOf(row)[name] : undefined, row };
  });
  const sign = direction === "asc" ? 1 : -1;
  const order = stableOrder(
    keyed,
    (a, b) => sign * compareValues(a.key, b.key) || compareValues(a.row, b.row),
  );
  return picked(table, order.slice(0, node.rowsMax));
}

export function limitStep(
  { rows, offset = 0 }: { readonly rows: number; readonly offset?: number },
  table: Table,
): Table {
  const places = rowsOf(table).map((_, place) => place);
  return picked(table, places.slice(offset, offset + rows));
}

export function distinctStep(on: readonly string[] | undefined, table: Table): Table {
  if (on === undefined && table.kind === "plain") {
    return picked(table, firsts(grouped(table.rows, identity)));
  }
  const columns = withColumns(
    table,
    (on ?? []).map((name) => ({ kind: "column", name })),
  );
  const names = on ?? columns.schema.fields.map(({ name }) => name);
  for (const name of names) typeOfExpr({ kind: "column", name }, columns.schema);
  return picked(table, firsts(grouped(columns.rows, (row) => keyOf(row, names))));
}

function firsts(groups: ReadonlyMap<string, readonly number[]>): readonly number[] {
  return [...groups.values()].map(([first]) => first!);
}
