// A function of the user's own language on each of ten million rows.

import { parquet, writeTable } from "../../generators/duck-table.ts";
import type { Workload } from "../../protocol/workload.ts";
import { functionTask, jobTask } from "../common.ts";

const seed = 8;

export const userFunction: Workload = {
  name: "user-function",
  title: "A function of the user's on every row",
  prepare: async (cache, size) => {
    const rows = size === "smoke" ? 20_000 : 10_000_000;
    const query = `select below(i, ${seed}, 2000000000)::integer as "key" from range(${rows}) as numbers(i)`;
    const input = await cache.file(`keys-${rows}-${seed}.parquet`, (path) =>
      writeTable(path, query, parquet),
    );
    const byFunction = functionTask("opaque", { input });
    return {
      rows: [
        {
          name: "opaque",
          title: "one number to another, then a sum",
          inputRows: rows,
          answer: {},
          tasks: () => ({
            millrace: jobTask("user-function", "opaque.job.ts", { input }),
            baseline: byFunction,
            duckdb: byFunction,
            polars: byFunction,
            spark: byFunction,
            dask: byFunction,
            ray: byFunction,
          }),
        },
      ],
      files: [input],
      data: `${rows} numbers, seed ${seed}; peers run a function of Python on each row`,
    };
  },
};
