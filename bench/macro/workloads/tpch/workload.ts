// All 22 queries of TPC-H. Tables come from tpchgen-cli, which makes the standard data; small ones are kept here.

import { join } from "node:path";
import { pythonEnvironment } from "../../peers/environment.ts";
import { suiteFile } from "../../places.ts";
import type { DataCache } from "../../protocol/data-cache.ts";
import {
  type Row,
  type Size,
  type Task,
  type Workload,
  WorkloadUnavailable,
} from "../../protocol/workload.ts";
import { runProcess } from "../../traces/traces.ts";
import { sqlQueries, tableNames } from "./sql.ts";

const smokeScale = 0.001;
const queryJob = "query.job.ts";

const titles = [
  "pricing summary",
  "minimum cost supplier",
  "shipping priority",
  "order priority checking",
  "local supplier volume",
  "forecasting revenue change",
  "volume shipping",
  "national market share",
  "product type profit",
  "returned items",
  "important stock",
  "shipping modes",
  "customer distribution",
  "promotion effect",
  "top supplier",
  "parts and suppliers",
  "small-quantity orders",
  "large volume customers",
  "discounted revenue",
  "part promotion",
  "suppliers who kept orders waiting",
  "global sales opportunity",
] as const;

/** Rows that are told apart by everything that they are sorted by. */
const withoutOrder = new Set(["q3", "q10", "q11", "q18"]);
const rayQueries = new Set(["q1", "q6"]);

async function tablesOf(cache: DataCache, scale: number): Promise<string> {
  return await cache.file(`tpch-${scale}`, async (folder) => {
    const environment = pythonEnvironment();
    if ("absent" in environment) {
      throw new WorkloadUnavailable(`tpchgen-cli makes its tables: ${environment.absent}`);
    }
    const program = join(environment.folder, "bin/tpchgen-cli");
    const command = [program, "parquet", "-s", `${scale}`, "-o", folder];
    const { status, errors } = await runProcess(command);
    if (status !== 0) throw new Error(`${command.join(" ")} failed: ${errors}`);
  });
}

function viewsOf(folder: string, from: (path: string) => string): Task {
  const statements = tableNames.map(
    (name) =>
      `create or replace temp view ${name} as select * from ${from(`${folder}/${name}.parquet`)}`,
  );
  return { kind: "sql", statements };
}

function rowOf(query: string, at: number, sql: string, folder: string, scale: number): Row {
  const params = { folder, query, scale };
  const byFunction: Task = { kind: "function", name: query, params };
  const bySql: Task = { kind: "sql", statements: [sql] };
  return {
    name: query,
    title: `${query} ${titles[at]}`,
    answer: { ordered: !withoutOrder.has(query), tolerance: 1e-6 },
    without: {
      ray: "written for q1 and q6",
    },
    tasks: () => ({
      millrace: { kind: "job", file: suiteFile(`workloads/tpch/${queryJob}`), params },
      duckdb: bySql,
      spark: bySql,
      polars: bySql,
      baseline: byFunction,
      dask: byFunction,
      ...(rayQueries.has(query) ? { ray: byFunction } : {}),
    }),
  };
}

async function source(
  cache: DataCache,
  size: Size,
  scale: number,
): Promise<{ folder: string; scale: number }> {
  if (size === "smoke")
    return { folder: suiteFile("workloads/tpch/tables-0.001"), scale: smokeScale };
  return { folder: await tablesOf(cache, scale), scale };
}

export const tpch: Workload = {
  name: "tpch",
  title: "TPC-H, all 22 queries on Parquet",
  prepare: async (cache, size, tpchScale) => {
    const { folder, scale } = await source(cache, size, tpchScale);
    const queries = [...sqlQueries(scale)].sort(
      ([a], [b]) => Number(a.slice(1)) - Number(b.slice(1)),
    );
    return {
      rows: queries.map(([query, sql], at) => rowOf(query, at, sql, folder, scale)),
      files: tableNames.map((name) => join(folder, `${name}.parquet`)),
      setup: {
        duckdb: viewsOf(folder, (path) => `'${path}'`),
        spark: viewsOf(folder, (path) => `parquet.\`${path}\``),
        polars: { kind: "function", name: "open", params: { folder, tables: tableNames } },
      },
      data: `Scale factor ${scale}, by tpchgen-cli; sums and means compared up to 1e-6 of their size`,
    };
  },
};
