// NDJSON to Parquet: nested events are filtered, flattened and typed.

import { writeTable } from "../../generators/duck-table.ts";
import { judgeFiles } from "../../judge/judge-files.ts";
import type { Workload } from "../../protocol/workload.ts";
import { bytesOf, functionTask, jobTask, sqlTask } from "../common.ts";

const seed = 7;

const eventsOf = (rows: number): string => `
  select i::integer as id, strftime(timestamp '2024-01-01' + to_seconds(i), '%Y-%m-%dT%H:%M:%SZ') as "at",
    ['view', 'click', 'buy', 'debug'][below(i, ${seed}, 4) + 1] as kind,
    {'name': 'user ' || below(i, ${seed + 1}, 100000), 'country': ['de', 'fr', 'us', 'jp', 'br'][below(i, ${seed + 2}, 5) + 1]} as user,
    case when below(i, ${seed + 3}, 10) = 0 then null else below(i, ${seed + 4}, 100000) / 100.0 end as amount
  from range(${rows}) as numbers(i)`;

export const etl: Workload = {
  name: "etl",
  title: "NDJSON to Parquet: filtered, flattened, typed",
  prepare: async (cache, size) => {
    const rows = size === "smoke" ? 10_000 : 2_000_000;
    const input = await cache.file(`events-${rows}-${seed}.ndjson`, (path) =>
      writeTable(path, eventsOf(rows), "format json"),
    );
    const read =
      `read_json('${input}', format = 'newline_delimited', columns = {id: 'integer', "at": 'timestamptz', ` +
      `kind: 'varchar', "user": 'struct(name varchar, country varchar)', amount: 'double'})`;
    return {
      rows: [
        {
          name: "events",
          title: `${rows} events`,
          inputRows: rows,
          inputBytes: bytesOf(input),
          answer: {
            read: (output) =>
              judgeFiles(
                output,
                (files) => `
                  select count(*), sum(id), sum(amount), sum(epoch("at")),
                    sum(hash(name) % 1000003), sum(hash(country) % 1000003), sum(hash(kind) % 1000003)
                  from ${files}`,
              ),
          },
          tasks: (output) => {
            const params = { input, output };
            const byFunction = functionTask("events", params);
            return {
              millrace: jobTask("etl", "events.job.ts", params),
              baseline: byFunction,
              duckdb: sqlTask(
                `copy (select id, "at", kind, "user".name as name, upper("user".country) as country,
                    round(amount * 100) as amount
                  from ${read} where kind <> 'debug' and amount is not null
                ) to '${output}/events.parquet' (format parquet)`,
              ),
              polars: byFunction,
              spark: byFunction,
              dask: byFunction,
              ray: byFunction,
            };
          },
        },
      ],
      files: [input],
      data: `${rows} lines of JSON, seed ${seed}`,
    };
  },
};
