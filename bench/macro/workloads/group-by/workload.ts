// The group-by questions of the database benchmark (h2oai/db-benchmark), on its table of ten million rows.

import { parquet, writeTable } from "../../generators/duck-table.ts";
import type { Row, Workload } from "../../protocol/workload.ts";
import { functionTask, jobTask, parquetViews, sqlTask } from "../common.ts";

const seed = 4;

interface Question {
  readonly title: string;
  readonly sql: string;
}

const questions: Readonly<Record<string, Question>> = {
  q1: {
    title: "sum by id1 (100 groups)",
    sql: "select count(*), sum(v1) from (select sum(v1) as v1 from x group by id1) as t",
  },
  q2: {
    title: "sum by id1, id2 (10⁴ groups)",
    sql: "select count(*), sum(v1) from (select sum(v1) as v1 from x group by id1, id2) as t",
  },
  q3: {
    title: "sum, mean by id3 (10⁵ groups)",
    sql: `select count(*), sum(v1), sum(v3) from (
      select sum(v1) as v1, avg(v3) as v3 from x group by id3) as t`,
  },
  q4: {
    title: "means by id4 (100 groups)",
    sql: `select count(*), sum(v1), sum(v2), sum(v3) from (
      select avg(v1) as v1, avg(v2) as v2, avg(v3) as v3 from x group by id4) as t`,
  },
  q5: {
    title: "sums by id6 (10⁵ groups)",
    sql: `select count(*), sum(v1), sum(v2), sum(v3) from (
      select sum(v1) as v1, sum(v2) as v2, sum(v3) as v3 from x group by id6) as t`,
  },
  q6: {
    title: "median, deviation by id4, id5",
    sql: `select count(*), sum(m), sum(d) from (
      select median(v3) as m, stddev(v3) as d from x group by id4, id5) as t`,
  },
  q7: {
    title: "range by id3 (10⁵ groups)",
    sql: "select count(*), sum(r) from (select max(v1) - min(v2) as r from x group by id3) as t",
  },
  q8: {
    title: "largest two by id6",
    sql: `select count(*), sum(v3) from (
      select v3, row_number() over (partition by id6 order by v3 desc) as place from x) as t
      where place <= 2`,
  },
  q9: {
    title: "regression by id2, id4",
    sql: "select count(*), sum(r2) from (select power(corr(v1, v2), 2) as r2 from x group by id2, id4) as t",
  },
  q10: {
    title: "sum, count by six columns (10⁷ groups)",
    sql: `select count(*), sum(v3), sum(n) from (
      select sum(v3) as v3, count(*) as n from x group by id1, id2, id3, id4, id5, id6) as t`,
  },
};

function rowOf(name: string, { title, sql }: Question, input: string, rows: number): Row {
  const params = { input, question: name };
  const byFunction = functionTask(name, params);
  return {
    name,
    title: `${name} ${title}`,
    inputRows: rows,
    answer: { tolerance: 1e-6 },
    tasks: () => ({
      millrace: jobTask("group-by", "questions.job.ts", params),
      duckdb: sqlTask(sql),
      spark: sqlTask(sql),
      baseline: byFunction,
      polars: byFunction,
      dask: byFunction,
      ray: byFunction,
    }),
  };
}

export const groupBy: Workload = {
  name: "group-by",
  title: "Group-by questions of the database benchmark",
  prepare: async (cache, size) => {
    const rows = size === "smoke" ? 20_000 : 10_000_000;
    const few = size === "smoke" ? 10 : 100;
    const many = rows / few;
    const text = (at: number, groups: number, digits: number): string =>
      `'id' || lpad((below(i, ${seed + at}, ${groups}) + 1)::varchar, ${digits}, '0')`;
    const query = `
      select ${text(0, few, 3)} as id1, ${text(1, few, 3)} as id2, ${text(2, many, 10)} as id3,
        (below(i, ${seed + 3}, ${few}) + 1)::integer as id4, (below(i, ${seed + 4}, ${few}) + 1)::integer as id5,
        (below(i, ${seed + 5}, ${many}) + 1)::integer as id6, (below(i, ${seed + 6}, 5) + 1)::integer as v1,
        (below(i, ${seed + 7}, 15) + 1)::integer as v2, round(mix(i, ${seed + 8}) / 42949672.96, 6) as v3
      from range(${rows}) as numbers(i)`;
    const name = `group-by-${rows}-${few}-${seed}.parquet`;
    const input = await cache.file(name, (path) => writeTable(path, query, parquet));
    return {
      rows: Object.entries(questions).map(([key, question]) => rowOf(key, question, input, rows)),
      files: [input],
      setup: parquetViews({ x: input }),
      data: `${rows} rows of nine columns in Parquet, ${few} groups by id1, ${many} by id3, seed ${seed}`,
    };
  },
};
