// What a step gets and answers: rows with columns of known types, or rows of functions as they are.

import { EngineError } from "../../../proto/errors.ts";
import { noColumn } from "../../../proto/plan/absent-column.ts";
import {
  type Alteration,
  alteredColumns,
  checkAlteration,
} from "../../../proto/plan/altered-columns.ts";
import type { Expr, NamedExpr } from "../../../proto/plan/expr.ts";
import { typeOfExpr } from "../../../proto/plan/expr-type.ts";
import type { NodeId } from "../../../proto/plan/logical.ts";
import {
  anyType,
  commonType,
  type DataType,
  type Field,
  jsonType,
  nullType,
  type Schema,
} from "../../../proto/plan/types.ts";
import { castRaw } from "../expressions/cast-raw.ts";
import { evaluateRaw } from "../expressions/evaluate-expr.ts";
import { type Raw, rawOfRow, rowOfRaw, typeOfValue } from "../expressions/raw-values.ts";
import { identity } from "../value-order.ts";

/** Values by column: bigints of microseconds and digits, days; `raw-values.ts` says which. */
export type RawRow = Readonly<Record<string, Raw>>;

export interface TypedTable {
  readonly kind: "typed";
  readonly schema: Schema;
  readonly rows: readonly RawRow[];
  /** `scalar`: functions see the only column's value, not a record. */
  readonly shape: "record" | "scalar";
}

export interface PlainTable {
  readonly kind: "plain";
  readonly rows: readonly unknown[];
  /** Columns that they have, or of the rows that these were picked from; where it is not set, those of the rows. */
  readonly names?: ReadonlySet<string>;
}

export type Table = TypedTable | PlainTable;

/** The user's function of a node. */
export type ClosureOf = (node: NodeId) => (...args: unknown[]) => unknown;

/** `names`: of steps whose columns are known though there may be no rows. */
export function plain(rows: readonly unknown[], names?: readonly string[]): PlainTable {
  return names === undefined
    ? { kind: "plain", rows }
    : { kind: "plain", rows, names: new Set(names) };
}

export function typed(
  schema: Schema,
  rows: readonly RawRow[],
  shape: TypedTable["shape"] = "record",
): TypedTable {
  return { kind: "typed", schema, rows, shape };
}

/** As functions and actions see them. */
export function rowsOf(table: Table): readonly unknown[] {
  if (table.kind === "plain") return table.rows;
  const { schema, rows, shape } = table;
  return rows.map((row) => {
    const record = Object.fromEntries(
      schema.fields.map(({ name, type }) => [name, rowOfRaw(row[name] ?? null, type)]),
    );
    return shape === "record" ? record : Object.values(record)[0];
  });
}

/** The columns of a row of a function: those of a record, `key` and `value` of a pair, else `value`. */
export function recordOf(row: unknown): Readonly<Record<string, unknown>> {
  if (Array.isArray(row) && row.length === 2) return { key: row[0], value: row[1] };
  const isRecord =
    typeof row === "object" &&
    row !== null &&
    !Array.isArray(row) &&
    !(row instanceof Date) &&
    !(row instanceof Uint8Array);
  return isRecord ? (row as Readonly<Record<string, unknown>>) : { value: row };
}

/** The type that holds all values of a column of a function's rows. */
function sharedType(values: readonly unknown[]): DataType {
  const type = values.reduce<DataType | undefined>((common, value) => {
    return common && commonType(common, typeOfValue(value));
  }, nullType);
  return type ?? jsonType;
}

/** The rows with columns: their own, or those that the values of functions show. */
export function columnsOf(table: Table): TypedTable {
  if (table.kind === "typed") return { ...table, shape: "record" };
  const records = table.rows.map(recordOf);
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const fields = names.map((name): Field => {
    const type = sharedType(records.map((record) => record[name]));
    return { name, type, nullable: true };
  });
  const rows = records.map((record) =>
    Object.fromEntries(fields.map(({ name, type }) => [name, rawOfRow(record[name], type)])),
  );
  return typed({ fields }, rows);
}

/**
 * Rows of functions may lack a column, which is null there. One that none of them has is misspelt, if there are rows.
 * Throws PLAN_INVALID.
 */
