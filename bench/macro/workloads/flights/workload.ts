// Small queries over the three million flights of vega-datasets.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Row, type Workload, WorkloadUnavailable } from "../../protocol/workload.ts";
import { functionTask, jobTask, sqlTask } from "../common.ts";

const questions: Readonly<Record<string, { readonly title: string; readonly sql: string }>> = {
  count: { title: "how many", sql: "select count(*) from flights" },
  hours: {
    title: "delay by hour",
    sql: `select hour(date) as h, count(*), avg(delay) from flights group by hour(date) order by h nulls first`,
  },
  busiest: {
    title: "busiest airports, with their names",
    sql: `select origin, name, n, late from (
        select origin, count(*) as n, sum(case when delay > 15 then 1 else 0 end) as late
        from flights group by origin) as f join airports on origin = iata
      order by n desc, origin limit 10`,
  },
  routes: {
    title: "busiest long route of each airport",
    sql: `select count(*), sum(n), sum(d) from (
        select origin, count(*) as n, avg(delay) as d,
          rank() over (partition by origin order by count(*) desc) as place
        from flights where distance > 1000 group by origin, destination) as t where place <= 1`,
  },
};

function rowOf(name: string, title: string, sql: string, flights: string, airports: string): Row {
  const params = { flights, airports, query: name };
  const byFunction = functionTask(name, params);
  return {
    name,
    title,
    answer: { ordered: true },
    tasks: () => ({
      millrace: jobTask("flights", "queries.job.ts", params),
      duckdb: sqlTask(sql),
      spark: sqlTask(sql),
      baseline: byFunction,
      polars: byFunction,
      dask: byFunction,
      ray: byFunction,
    }),
  };
}

/** Undefined where the package is not installed, be it beside ours. */
function dataFolder(): string | undefined {
  try {
    const main = createRequire(import.meta.url).resolve("vega-datasets");
    return join(dirname(dirname(main)), "data");
  } catch {
    return undefined;
  }
}

export const flights: Workload = {
  name: "flights",
  title: "Small queries over three million flights",
  prepare: async () => {
    const folder = dataFolder() ?? "";
    const [table, airports] = [join(folder, "flights-3m.parquet"), join(folder, "airports.csv")];
    if (!existsSync(table)) {
      throw new WorkloadUnavailable(
        "the package vega-datasets, which holds its files, is not there; `npm install vega-datasets` adds it",
      );
    }
    const rows = Object.entries(questions).map(([name, { title, sql }]) =>
      rowOf(name, title, sql, table, airports),
    );
    return {
      rows,
      files: [table, airports],
      setup: {
        duckdb: sqlTask(
          `create or replace temp view flights as select * from '${table}'`,
          `create or replace temp view airports as select * from read_csv('${airports}', header = true)`,
        ),
        spark: sqlTask(
          `create or replace temp view flights as select * from parquet.\`${table}\``,
          `create or replace temp view airports using csv options (path '${airports}', header 'true')`,
        ),
      },
      data: "flights-3m.parquet and airports.csv of the package vega-datasets",
    };
  },
};
