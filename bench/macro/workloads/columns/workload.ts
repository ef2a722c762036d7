// Ten million rows in columns: sums by few and by many groups, a join, a sort.

import { parquet, writeTable } from "../../generators/duck-table.ts";
import { judgeFiles } from "../../judge/judge-files.ts";
import { suiteFile } from "../../places.ts";
import type { DataCache } from "../../protocol/data-cache.ts";
import type { Row, Size, Task, Tasks, Workload } from "../../protocol/workload.ts";

const seed = 2;

interface Tables {
  readonly facts: string;
  readonly dimension: string;
  readonly doubles: string;
  readonly rows: number;
}

async function makeTables(cache: DataCache, size: Size): Promise<Tables> {
  const rows = size === "smoke" ? 20_000 : 10_000_000;
  const keys = rows / 10;
  const facts = `
    select below(i, ${seed}, ${keys})::integer as "key", below(i, ${seed + 1}, 100)::integer as "group",
      mix(i, ${seed + 2}) / 1e6 as "value", mix(i, ${seed + 3}) / 4294967296.0 as "weight"
    from range(${rows}) as numbers(i)`;
  const dimension = `
    select i::integer as "key", mix(i, ${seed + 4}) / 1e9 as factor from range(${keys}) as numbers(i)`;
  const doubles = `
    select (mix(i, ${seed + 5}) + mix(i, ${seed + 6}) / 4294967296.0) / 1000 - 2e6 as number
    from range(${rows}) as numbers(i)`;
  const table = (name: string, query: string): Promise<string> =>
    cache.file(`columns-${name}-${rows}-${seed}.parquet`, (path) =>
      writeTable(path, query, parquet),
    );
  return {
    facts: await table("facts", facts),
    dimension: await table("dimension", dimension),
    doubles: await table("doubles", doubles),
    rows,
  };
}

const job = (file: string): string => suiteFile(`workloads/columns/${file}`);

function withPeers(
  name: string,
  params: Record<string, string>,
  sql: string,
): Omit<Tasks, "millrace"> {
  const byFunction = { kind: "function", name, params } as const;
  const bySql: Task = { kind: "sql", statements: [sql] };
  const peers = { polars: byFunction, dask: byFunction, ray: byFunction, baseline: byFunction };
  return { duckdb: bySql, spark: byFunction, ...peers };
}

function sumsRow({ facts, rows }: Tables, by: "key" | "group"): Row {
  const groups = by === "key" ? rows / 10 : 100;
  return {
    name: `sums-by-${by}`,
    title: `two sums by ${groups} groups`,
    inputRows: rows,
    answer: { tolerance: 1e-9 },
    tasks: () => ({
      millrace: { kind: "job", file: job("sums.job.ts"), params: { input: facts, by } },
      ...withPeers(
        "sums",
        { input: facts, by },
        `select count(*), sum(value), sum(weight), min(value), max(value) from (
          select sum("value") as value, sum(weight) as weight from '${facts}' group by "${by}")`,
      ),
    }),
  };
}

function joinRow({ facts, dimension, rows }: Tables): Row {
  return {
    name: "join",
    title: `join with ${rows / 10} rows, and a sum`,
    inputRows: rows,
    answer: { tolerance: 1e-9 },
    tasks: () => ({
      millrace: { kind: "job", file: job("join.job.ts"), params: { facts, dimension } },
      ...withPeers(
        "join",
        { facts, dimension },
        `select count(*), sum("value" * factor) from '${facts}' join '${dimension}' using ("key")`,
      ),
    }),
  };
}

function sortRow({ doubles, rows }: Tables): Row {
  return {
    name: "sort",
    title: "sort of doubles, to Parquet",
    inputRows: rows,
    answer: {
      read: (output) =>
        judgeFiles(
          output,
          (files) => `
            select count(*), sum(number), bool_and(rises)
            from (select number, number >= coalesce(lag(number) over (), number) as rises from ${files})`,
        ),
    },
    tasks: (output) => ({
      millrace: { kind: "job", file: job("sort.job.ts"), params: { input: doubles, output } },
      ...withPeers(
        "sort",
        { input: doubles },
        `copy (select * from '${doubles}' order by number) to '${output}/sorted.parquet' (format parquet)`,
      ),
    }),
  };
}

export const columns: Workload = {
  name: "columns",
  title: "Groups, a join and a sort of ten million rows of Parquet",
  prepare: async (cache, size) => {
    const tables = await makeTables(cache, size);
    return {
      rows: [sumsRow(tables, "key"), sumsRow(tables, "group"), joinRow(tables), sortRow(tables)],
      files: [tables.facts, tables.dimension, tables.doubles],
      data: `${tables.rows} rows of uniform keys and numbers, seed ${seed}, Snappy`,
    };
  },
};
