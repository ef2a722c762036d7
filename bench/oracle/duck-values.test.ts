// Queries over values at the edges, in a file that DuckDB wrote, and over lines of JSON: nulls, NaN, infinities, -0,
// texts beyond ASCII, integers beyond 2^53, days, parts without rows, no rows at all. DuckDB's answers are the engine's.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { createBundle } from "../../sdk/driver/create-bundle.ts";
import {
  count,
  type Dataset,
  date,
  defineJob,
  float64,
  int32,
  int64,
  type Millrace,
  type RowOf,
  rowNumber,
  schema,
  utf8,
  z,
} from "../../sdk/index.ts";
import { duck } from "../formats/duck.ts";
import { runInMemory } from "./in-memory-engine.ts";

const folder = mkdtempSync(`${tmpdir()}/millrace-duck-values-`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const values = schema({
  n: int32,
  d: float64.nullable(),
  t: utf8.nullable(),
  i: int64.nullable(),
  day: date.nullable(),
});
type Values = Dataset<RowOf<typeof values>>;

/** In row groups of which conditions on `n` leave whole ones out. */
const made = `
  select n::integer as n,
    [null, 'nan'::double, 'inf'::double, '-inf'::double, -0.0, 0.0, 1.5, 1e300, null, -2][n % 10 + 1] as d,
    ['é', 'e\u0301', '', null, '日本', '😀', 'Z', 'a', 'ß', 'ǅ'][(n * 7) % 10 + 1] as t,
    case when n % 6 = 0 then null else 9007199254740992 + n % 5 end::bigint as i,
    case when n % 4 = 0 then null else date '1969-12-30' + (n % 800)::integer end as day
  from range(5000) as r(n)`;

/** Not among them: `upper` of ß and `reverse` of composed characters, which DuckDB has other rules for. */
const queries: readonly (readonly [sql: string, query: (v: Values) => Dataset<unknown>])[] = [
  [
    "select count(*), count(d), count(t), count(i), count(day) from v",
    (v) =>
      v.agg((c) => ({
        n: count(),
        d: c.d.count(),
        t: c.t.count(),
        i: c.i.count(),
        day: c.day.count(),
      })),
  ],
  ["select d, count(*) from v group by 1", (v) => v.groupBy("d").count()],
  [
    "select count(*) from v where d > 1e299",
    (v) => v.where((c) => c.d.gt(1e299)).agg({ n: count() }),
  ],
  [
    "select count(*) from v where d = 'nan'::double",
    (v) => v.where((c) => c.d.eq(Number.NaN)).agg({ n: count() }),
  ],
  ["select max(d), min(d) from v", (v) => v.agg((c) => ({ max: c.d.max(), min: c.d.min() }))],
  ["select t, count(*) from v group by 1", (v) => v.groupBy("t").count()],
  [
    "select t, length(t), lower(t), substring(t, 1, 1) from v where n < 10",
    (v) =>
      v
        .where((c) => c.n.lt(10))
        .select("t", (c) => ({ l: c.t.length(), low: c.t.lower(), first: c.t.substring(1, 1) })),
  ],
  ["select min(t), max(t) from v", (v) => v.agg((c) => ({ min: c.t.min(), max: c.t.max() }))],
  [
    "select t from v where t is not null and n < 40 order by t desc, n limit 7",
    (v) =>
      v
        .where((c) => c.t.isNotNull().and(c.n.lt(40)))
        .sortBy((c) => [c.t.desc(), c.n])
        .limit(7)
        .select("t"),
  ],
  ["select i, count(*) from v group by 1", (v) => v.groupBy("i").count()],
  [
    "select sum(i)::varchar, min(i), max(i) from v where n < 1000",
    (v) =>
      v
        .where((c) => c.n.lt(1000))
        .agg((c) => ({ sum: c.i.sum(), min: c.i.min(), max: c.i.max() }))
        .withColumn("sum", (c) => c.sum.cast(utf8)),
  ],
  [
    "select count(*) from v where i = 9007199254740993",
    (v) => v.where((c) => c.i.eq(9_007_199_254_740_993n)).agg({ n: count() }),
  ],
  [
    "select count(distinct i), count(distinct d), count(distinct t) from v",
    (v) =>
      v.agg((c) => ({ i: c.i.countDistinct(), d: c.d.countDistinct(), t: c.t.countDistinct() })),
  ],
  [
    "select year(day), month(day), count(*) from v group by 1, 2",
    (v) => v.groupBy((c) => ({ y: c.day.year(), m: c.day.month() })).count(),
  ],
  [
    "select min(day), max(day) from v where day < date '1970-01-01'",
    (v) =>
      v
        .where((c) => c.day.lt(new Date("1970-01-01")))
        .agg((c) => ({ min: c.day.min(), max: c.day.max() })),
  ],
  [
    "select count(*), sum(n)::double, max(t) from v where n < 0",
    (v) => v.where((c) => c.n.lt(0)).agg((c) => ({ n: count(), s: c.n.sum(), t: c.t.max() })),
  ],
  [
    "select t, count(*) from v where n > 99999 group by 1",
    (v) =>
      v
        .where((c) => c.n.gt(99_999))
        .groupBy("t")
        .count(),
  ],
  [
    "select a.n, b.t from v a join v b on a.i = b.i and a.n = b.n where a.n < 50",
    (v) =>
      v
        .where((c) => c.n.lt(50))
        .select("n", "i")
        .join(v.select("n", "i", "t"), ["n", "i"])
        .select("n", "t"),
  ],
  [
    "select a.n, b.day from (select * from v where n < 30) a left join (select * from v where n > 99999) b on a.t = b.t",
    (v) =>
      v
        .where((c) => c.n.lt(30))
        .select("n", "t")
        .join(v.where((c) => c.n.gt(99_999)).select("t", "day"), "t", "left")
        .select("n", "day"),
  ],
  [
    "select n from (select n, row_number() over (partition by d order by n) as r from v) where r = 3",
    (v) =>
      v
        .withColumn("r", (c) => rowNumber().over({ partitionBy: c.d, orderBy: c.n }))
        .where((c) => c.r.eq(3))
        .select("n"),
  ],
];

const uri = "s3://in/values.parquet";
const small = { splitBytes: 9_000, partitionBytes: 12_000, coalescedBytes: 4_000 };

async function answer(
  files: ReadonlyMap<string, Uint8Array>,
  read: (mr: Millrace) => Dataset<unknown>,
): Promise<readonly unknown[]> {
  const job = defineJob({
    name: "query",
    params: z.object({}),
    run: async (mr) => await read(mr).collect(),
  });
  const context = { jobId: "j", paramsJson: "{}", seed: 1, submittedWallMs: 0, workingFolder: "/" };
  const run = await runInMemory({ bundle: createBundle(job), context, files, planTargets: small });
  return run.value as readonly unknown[];
}

/** Rows as text, in no order: whole numbers alike in any type, days as days. */
function comparable(rows: readonly unknown[]): readonly string[] {
  const shown = (value: unknown): string => {
    if (value instanceof Date) return value.toISOString().slice(0, 10);
    // -0 is 0, here and there.
    return value === 0 ? "0" : String(value);
  };
  return rows
    .map((row) => JSON.stringify(Object.values(row as object).map(shown)))
    .sort((a, b) => (a < b ? -1 : 1));
}

const file = `${folder}/values.parquet`;
await duck(`copy (${made}) to '${file}' (format parquet, row_group_size 2048)`);
const bytes = readFileSync(file);

test.each(queries)("%s", async (sql, query) => {
  const read = (mr: Millrace) => query(mr.read.parquet(uri, { schema: values }));
  const found = await answer(new Map([[uri, bytes]]), read);
  const wanted = await duck(`create view v as select * from read_parquet('${file}')`, sql);
  expect(comparable(found)).toEqual(comparable(wanted));
});

const movies = fileURLToPath(
  new URL("../../node_modules/vega-datasets/data/movies.json", import.meta.url),
);

test.each<[string, (rows: Dataset<Record<string, unknown>>) => Dataset<unknown>]>([
  [
    `select "Major Genre", count(*), count("IMDB Rating"), sum("US Gross")::double from m group by 1`,
    (m) =>
      m
        .groupBy((c) => ({ genre: c("Major Genre").cast(utf8) }))
        .agg((c) => ({
          n: count(),
          rated: c("IMDB Rating").count(),
          gross: c("US Gross").cast(float64).sum(),
        })),
  ],
  [
    `select count(*), max("IMDB Votes")::double from m where "IMDB Rating" > 8 and "Director" is null`,
    (m) =>
      m
        .where((c) => c("IMDB Rating").cast(float64).gt(8).and(c("Director").isNull()))
        .agg((c) => ({ n: count(), votes: c("IMDB Votes").cast(float64).max() })),
  ],
])("of lines of JSON: %s", async (sql, query) => {
  const rows = JSON.parse(readFileSync(movies, "utf8")) as readonly unknown[];
  const lines = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const at = "s3://in/movies.ndjson";
  const read = (mr: Millrace) => query(mr.read.ndjson(at, { schema: "infer" }));
  const found = await answer(new Map([[at, lines]]), read);
  const wanted = await duck(`create view m as select * from read_json('${movies}')`, sql);
  expect(comparable(found)).toEqual(comparable(wanted));
});
