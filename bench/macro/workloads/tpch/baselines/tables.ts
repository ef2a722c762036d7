// The tables of TPC-H for loops on one thread: columns by their names, and arrays indexed by keys.

import type { Column } from "../../../../../proto/batch/column.ts";
import { numbersOf, textsOf, whereText } from "../../column-values.ts";
import { readTable } from "../../read-table.ts";

export interface Tables {
  readonly folder: string;
  readonly scale: number;
  /** Room for the keys of each table, which count from 1; those of orders have gaps. */
  readonly room: {
    readonly orders: number;
    readonly customer: number;
    readonly part: number;
    readonly supplier: number;
  };
}

export type Query = (tables: Tables) => Promise<readonly (readonly unknown[])[]>;

/** As many keys as the specification gives each table at a scale factor. */
export function tablesAt(folder: string, scale: number): Tables {
  const room = (keys: number): number => Math.ceil(keys * scale) + 1;
  return {
    folder,
    scale,
    room: {
      orders: room(6_000_000),
      customer: room(150_000),
      part: room(200_000),
      supplier: room(10_000),
    },
  };
}

type Columns<Name extends string> = Readonly<Record<Name, Column>> & { readonly rows: number };

/** Batches of some columns of a table. */
export async function* scan<Name extends string>(
  { folder }: Tables,
  table: string,
  names: readonly Name[],
): AsyncGenerator<Columns<Name>> {
  for await (const { rows, columns } of readTable(`${folder}/${table}.parquet`, names)) {
    const named = Object.fromEntries(names.map((name, at) => [name, columns[at]]));
    yield { ...named, rows } as Columns<Name>;
  }
}

const dayMs = 86_400_000;

export const dayOf = (text: string): number => Math.floor(new Date(text).getTime() / dayMs);
export const dateOf = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10);

/** The year of each day since 1970 that TPC-H knows. */
export const years = Int16Array.from({ length: 16_384 }, (_, day) =>
  new Date(day * dayMs).getUTCFullYear(),
);

export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By the key of each part: 1 where a text of it is one that is asked for. */
export async function partsWhere(
  tables: Tables,
  column: "p_name" | "p_type",
  isWanted: (text: string) => boolean,
): Promise<Uint8Array> {
  const found = new Uint8Array(tables.room.part);
  const where = whereText(isWanted);
  for await (const { rows, ...t } of scan(tables, "part", ["p_partkey", column])) {
    const [keys, wanted] = [numbersOf(t.p_partkey), where(t[column], rows)];
    for (let row = 0; row < rows; row++) found[keys[row]!] = wanted[row]!;
  }
  return found;
}

/** Names of nations by their keys: of all, or of those of a region. */
export async function nationNames(tables: Tables, region?: string): Promise<Map<number, string>> {
  let regionKey: number | undefined;
  for await (const { rows, ...t } of scan(tables, "region", ["r_regionkey", "r_name"])) {
    const [keys, name] = [numbersOf(t.r_regionkey), textsOf(t.r_name)];
    for (let row = 0; row < rows; row++) if (name(row) === region) regionKey = keys[row];
  }
  const names = new Map<number, string>();
  for await (const { rows, ...t } of scan(tables, "nation", [
    "n_nationkey",
    "n_name",
    "n_regionkey",
  ])) {
    const [keys, regions] = [numbersOf(t.n_nationkey), numbersOf(t.n_regionkey)];
    const name = textsOf(t.n_name);
    for (let row = 0; row < rows; row++) {
      if (region === undefined || regions[row] === regionKey) names.set(keys[row]!, name(row));
    }
  }
  return names;
}

/** The key of a nation. */
export async function nationKey(tables: Tables, name: string): Promise<number> {
  const names = await nationNames(tables);
  return [...names].find(([, each]) => each === name)?.[0] ?? -1;
}

/** The nation of each supplier, or customer, by its key. */
export async function nationsBy(
  tables: Tables,
  table: "supplier" | "customer",
): Promise<Uint8Array> {
  const nations = new Uint8Array(tables.room[table]);
  const [key, nation] =
    table === "supplier"
      ? (["s_suppkey", "s_nationkey"] as const)
      : (["c_custkey", "c_nationkey"] as const);
  for await (const { rows, ...t } of scan<string>(tables, table, [key, nation])) {
    const [keys, values] = [numbersOf(t[key]!), numbersOf(t[nation]!)];
    for (let row = 0; row < rows; row++) nations[keys[row]!] = values[row]!;
  }
  return nations;
}
