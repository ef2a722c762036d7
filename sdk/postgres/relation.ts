// What is read or written: its columns with the types of the server and ours.

import {
  binary,
  bool,
  type ColumnType,
  date,
  decimal,
  EngineError,
  float64,
  int32,
  int64,
  json,
  list,
  timestamp,
  utf8,
} from "millrace";
import type { Client } from "pg";
import { quoted } from "./connect.ts";

/** OIDs of `pg_type` that never change. */
const oids = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  json: 114,
  float4: 700,
  float8: 701,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
  jsonb: 3802,
} as const;

export type ServerType = keyof typeof oids | "array" | "other";

export interface ServerColumn {
  readonly name: string;
  readonly server: ServerType;
  readonly type: ColumnType<unknown>;
}

const digitsMax = 38;
/** Of a `numeric` that does not say how many it has. */
const scaleAssumed = 18;

function numericType(typmod: number): ColumnType<unknown> {
  if (typmod < 4) return decimal(digitsMax, scaleAssumed);
  const precision = ((typmod - 4) >> 16) & 0xffff;
  // Eleven bits with a sign since PostgreSQL 15.
  const scale = (((typmod - 4) & 0x7ff) ^ 1024) - 1024;
  const isOurs = precision <= digitsMax && scale >= 0 && scale <= precision;
  return isOurs ? decimal(precision, scale) : utf8;
}

const nameOf = new Map<number, keyof typeof oids>(
  Object.entries(oids).map(([name, oid]) => [oid, name as keyof typeof oids]),
);

function typeOf(server: ServerType, typmod: number): ColumnType<unknown> {
  switch (server) {
    case "bool":
      return bool;
    case "int2":
    case "int4":
      return int32;
    case "int8":
      return int64;
    case "float4":
    case "float8":
      return float64;
    case "numeric":
      return numericType(typmod);
    case "bytea":
      return binary;
    case "date":
      return date;
    case "timestamp":
      return timestamp();
    case "timestamptz":
      return timestamp("UTC");
    case "json":
    case "jsonb":
      return json;
    default:
      return utf8;
  }
}

interface TypeRow {
  readonly oid: number;
  readonly typelem: number;
  readonly typcategory: string;
}

/** Of any SQL that can stand behind `from`. Nullable all: only tables would tell. */
export async function columnsOf(client: Client, from: string): Promise<readonly ServerColumn[]> {
  const { fields } = await client.query(`select * from ${from} limit 0`);
  const { rows } = await client.query<TypeRow>(
    "select oid::int4, typelem::int4, typcategory::text from pg_type where oid = any($1::oid[])",
    [fields.map((field) => field.dataTypeID)],
  );
  const types = new Map(rows.map((row) => [row.oid, row]));
  return fields.map(({ name, dataTypeID, dataTypeModifier }): ServerColumn => {
    const known = types.get(dataTypeID);
    if (known?.typcategory !== "A") {
      const server = nameOf.get(dataTypeID) ?? "other";
      return { name, server, type: typeOf(server, dataTypeModifier) };
    }
    const item = typeOf(nameOf.get(known.typelem) ?? "other", dataTypeModifier);
    return { name, server: "array", type: list(item.nullable()) };
  });
}

export interface Relation {
  readonly oid: number;
  /** Quoted, with its schema. */
  readonly name: string;
  /** `r` table, `p` partitioned table, `m` materialised view, `v` view, … */
  readonly kind: string;
  readonly bytes: number;
  readonly blocks: number;
}

const relationSql = `
  select c.oid::int4, n.nspname, c.relname, c.relkind::text as kind,
    coalesce(pg_relation_size(c.oid), 0)::text as bytes, current_setting('block_size')::int4 as block
  from pg_class c join pg_namespace n on n.oid = c.relnamespace`;

interface RelationRow {
  readonly oid: number;
  readonly nspname: string;
  readonly relname: string;
  readonly kind: string;
  readonly bytes: string;
  readonly block: number;
}

function relationOf({ oid, nspname, relname, kind, bytes, block }: RelationRow): Relation {
  const size = Number(bytes);
  const name = `${quoted(nspname)}.${quoted(relname)}`;
  return { oid, name, kind, bytes: size, blocks: Math.ceil(size / block) };
}

/** By its name as in SQL: `orders`, `sales.orders`, `"Odd name"`. */
export async function findRelation(client: Client, table: string): Promise<Relation> {
  const { rows } = await client.query<RelationRow>(`${relationSql} where c.oid = to_regclass($1)`, [
    table,
  ]);
  const [row] = rows;
  if (row !== undefined) return relationOf(row);
  throw new EngineError(
    "INPUT_NOT_FOUND",
    `there is no table ${table} in this database; name it as in SQL, with its schema where that is not on the search path`,
  );
}

/** The tables that hold the rows of a partitioned one. */
export async function leavesOf(client: Client, { oid }: Relation): Promise<readonly Relation[]> {
  const { rows } = await client.query<RelationRow>(
    `${relationSql} join pg_partition_tree($1::oid) t on t.relid = c.oid where t.isleaf order by c.oid`,
    [oid],
  );
  return rows.map(relationOf);
}
