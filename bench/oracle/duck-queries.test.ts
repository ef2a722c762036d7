// Queries over real files, each with its twin in SQL: what DuckDB answers, the engine answers.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";
import type { JobContext } from "../../proto/plan/bundle.ts";
import type { Dataset } from "../../sdk/dataset/dataset.ts";
import { defineJob } from "../../sdk/dataset/define-job.ts";
import { createBundle } from "../../sdk/driver/create-bundle.ts";
import { count, date, float64, type RowOf, rank, schema, utf8 } from "../../sdk/index.ts";
import { duck } from "../formats/duck.ts";
import { runInMemory } from "./in-memory-engine.ts";

const path = (name: string): string =>
  fileURLToPath(new URL(`../../node_modules/vega-datasets/data/${name}`, import.meta.url));

const weather = schema({
  date,
  precipitation: float64,
  temp_max: float64,
  temp_min: float64,
  wind: float64,
  weather: utf8,
});
type Weather = Dataset<RowOf<typeof weather>>;

const airports = schema({
  iata: utf8,
  name: utf8,
  city: utf8.nullable(),
  state: utf8.nullable(),
  country: utf8,
  latitude: float64,
  longitude: float64,
});
type Airports = Dataset<RowOf<typeof airports>>;

const context: JobContext = {
  jobId: "job-1",
  paramsJson: "{}",
  seed: 1,
  submittedWallMs: 0,
  workingFolder: "/base",
};

async function answer(name: string, read: (rows: never) => Dataset<unknown>): Promise<unknown[]> {
  const uri = `s3://in/${name}`;
  const job = defineJob({
    name: "query",
    params: z.object({}),
    run: async (mr) => {
      const rows = name.startsWith("airports")
        ? mr.read.csv(uri, { schema: airports })
        : mr.read.csv(uri, { schema: weather });
      return await read(rows as never).collect();
    },
  });
  const run = await runInMemory({
    bundle: createBundle(job),
    context,
    files: new Map([[uri, readFileSync(path(name))]]),
    planTargets: { splitBytes: 9_000, partitionBytes: 12_000 },
  });
  return run.value as unknown[];
}

/** Numbers to nine digits, days as their texts. */
function comparable(rows: readonly unknown[]): readonly string[] {
  const plain = (value: unknown): unknown => {
    if (value instanceof Date) return value.toISOString().slice(0, 10);
    const isNumber = typeof value === "number" || typeof value === "bigint";
    return isNumber ? Number(Number(value).toPrecision(9)) : value;
  };
  const texts = rows.map((row) =>
    JSON.stringify(Object.values(row as object).map((value) => plain(value))),
  );
  return texts.sort((a, b) => (a < b ? -1 : 1));
}

const weatherQueries: readonly (readonly [sql: string, query: (w: Weather) => Dataset<unknown>])[] =
  [
    ["select count(*)::double from w", (w) => w.agg({ n: count() })],
    [
      "select sum(precipitation), avg(wind) from w",
      (w) => w.agg((c) => ({ s: c.precipitation.sum(), a: c.wind.avg() })),
    ],
    ["select weather, count(*)::double from w group by 1", (w) => w.groupBy("weather").count()],
    [
      "select weather, min(temp_min), max(temp_max) from w group by 1",
      (w) => w.groupBy("weather").agg((c) => ({ low: c.temp_min.min(), high: c.temp_max.max() })),
    ],
    [
      "select weather, min(date)::varchar, max(date)::varchar from w group by 1",
      (w) => w.groupBy("weather").agg((c) => ({ a: c.date.min(), b: c.date.max() })),
    ],
    [
      "select year(date)::double, month(date)::double, sum(precipitation) from w group by 1, 2",
      (w) =>
        w
          .groupBy((c) => ({ y: c.date.year(), m: c.date.month() }))
          .agg((c) => ({ p: c.precipitation.sum() })),
    ],
    [
      "select date::varchar, wind from w where wind > 8",
      (w) => w.where((c) => c.wind.gt(8)).select("date", "wind"),
    ],
    [
      "select date::varchar from w where wind > 1000",
      (w) => w.where((c) => c.wind.gt(1000)).select("date"),
    ],
    [
      "select sum(wind) from w where wind > 1000",
      (w) => w.where((c) => c.wind.gt(1000)).agg((c) => ({ s: c.wind.sum() })),
    ],
    ["select distinct weather from w", (w) => w.select("weather").distinct()],
    [
      "select count(distinct weather)::double from w",
      (w) => w.agg((c) => ({ n: c.weather.countDistinct() })),
    ],
    [
      "select date::varchar, temp_max from w order by temp_max desc, date limit 10",
      (w) =>
        w
          .orderBy("temp_max", "desc")
          .select("date", "temp_max")
          .sortBy((c) => [c.temp_max.desc(), c.date])
          .limit(10),
    ],
    [
      "select date::varchar, temp_min from w order by temp_min, date limit 5 offset 7",
      (w) =>
        w
          .sortBy((c) => [c.temp_min, c.date])
          .select("date", "temp_min")
          .limit(5, 7),
    ],
    [
      "select weather, variance(temp_max), stddev(temp_max) from w group by 1",
      (w) =>
        w.groupBy("weather").agg((c) => ({ v: c.temp_max.variance(), s: c.temp_max.stddev() })),
    ],
    [
      "select upper(weather), length(weather)::double, count(*)::double from w group by 1, 2",
      (w) => w.groupBy((c) => ({ u: c.weather.upper(), l: c.weather.length() })).count(),
    ],
    [
      "select date::varchar, rank() over (partition by weather order by wind desc)::double from w",
      (w) =>
        w.select("date", (c) => ({
          r: rank().over({ partitionBy: c.weather, orderBy: c.wind.desc() }),
        })),
    ],
    [
      "select date::varchar, avg(wind) over (order by date rows between 6 preceding and current row) from w",
      (w) =>
        w.select("date", (c) => ({
          a: c.wind.avg().over({ orderBy: c.date, frame: { start: -6, end: 0 } }),
        })),
    ],
    [
      "select date::varchar, lag(temp_max, 1) over (order by date) from w",
      (w) => w.select("date", (c) => ({ l: c.temp_max.lag(1).over({ orderBy: c.date }) })),
    ],
    [
      "select weather, count(*) filter (wind > 5)::double from w group by 1",
      (w) => w.groupBy("weather").agg((c) => ({ n: count().where(c.wind.gt(5)) })),
    ],
    [
      "select a.date::varchar, b.weather from w a join w b on a.temp_max = b.temp_min and a.wind < b.wind",
      (w) =>
        w
          .select("date", "temp_max", "wind")
          .join(
            w.select("temp_min", "weather", (c) => ({ wind2: c.wind })),
            (a, b) => a.temp_max.eq(b.temp_min).and(a.wind.lt(b.wind2)),
          )
          .select("date", "weather"),
    ],
  ];

