// Sets of rows: unions, and what two inputs have in common or not.

import { EngineError } from "../../../proto/errors.ts";
import type { SetNode } from "../../../proto/plan/logical.ts";
import {
  commonType,
  type Field,
  findField,
  jsonType,
  type Schema,
  schemaText,
} from "../../../proto/plan/types.ts";
import { identity } from "../value-order.ts";
import { picked, plain, rowsOf, type Table, type TypedTable, typed, widened } from "./table.ts";

/** All rows in the order of the inputs; columns are matched by name. */
export function unionStep(tables: readonly Table[]): Table {
  const [first] = tables;
  const known = tables.filter((table): table is TypedTable => table.kind === "typed");
  if (first === undefined || known.length < tables.length) return plain(tables.flatMap(rowsOf));
  const schema = known.map((table) => table.schema).reduce(both);
  const shape = known.every((table) => table.shape === "scalar") ? "scalar" : "record";
  const rows = known.flatMap((table) =>
    table.rows.map((row) =>
      Object.fromEntries(
        schema.fields.map(({ name, type }) => {
          return [name, widened(row[name] ?? null, findField(table.schema, name)!.type, type)];
        }),
      ),
    ),
  );
  return typed(schema, rows, shape);
}

function both(left: Schema, right: Schema): Schema {
  const names = (schema: Schema) => schema.fields.map(({ name }) => name).sort();
  if (JSON.stringify(names(left)) !== JSON.stringify(names(right))) {
    const what = `the inputs have different columns: ${schemaText(left)} and ${schemaText(right)}`;
    throw new EngineError("PLAN_INVALID", what);
  }
  return {
    fields: left.fields.map((field): Field => {
      const other = findField(right, field.name)!;
      const type = commonType(field.type, other.type) ?? jsonType;
      return { name: field.name, type, nullable: field.nullable || other.nullable };
    }),
  };
}

/** Left rows that are in the right input too, or are not. */
export function setStep(node: SetNode, left: Table, right: Table): Table {
  const [own, others] = comparable(left, right);
  const counts = new Map<string, number>();
  for (const key of others) counts.set(key, (counts.get(key) ?? 0) + 1);
  const done = new Set<string>();
  const places = own.flatMap((key, place) => {
    const count = counts.get(key) ?? 0;
    if (!node.all) {
      if (done.has(key)) return [];
      done.add(key);
    } else if (count > 0) counts.set(key, count - 1);
    return count > 0 === (node.kind === "intersect") ? [place] : [];
  });
  return picked(left, places);
}

/** Rows as texts that are equal where the rows are. */
function comparable(left: Table, right: Table): readonly [readonly string[], readonly string[]] {
  if (left.kind === "plain" || right.kind === "plain") {
    return [rowsOf(left).map(identity), rowsOf(right).map(identity)];
  }
  const schema = both(left.schema, right.schema);
  const keys = (table: TypedTable) =>
    table.rows.map((row) =>
      identity(
        schema.fields.map(({ name, type }) => {
          return widened(row[name] ?? null, findField(table.schema, name)!.type, type);
        }),
      ),
    );
  return [keys(left), keys(right)];
}
