// Tables and queries of PostgreSQL as a source.

import {
  type ColumnType,
  defineSource,
  EngineError,
  type RowSchema,
  type Source,
  type SourceFilter,
  type SourceRequest,
  schema,
} from "millrace";
import type { Client } from "pg";
import { closed, connected, opened, type PostgresConnection, toldByPostgres } from "./connect.ts";
import { filterSql } from "./filters.ts";
import { columnOfTexts, type Field, selected } from "./read-columns.ts";
import { columnsOf, findRelation, type ServerColumn } from "./relation.ts";
import { type PostgresSplit, splitByColumn, splitByPages } from "./splits.ts";

interface PostgresInput {
  readonly connection?: PostgresConnection;
  /** A column of whole numbers, dates or timestamps by whose ranges the rows are divided among tasks. */
  readonly splitBy?: string;
  /** Ranges of `splitBy`; 16 unless told. */
  readonly splits?: number;
}

export type PostgresSourceOptions = PostgresInput &
  (
    | {
        /** A table or view, as in SQL. Tables are divided by their pages unless `splitBy` is set. */
        readonly table: string;
      }
    | {
        /** A `select`. One task reads all of it unless `splitBy` is set. */
        readonly query: string;
      }
  );

const rowsPerFetch = 8192;
/** Before what the server, or the way to it, says. */
const what = "PostgreSQL";

function placeOf(options: PostgresSourceOptions): string {
  return "table" in options ? options.table : options.query;
}

async function describe(
  client: Client,
  options: PostgresSourceOptions,
): Promise<{ readonly from: string; readonly columns: readonly ServerColumn[] }> {
  const from =
    "table" in options
      ? (await findRelation(client, options.table)).name
      : `(${options.query}) as millrace_query`;
  return { from, columns: await columnsOf(client, from) };
}

function inferred(columns: readonly ServerColumn[]): RowSchema<Record<string, unknown>> {
  const types: Record<string, ColumnType<unknown>> = {};
  for (const { name, type } of columns) {
    if (Object.hasOwn(types, name)) {
      throw new EngineError("PLAN_INVALID", `the query has two columns ${name}; rename one`);
    }
    types[name] = type.nullable();
  }
  return schema(types) as RowSchema<Record<string, unknown>>;
}

/** Texts of the columns, since the type of each is said by its field. */
const asText = { getTypeParser: () => (text: string) => text };

function sqlOf(
  split: PostgresSplit,
  fields: readonly Field[],
  filters: readonly SourceFilter[],
  columns: readonly ServerColumn[],
): { readonly text: string; readonly values: readonly string[] } {
  const values: string[] = [];
  const conditions = split.where === "" ? [] : [`(${split.where})`];
  for (const filter of filters) {
    const sql = sqlOfFilter(filter, fieldsOf(columns), columns, values.length + 1);
    if (sql === undefined) {
      throw new EngineError("INTERNAL", `the filter on ${filter.column} was taken, and has no SQL`);
    }
    conditions.push(sql.sql);
    values.push(...sql.values);
  }
  const where = conditions.length === 0 ? "" : ` where ${conditions.join(" and ")}`;
  const list = fields.map(selected).join(", ");
  return { text: `select ${list} from ${split.from}${where}`, values };
}

function fieldsOf(columns: readonly ServerColumn[]): readonly Field[] {
  return inferred(columns).fields;
}

function sqlOfFilter(
  filter: SourceFilter,
  fields: readonly Field[],
  columns: readonly ServerColumn[],
  first: number,
) {
  const field = fields.find(({ name }) => name === filter.column);
  const column = columns.find(({ name }) => name === filter.column);
  if (field === undefined || column === undefined) return undefined;
  return filterSql(filter, field, column.server, first);
}

async function* readRows(
  client: Client,
  sql: { readonly text: string; readonly values: readonly string[] },
  fields: readonly Field[],
): AsyncGenerator<Record<string, unknown>> {
  await client.query("begin read only");
  // A cursor is planned for its first rows unless it is told that all are wanted.
  await client.query("set local cursor_tuple_fraction to 1");
  const declare = `declare millrace_rows no scroll cursor for ${sql.text}`;
  await client.query(declare, [...sql.values]);
  for (;;) {
    const { rows } = await client.query<(string | null)[]>({
      ...{ text: `fetch ${rowsPerFetch} from millrace_rows`, rowMode: "array", types: asText },
    });
    if (rows.length === 0) break;
    yield Object.fromEntries(
      fields.map((field, index) => [
        field.name,
        columnOfTexts(
          rows.map((row) => row[index] ?? null),
          field,
        ),
      ]),
    );
    if (rows.length < rowsPerFetch) break;
  }
  await client.query("commit");
}