test.each(weatherQueries)("%s", { timeout: 30_000 }, async (sql, query) => {
  const found = await answer("seattle-weather.csv", query as never);
  const file = path("seattle-weather.csv");
  const wanted = await duck(`create view w as select * from read_csv('${file}')`, sql);
  expect(comparable(found)).toEqual(comparable(wanted));
});

const airportQueries: readonly (readonly [
  sql: string,
  query: (a: Airports) => Dataset<unknown>,
])[] = [
  ["select state, count(*)::double from a group by 1", (a) => a.groupBy("state").count()],
  [
    "select state, count(distinct city)::double, min(name), max(latitude) from a group by 1",
    (a) =>
      a
        .groupBy("state")
        .agg((c) => ({ n: c.city.countDistinct(), m: c.name.min(), l: c.latitude.max() })),
  ],
  [
    "select iata from a where name like '%International%' and state in ('TX', 'CA')",
    (a) =>
      a.where((c) => c.name.like("%International%").and(c.state.isIn("TX", "CA"))).select("iata"),
  ],
  [
    "select iata, city from a where city is null",
    (a) => a.where((c) => c.city.isNull()).select("iata", "city"),
  ],
  [
    "select city from a where state = 'TX' intersect select city from a where state = 'CA'",
    (a) =>
      a
        .where((c) => c.state.eq("TX"))
        .select("city")
        .intersect(a.where((c) => c.state.eq("CA")).select("city")),
  ],
  [
    "select city from a where state = 'TX' except select city from a where state = 'CA'",
    (a) =>
      a
        .where((c) => c.state.eq("TX"))
        .select("city")
        .except(a.where((c) => c.state.eq("CA")).select("city")),
  ],
  [
    "select city from a where state = 'TX' except all select city from a where state = 'CA'",
    (a) =>
      a
        .where((c) => c.state.eq("TX"))
        .select("city")
        .exceptAll(a.where((c) => c.state.eq("CA")).select("city")),
  ],
  [
    "select x.state, x.n from (select state, count(*)::double n from a group by 1) x where x.n > 100",
    (a) =>
      a
        .groupBy("state")
        .count()
        .where((c) => c.count.gt(100)),
  ],
  [
    "select a.iata from a anti join (select state from a where longitude < -100) b using (state)",
    (a) =>
      a.join(a.where((c) => c.longitude.lt(-100)).select("state"), "state", "anti").select("iata"),
  ],
  [
    "select a.iata from a semi join (select state from a where longitude < -150) b using (state)",
    (a) =>
      a.join(a.where((c) => c.longitude.lt(-150)).select("state"), "state", "semi").select("iata"),
  ],
];

test.each(airportQueries)("%s", { timeout: 30_000 }, async (sql, query) => {
  const found = await answer("airports.csv", query as never);
  const file = path("airports.csv");
  const wanted = await duck(`create view a as select * from read_csv('${file}')`, sql);
  expect(comparable(found)).toEqual(comparable(wanted));
});
