// The join questions of the database benchmark (h2oai/db-benchmark), on ten million rows.

import { mkdirSync } from "node:fs";
import { parquet, writeTable } from "../../generators/duck-table.ts";
import type { DataCache } from "../../protocol/data-cache.ts";
import type { Row, Workload } from "../../protocol/workload.ts";
import { functionTask, jobTask, parquetViews, sqlTask } from "../common.ts";

const seed = 5;
/** Of the keys on each side this share has a partner. */
const matched = 0.9;

interface Question {
  readonly title: string;
  readonly other: string;
  readonly kind: "inner" | "left";
  readonly on: readonly [left: string, right: string];
}

const questions: Readonly<Record<string, Question>> = {
  q1: { title: "small, inner on a number", other: "small", kind: "inner", on: ["id1", "key"] },
  q2: { title: "medium, inner on a number", other: "medium", kind: "inner", on: ["id2", "key"] },
  q3: { title: "medium, left on a number", other: "medium", kind: "left", on: ["id2", "key"] },
  q4: { title: "medium, inner on text", other: "medium", kind: "inner", on: ["id5", "name"] },
  q5: { title: "big, inner on a number", other: "big", kind: "inner", on: ["id3", "key"] },
};

const names = ["x", "small", "medium", "big"] as const;

async function makeTables(cache: DataCache, rows: number): Promise<string> {
  const sizes = { small: 10, medium: rows / 1000, big: rows };
  return await cache.file(`join-${rows}-${seed}`, async (folder) => {
    mkdirSync(folder);
    const key = (at: number, size: number): string =>
      `(below(i, ${seed + at}, ${Math.ceil(size / matched)}))::integer`;
    const x = `
      select id1, id2, id3, 'id' || id2 as id5, v1 from (
        select ${key(0, sizes.small)} as id1, ${key(1, sizes.medium)} as id2, ${key(2, sizes.big)} as id3,
          mix(i, ${seed + 3}) / 42949672.96 as v1
        from range(${rows}) as numbers(i))`;
    await writeTable(`${folder}/x.parquet`, x, parquet);
    for (const [name, size] of Object.entries(sizes)) {
      const other = `
        select i::integer as "key", 'id' || i as name, mix(i, ${seed + 4}) / 42949672.96 as v2
        from range(${size}) as numbers(i) order by mix(i, ${seed + 5})`;
      await writeTable(`${folder}/${name}.parquet`, other, parquet);
    }
  });
}

function rowOf(name: string, question: Question, folder: string, rows: number): Row {
  const { title, other, kind, on } = question;
  const sql = `select count(*), sum(v1), sum(v2) from x ${kind} join ${other} on x.${on[0]} = ${other}.${on[1]}`;
  const params = { folder, other, kind, left: on[0], right: on[1] };
  const byFunction = functionTask("join", params);
  return {
    name,
    title: `${name} ${title}`,
    inputRows: rows,
    answer: { tolerance: 1e-9 },
    tasks: () => ({
      millrace: jobTask("join", "questions.job.ts", { folder, question: name }),
      baseline: byFunction,
      duckdb: sqlTask(sql),
      spark: sqlTask(sql),
      polars: byFunction,
      dask: byFunction,
      ray: byFunction,
    }),
  };
}

export const join: Workload = {
  name: "join",
  title: "Join questions of the database benchmark",
  prepare: async (cache, size) => {
    const rows = size === "smoke" ? 20_000 : 10_000_000;
    const folder = await makeTables(cache, rows);
    const tables = Object.fromEntries(names.map((name) => [name, `${folder}/${name}.parquet`]));
    return {
      rows: Object.entries(questions).map(([name, question]) =>
        rowOf(name, question, folder, rows),
      ),
      files: [folder],
      setup: parquetViews(tables),
      data: `${rows} rows with 10, ${rows / 1000} and ${rows} rows, seed ${seed}`,
    };
  },
};
