// Aggregation of CSV, as in the one billion row challenge: stations and temperatures.

import { writeTable } from "../../generators/duck-table.ts";
import type { Workload } from "../../protocol/workload.ts";
import { bytesOf, functionTask, jobTask, sqlTask } from "../common.ts";

const seed = 3;
const stations = 413;

export const csv: Workload = {
  name: "csv",
  title: "Aggregation of CSV, as in the one billion row challenge",
  prepare: async (cache, size) => {
    const rows = size === "smoke" ? 20_000 : 10_000_000;
    const query = `
      select 'Station ' || lpad(below(i, ${seed}, ${stations})::varchar, 3, '0') as station,
        round(below(i, ${seed + 1}, 1400) / 10.0 - 50, 1)::decimal(5, 1) as temperature
      from range(${rows}) as numbers(i)`;
    const input = await cache.file(`stations-${rows}-${seed}.csv`, (path) =>
      writeTable(path, query, "format csv, header true, delimiter ';'"),
    );
    const read =
      `read_csv('${input}', delim = ';', header = true, auto_detect = false, ` +
      "columns = {'station': 'varchar', 'temperature': 'double'})";
    return {
      rows: [
        {
          name: "stations",
          title: `least, mean and most of ${stations} stations`,
          inputRows: rows,
          inputBytes: bytesOf(input),
          threeMasters: true,
          answer: { ordered: true },
          tasks: () => {
            const byFunction = functionTask("stations", { input });
            const statement = `select station, min(temperature), avg(temperature), max(temperature)
              from ${read} group by station order by station`;
            return {
              millrace: jobTask("csv", "stations.job.ts", { input }),
              baseline: byFunction,
              duckdb: sqlTask(statement),
              polars: byFunction,
              spark: byFunction,
              dask: byFunction,
              ray: byFunction,
            };
          },
        },
      ],
      files: [input],
      data: `${rows} lines, seed ${seed}`,
    };
  },
};
