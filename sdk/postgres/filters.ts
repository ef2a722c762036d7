// Conditions that PostgreSQL means as we do, as SQL with parameters.

import type { FilterValue, SourceFilter } from "millrace";
import { quoted } from "./connect.ts";
import type { Field } from "./read-columns.ts";
import type { ServerType } from "./relation.ts";

const operators = { eq: "=", ne: "<>", lt: "<", le: "<=", gt: ">", ge: ">=" } as const;

interface Compared {
  /** Of the column, in which both agree. */
  readonly column: string;
  /** Of the parameter. */
  readonly cast: string;
  /** What PostgreSQL is given; undefined where it would compare otherwise. */
  value(given: FilterValue): string | undefined;
}

function whole(value: FilterValue): string | undefined {
  if (typeof value === "bigint") return value.toString();
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : undefined;
}

function comparedBy(name: string, kind: string, server: ServerType): Compared | undefined {
  const column = quoted(name);
  switch (`${kind} of ${server}`) {
    case "bool of bool":
      return {
        column,
        cast: "bool",
        value: (v) => (typeof v === "boolean" ? String(v) : undefined),
      };
    case "int32 of int2":
    case "int32 of int4":
    case "int64 of int2":
    case "int64 of int4":
    case "int64 of int8":
    case "int53 of int2":
    case "int53 of int4":
    case "int53 of int8":
      return { column, cast: "int8", value: whole };
    case "decimal of numeric":
      return { column, cast: "numeric", value: (v) => (typeof v === "string" ? v : whole(v)) };
    case "float64 of float8":
      return {
        column,
        cast: "float8",
        value: (v) => (typeof v === "number" ? String(v) : undefined),
      };
    case "date of date":
      return {
        ...{ column, cast: "date" },
        value: (v) => (v instanceof Date ? v.toISOString().slice(0, 10) : undefined),
      };
    case "timestamp of timestamptz":
      return {
        ...{ column, cast: "timestamptz" },
        value: (v) => (v instanceof Date ? v.toISOString() : undefined),
      };
    case "utf8 of text":
    case "utf8 of varchar":
      return { column, cast: "text", value: (v) => (typeof v === "string" ? v : undefined) };
    default:
      return undefined;
  }
}

/** SQL of one filter, its parameters numbered from `first`; undefined where it is not taken. */
export function filterSql(
  filter: SourceFilter,
  field: Field,
  server: ServerType,
  first: number,
): { readonly sql: string; readonly values: readonly string[] } | undefined {
  const name = quoted(filter.column);
  if (!("value" in filter || "values" in filter)) {
    // The json null is a value of PostgreSQL, and null of ours.
    if (field.type.kind === "json" || field.type.kind === "struct") return undefined;
    return { sql: `${name} is ${filter.is === "isNull" ? "" : "not "}null`, values: [] };
  }
  const by = comparedBy(filter.column, field.type.kind, server);
  if (by === undefined) return undefined;
  const given = filter.is === "in" ? filter.values : [filter.value];
  const values = given.map((value) => by.value(value));
  const known = values.filter((value) => value !== undefined);
  if (known.length !== values.length || known.length === 0) return undefined;
  const is = filter.is === "in" ? "eq" : filter.is;
  const sql = known.map((_, index) => comparison(by, is, `$${first + index}`)).join(" or ");
  return { sql: `(${sql})`, values: known };
}

/** Text is ordered by its bytes. Equality is asked twice: once for an index, once whatever the collation is. */
function comparison({ column, cast }: Compared, is: keyof typeof operators, value: string): string {
  const plain = `${column} ${operators[is]} ${value}::${cast}`;
  if (cast !== "text") return plain;
  const byBytes = `${column} collate "C" ${operators[is]} ${value}::text`;
  return is === "eq" ? `(${plain} and ${byBytes})` : byBytes;
}