/**
 * A table, view or query of PostgreSQL. Only the columns that the job uses are selected, and conditions that PostgreSQL
 * means as the engine does become part of its `where`.
 * @param options what to read, how to divide it, and the columns where they are not to be read off the server
 * @throws PLAN_INVALID for a column that the rows cannot be divided by; INPUT_NOT_FOUND for a table that is not there;
 *   UNAVAILABLE where the server cannot be reached
 * @example
 * const orders = mr.read.from(
 *   postgresSource({
 *     table: "orders",
 *     schema: schema({ id: int64, price: decimal(15, 2), placed: timestamp("UTC") }),
 *   }),
 * );
 */
export function postgresSource<Row>(
  options: PostgresSourceOptions & { readonly schema: RowSchema<Row> },
): Source<Row>;
export function postgresSource(options: PostgresSourceOptions): Source<Record<string, unknown>>;
export function postgresSource(
  options: PostgresSourceOptions & { readonly schema?: RowSchema<unknown> },
): Source<unknown> {
  const { connection, splitBy, splits: pieces } = options;
  if (pieces !== undefined && !(Number.isSafeInteger(pieces) && pieces >= 1)) {
    const message = `postgresSource: splits must be a whole number from 1 on, not ${pieces}`;
    throw new EngineError("PLAN_INVALID", message);
  }
  const typed = (columns: readonly ServerColumn[]) => options.schema ?? inferred(columns);
  return defineSource<unknown, PostgresSplit>({
    name: "postgres",
    about: placeOf(options),
    schema:
      options.schema ??
      (() =>
        connected(connection, what, async (client) =>
          inferred((await describe(client, options)).columns),
        )),
    plan: (request, advice) =>
      connected(connection, what, async (client) => {
        const { from, columns } = await describe(client, options);
        const { fields } = typed(columns);
        checkColumns(fields, columns, options);
        const taken = request.filters.filter(
          (filter) => sqlOfFilter(filter, fields, columns, 1) !== undefined,
        );
        if (splitBy !== undefined) {
          const column = columns.find(({ name }) => name === splitBy);
          if (column === undefined) throw noColumn(splitBy, columns, options);
          const aimed = Math.min(pieces ?? advice.splitsAimed, advice.splitsMax);
          return { splits: await splitByColumn(client, from, column, aimed), taken };
        }
        if (!("table" in options)) return { splits: [{ from, where: "" }], taken };
        const relation = await findRelation(client, options.table);
        return { ...(await splitByPages(client, relation, advice)), taken };
      }),
    async *read(split, request: SourceRequest) {
      yield* readSplit(options, split, request, typed) as AsyncGenerator<never>;
    },
  });
}

/** The connection is open as long as rows are asked for. */
async function* readSplit(
  options: PostgresSourceOptions,
  split: PostgresSplit,
  request: SourceRequest,
  typed: (columns: readonly ServerColumn[]) => RowSchema<unknown>,
): AsyncGenerator<Record<string, unknown>> {
  const client = await opened(options.connection, what);
  try {
    const { columns } = await describe(client, options);
    const all = typed(columns).fields;
    const fields = request.columns.flatMap(
      (name) => all.find((field) => field.name === name) ?? [],
    );
    yield* readRows(client, sqlOf(split, fields, request.filters, columns), fields);
  } catch (thrown) {
    throw toldByPostgres(thrown, what);
  } finally {
    await closed(client);
  }
}

function noColumn(
  name: string,
  columns: readonly ServerColumn[],
  options: PostgresSourceOptions,
): EngineError {
  const known = columns.map((column) => column.name).join(", ");
  return new EngineError(
    "PLAN_INVALID",
    `${placeOf(options)} has no column ${name}; it has ${known}`,
  );
}

function checkColumns(
  fields: readonly Field[],
  columns: readonly ServerColumn[],
  options: PostgresSourceOptions,
): void {
  for (const { name } of fields) {
    if (!columns.some((column) => column.name === name)) throw noColumn(name, columns, options);
  }
}
