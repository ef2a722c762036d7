// PageRank: ten rounds over a graph with the skew of the web.

import { join } from "node:path";
import { writeRmat } from "../../generators/rmat.ts";
import { judgeFiles } from "../../judge/judge-files.ts";
import { projectFolder } from "../../places.ts";
import type { Answer, Parameters, Task, Workload } from "../../protocol/workload.ts";
import { functionTask, jobTask, noClosures, sqlTask } from "../common.ts";

const seed = 9;
const rounds = 10;
const damping = 0.85;

function rankSql(input: string, output: string): Task {
  const read =
    `read_csv('${input}', delim = '\\t', header = false, auto_detect = false, ` +
    "columns = {'source': 'integer', 'target': 'integer'})";
  const received = `select target, sum(rank / links) as given from edges join ranks on source = page
    join degrees using (source) group by target`;
  const round = `create or replace temp table ranks as
    with received as (${received}), total as (select sum(given) as given from received)
    select page, (1 - ${damping} * total.given) / (select count(*) from ranks)
      + ${damping} * coalesce(received.given, 0) as rank
    from ranks left join received on page = target, total`;
  return sqlTask(
    `create or replace temp table edges as select * from ${read}`,
    "create or replace temp table degrees as select source, count(*) as links from edges group by source",
    `create or replace temp table ranks as with pages as (select source as page from edges
      union select target from edges) select page, 1.0::double / count(*) over () as rank from pages`,
    ...Array.from({ length: rounds }, () => round),
    `copy (select page, rank from ranks order by rank desc) to '${output}/ranks.parquet' (format parquet)`,
  );
}

/** Squares and a sum by pages tell ranks that went to other pages. */
const answer: Answer = {
  tolerance: 1e-6,
  read: (output) =>
    judgeFiles(
      output,
      (files) => `select count(*), sum(rank), sum(rank * rank), max(rank),
        sum(rank * (hash(page::varchar) % 1009)) from ${files}`,
    ),
};

export const graph: Workload = {
  name: "graph",
  title: "PageRank of an R-MAT graph",
  prepare: async (cache, size) => {
    const scale = size === "smoke" ? 8 : 14;
    const edges = size === "smoke" ? 2_000 : 200_000;
    const name = `rmat-${scale}-${edges}-${seed}.txt`;
    const input = await cache.file(name, (path) => writeRmat(path, { scale, edges, seed }));
    const paramsOf = (output: string): Parameters => {
      return { input, output, roundsMax: rounds, damping };
    };
    return {
      rows: [
        {
          name: "page-rank",
          title: `${rounds} rounds, ${edges} links`,
          inputRows: edges,
          answer,
          tasks: (output) => {
            const params = paramsOf(output);
            const byFunction = functionTask("rank", params);
            return {
              millrace: jobTask("graph", "rank.job.ts", params),
              baseline: byFunction,
              duckdb: rankSql(input, output),
              polars: byFunction,
              spark: byFunction,
              dask: byFunction,
              ray: byFunction,
            };
          },
        },
        {
          name: "page-rank-by-pairs",
          title: "the same by functions on pairs, which also tell how much ranks changed",
          inputRows: edges,
          answer,
          without: { duckdb: noClosures, polars: noClosures },
          tasks: (output) => {
            const params = paramsOf(output);
            const file = join(projectFolder(), "jobs/page-rank", "./job.ts");
            const millrace: Task = { kind: "job", file, params: { ...params, tolerance: 1e-300 } };
            return { millrace, baseline: functionTask("rank", params) };
          },
        },
      ],
      files: [input],
      data: `${edges} links between at most ${2 ** scale} pages, seed ${seed}`,
    };
  },
};