export function withColumns(table: Table, exprs: readonly Expr[]): TypedTable {
  const known = columnsOf(table);
  if (table.kind === "typed") return known;
  checkNamed(table, exprs);
  const missing = [...new Set(exprs.flatMap(namesIn))].filter(
    (name) => !known.schema.fields.some((field) => field.name === name),
  );
  const more = missing.map((name): Field => ({ name, type: nullType, nullable: true }));
  return { ...known, schema: { fields: [...known.schema.fields, ...more] } };
}

/** That the rows have the columns which are named, or that there are none. Throws PLAN_INVALID. */
export function checkNamed(table: Table, exprs: readonly Expr[]): void {
  const names =
    table.kind === "typed" ? table.schema.fields.map(({ name }) => name) : madeNames(table);
  if (names === undefined) return;
  const there = new Set(names);
  const absent = exprs.flatMap(namesIn).find((name) => !there.has(name));
  if (absent === undefined) return;
  throw new EngineError("PLAN_INVALID", noColumn(absent, [...there]));
}

/** Undefined where there never were rows. */
function madeNames({ rows, names }: PlainTable): ReadonlySet<string> | undefined {
  if (names !== undefined || rows.length === 0) return names;
  return new Set(rows.flatMap((row) => Object.keys(recordOf(row))));
}

function namesIn(expr: Expr): readonly string[] {
  switch (expr.kind) {
    case "column":
      return [expr.name];
    case "literal":
      return [];
    case "call":
      return expr.args.flatMap(namesIn);
    case "cast":
      return namesIn(expr.input);
    case "case": {
      const parts = expr.branches.flatMap(({ when, result }) => [when, result]);
      return [...parts, ...(expr.otherwise === undefined ? [] : [expr.otherwise])].flatMap(namesIn);
    }
  }
}

/** Some of the rows, by their places; a place may be there several times. */
export function picked(table: Table, places: readonly number[]): Table {
  if (table.kind === "plain") {
    const names = madeNames(table);
    const rows = places.map((place) => table.rows[place]);
    return names === undefined ? plain(rows) : { kind: "plain", rows, names };
  }
  return { ...table, rows: places.map((place) => table.rows[place]!) };
}

/** Places of the rows for which it holds. */
export function placesWhere(
  table: TypedTable,
  holds: (row: RawRow, place: number) => boolean,
): readonly number[] {
  return table.rows.flatMap((row, place) => (holds(row, place) ? [place] : []));
}

/** The columns that expressions make of a row. */
export function project(table: TypedTable, columns: readonly NamedExpr[]): TypedTable {
  const { schema, rows } = table;
  const fields = columns.map(({ name, expr }): Field => {
    return { name, type: known(typeOfExpr(expr, schema)), nullable: true };
  });
  const made = rows.map((row) =>
    Object.fromEntries(columns.map(({ name, expr }) => [name, evaluateRaw(expr, row, schema)])),
  );
  return typed({ fields }, made);
}

/** What only the run tells is kept as it is. */
export function known(type: DataType): DataType {
  return type.kind === anyType.kind ? jsonType : type;
}

export function altered(table: TypedTable, alteration: Alteration): TypedTable {
  checkAlteration(alteration, table.schema);
  const names = table.schema.fields.map(({ name }) => name);
  return project(table, alteredColumns(alteration, names));
}

/** A value as one of another type, which holds it. */
export function widened(raw: Raw, from: DataType, to: DataType): Raw {
  return castRaw(raw, from, to, "error", "a column");
}

/** Equal for rows whose values in these columns count as equal: null is a value like others. */
export function keyOf(row: RawRow, names: readonly string[]): string {
  return identity(names.map((name) => row[name] ?? null));
}

/** Places of the rows by key, in the order of the first of each. */
export function grouped<T>(
  items: readonly T[],
  keyOfItem: (item: T, place: number) => string,
): ReadonlyMap<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const [place, item] of items.entries()) {
    const key = keyOfItem(item, place);
    const places = groups.get(key);
    if (places === undefined) groups.set(key, [place]);
    else places.push(place);
  }
  return groups;
}
