// Steps on columns of one input.

import { EngineError } from "../../../proto/errors.ts";
import type { Alteration } from "../../../proto/plan/altered-columns.ts";
import type { Expr } from "../../../proto/plan/expr.ts";
import { typeOfExpr } from "../../../proto/plan/expr-type.ts";
import type { ColumnNode } from "../../../proto/plan/logical.ts";
import {
  commonType,
  type DataType,
  jsonType,
  nullType,
  typeText,
} from "../../../proto/plan/types.ts";
import { seededRandom } from "../../driver/random.ts";
import { evaluateRaw } from "../expressions/evaluate-expr.ts";
import { rawOfRow, typeOfValue } from "../expressions/raw-values.ts";
import { aggregateStep } from "./aggregates.ts";
import { distinctStep, sortByStep } from "./sorts.ts";
import {
  altered,
  picked,
  placesWhere,
  project,
  rowsOf,
  type Table,
  type TypedTable,
  typed,
  withColumns,
} from "./table.ts";
import { windowStep } from "./windows.ts";

export function columnStep(node: ColumnNode, table: Table): Table {
  const reading = (exprs: readonly Expr[]) => withColumns(table, exprs);
  switch (node.kind) {
    case "select":
      return project(reading(node.columns.map(({ expr }) => expr)), node.columns);
    case "alter":
      return altered(reading(readByAlter(node)), node);
    case "where": {
      const columns = reading([node.predicate]);
      typeOfExpr(node.predicate, columns.schema);
      const places = placesWhere(
        columns,
        (row) => evaluateRaw(node.predicate, row, columns.schema) === true,
      );
      return picked(table, places);
    }
    case "aggregate": {
      const args = node.aggregates.flatMap(({ call }) => [
        ...call.args,
        ...(call.filter === undefined ? [] : [call.filter]),
      ]);
      return aggregateStep(node, reading([...node.keys.map(({ expr }) => expr), ...args]));
    }
    case "sortBy":
      return sortByStep(node, table);
    case "distinct":
      return distinctStep(node.on, table);
    case "window": {
      const exprs = node.windows.flatMap(({ call }) => [
        ...call.args,
        ...call.partitionBy,
        ...call.orderBy.map(({ expr }) => expr),
      ]);
      return windowStep(node.windows, reading(exprs));
    }
    case "explode":
      return exploded(node.column, node.outer, reading([columnOf(node.column)]));
    case "sample": {
      const random = seededRandom(node.seed);
      const kept = rowsOf(table).flatMap((_, place) => (random() < node.fraction ? [place] : []));
      return picked(table, kept);
    }
  }
}

const columnOf = (name: string): Expr => ({ kind: "column", name });

function readByAlter({ drop, rename, columns }: Alteration): readonly Expr[] {
  const names = [...drop, ...rename.map(({ from }) => from)];
  return [...columns.map(({ expr }) => expr), ...names.map(columnOf)];
}

function exploded(column: string, outer: boolean, table: TypedTable): TypedTable {
  const { schema, rows } = table;
  const type = typeOfExpr({ kind: "column", name: column }, schema);
  if (type.kind !== "list" && type.kind !== "json" && type.kind !== "null") {
    throw new EngineError("PLAN_INVALID", `the column ${column} is ${typeText(type)}, not a list`);
  }
  const lists = rows.map((row) => (row[column] ?? []) as readonly unknown[]);
  const item = type.kind === "list" ? type.item.type : typeOfItems(lists.flat());
  const made = rows.flatMap((row, place) => {
    const items = lists[place]!.length === 0 && outer ? [null] : lists[place]!;
    return items.map((value) => ({
      ...row,
      [column]: type.kind === "list" ? value : rawOfRow(value, item),
    }));
  });
  const fields = schema.fields.map((field) =>
    field.name === column ? { ...field, type: item, nullable: true } : field,
  );
  return typed({ fields }, made);
}

function typeOfItems(items: readonly unknown[]): DataType {
  const common = items.reduce<DataType | undefined>(
    (type, item) => type && commonType(type, typeOfValue(item)),
    nullType,
  );
  return common ?? jsonType;
}
