// Queries over real files, each with its twin in SQL: what DuckDB answers, the engine answers.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";
import type { JobContext } from "../../proto/plan/bundle.ts";
import type { Dataset } from "../../sdk/dataset/dataset.ts";
import { defineJob } from "../../sdk/dataset/define-job.ts";
import type { Millrace } from "../../sdk/dataset/millrace.ts";
import { createBundle } from "../../sdk/driver/create-bundle.ts";
import {
  count,
  date,
  float64,
  int53,
  int64,
  type RowOf,
  rank,
  schema,
  timestamp,
  utf8,
} from "../../sdk/index.ts";
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

const shortFlights = schema({ delay: int53, distance: int53, time: float64 });
type ShortFlights = Dataset<RowOf<typeof shortFlights>>;

const flights = schema({
  date: timestamp(),
  delay: int64,
  distance: int64,
  origin: utf8,
  destination: utf8,
});
type Flights = Dataset<RowOf<typeof flights>>;

const context: JobContext = {
  jobId: "job-1",
  paramsJson: "{}",
  seed: 1,
  submittedWallMs: 0,
  workingFolder: "/base",
};

function readOf(mr: Millrace, name: string, uri: string): Dataset<unknown> {
  if (name.endsWith(".arrow")) return mr.read.arrow(uri, { schema: shortFlights });
  if (name.endsWith(".parquet")) return mr.read.parquet(uri, { schema: flights });
  return name.startsWith("airports")
    ? mr.read.csv(uri, { schema: airports })
    : mr.read.csv(uri, { schema: weather });
}

async function answer(
  name: string,
  read: (rows: never) => Dataset<unknown>,
  planTargets = { splitBytes: 9_000, partitionBytes: 12_000, coalescedBytes: 4_000 },
): Promise<unknown[]> {
  const uri = `s3://in/${name}`;
  const job = defineJob({
    name: "query",
    params: z.object({}),
    run: async (mr) => {
      return await read(readOf(mr, name, uri) as never).collect();
    },
  });
  const run = await runInMemory({
    bundle: createBundle(job),
    context,
    files: new Map([[uri, readFileSync(path(name))]]),
    planTargets,
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

const shortQueries: readonly (readonly [
  sql: string,
  query: (f: ShortFlights) => Dataset<unknown>,
])[] = [
  [
    "select count(*)::double, sum(delay)::double from f",
    (f) => f.agg((c) => ({ n: count(), s: c.delay.sum() })),
  ],
  [
    "select min(delay)::double, max(delay)::double from f",
    (f) => f.agg((c) => ({ a: c.delay.min(), b: c.delay.max() })),
  ],
  [
    "select avg(delay), avg(distance), avg(time) from f",
    (f) => f.agg((c) => ({ a: c.delay.avg(), b: c.distance.avg(), d: c.time.avg() })),
  ],
  [
    "select variance(delay), stddev(distance) from f",
    (f) => f.agg((c) => ({ a: c.delay.variance(), b: c.distance.stddev() })),
  ],
  [
    "select count(distinct distance)::double from f",
    (f) => f.agg((c) => ({ n: c.distance.countDistinct() })),
  ],
  [
    "select distance::double, count(*)::double from f group by 1",
    (f) => f.groupBy("distance").count(),
  ],
  [
    "select distance::double, max(delay)::double from f where delay > 60 group by 1",
    (f) =>
      f
        .where((c) => c.delay.gt(60))
        .groupBy("distance")
        .agg((c) => ({ m: c.delay.max() })),
  ],
  [
    "select delay > 0, count(*)::double from f group by 1",
    (f) => f.groupBy((c) => ({ late: c.delay.gt(0) })).count(),
  ],
  [
    "select (delay % 7)::double, count(*)::double from f group by 1",
    (f) => f.groupBy((c) => ({ m: c.delay.mod(7) })).count(),
  ],
  [
    "select distinct distance::double from f where delay > 300",
    (f) =>
      f
        .where((c) => c.delay.gt(300))
        .select("distance")
        .distinct(),
  ],
  [
    "select delay::double, distance::double, time from f order by delay desc, distance, time limit 20",
    (f) => f.sortBy((c) => [c.delay.desc(), c.distance, c.time]).limit(20),
  ],
  [
    "select delay::double, distance::double, time from f order by time, delay, distance limit 10 offset 90",
    (f) => f.sortBy((c) => [c.time, c.delay, c.distance]).limit(10, 90),
  ],
  [
    "select floor(time), count(*)::double, sum(distance)::double from f group by 1",
    (f) =>
      f
        .groupBy((c) => ({ hour: c.time.floor() }))
        .agg((c) => ({ n: count(), s: c.distance.sum() })),
  ],
  [
    "select count(*) filter (delay < 0)::double, count(*) filter (delay > 0)::double from f",
    (f) => f.agg((c) => ({ a: count().where(c.delay.lt(0)), b: count().where(c.delay.gt(0)) })),
  ],
  [
    "select sum(distinct delay)::double from f",
    (f) => f.agg((c) => ({ s: c.delay.sum().distinct() })),
  ],
  [
    "select sum(delay)::double, count(delay)::double from f where distance < 0",
    (f) => f.where((c) => c.distance.lt(0)).agg((c) => ({ s: c.delay.sum(), n: count(c.delay) })),
  ],
  [
    "select distance::double from f where delay > 400 intersect select distance::double from f where delay < -50",
    (f) =>
      f
        .where((c) => c.delay.gt(400))
        .select("distance")
        .intersect(f.where((c) => c.delay.lt(-50)).select("distance")),
  ],
  [
    "select distance::double from f where delay > 200 except select distance::double from f where delay < -40",
    (f) =>
      f
        .where((c) => c.delay.gt(200))
        .select("distance")
        .except(f.where((c) => c.delay.lt(-40)).select("distance")),
  ],
  [
    "select distance::double from f where delay > 400 union all select distance::double from f where delay < -60",
    (f) =>
      f
        .where((c) => c.delay.gt(400))
        .select("distance")
        .union(f.where((c) => c.delay.lt(-60)).select("distance")),
  ],
  [
    "select distance::double, rank() over (order by delay desc)::double from f where delay > 350",
    (f) =>
      f
        .where((c) => c.delay.gt(350))
        .select("distance", (c) => ({ r: rank().over({ orderBy: c.delay.desc() }) })),
  ],
  [
    "select delay::double, sum(distance) over (order by delay)::double from f where delay > 350",
    (f) =>
      f
        .where((c) => c.delay.gt(350))
        .select("delay", (c) => ({ s: c.distance.sum().over({ orderBy: c.delay }) })),
  ],
];

test.each(shortQueries)("%s", { timeout: 60_000 }, async (sql, query) => {
  const targets = { splitBytes: 200_000, partitionBytes: 500_000, coalescedBytes: 100_000 };
  const found = await answer("flights-200k.arrow", query as never, targets);
  // The Arrow file has the times in 32 bits.
  const file = path("flights-200k.json");
  const wanted = await duck(
    `create view f as select * replace (time::float::double as time) from read_json('${file}')`,
    sql,
  );
  expect(comparable(found)).toEqual(comparable(wanted));
});

const flightQueries: readonly (readonly [sql: string, query: (f: Flights) => Dataset<unknown>])[] =
  [
    ["select origin, count(*)::double from f group by 1", (f) => f.groupBy("origin").count()],
    [
      "select count(*)::double, sum(delay)::double, min(distance)::double from f",
      (f) => f.agg((c) => ({ n: count(), s: c.delay.sum(), m: c.distance.min() })),
    ],
    [
      "select origin, destination, max(delay)::double from f where delay > 300 group by 1, 2",
      (f) =>
        f
          .where((c) => c.delay.gt(300n))
          .groupBy("origin", "destination")
          .agg((c) => ({ m: c.delay.max() })),
    ],
    [
      "select month(date)::double, avg(delay) from f group by 1",
      (f) => f.groupBy((c) => ({ m: c.date.month() })).agg((c) => ({ a: c.delay.avg() })),
    ],
    [
      "select distinct destination from f where origin = 'SEA'",
      (f) =>
        f
          .where((c) => c.origin.eq("SEA"))
          .select("destination")
          .distinct(),
    ],
    [
      "select sum(delay * 9007199254740993)::varchar from f where origin = 'HNL' and delay between 1 and 3 and distance > 4000",
      (f) =>
        f
          .where((c) => c.origin.eq("HNL").and(c.delay.between(1n, 3n)).and(c.distance.gt(4000n)))
          .agg((c) => ({ s: c.delay.mul(9007199254740993n).sum() }))
          .select((c) => ({ s: c.s.cast(utf8) })),
    ],
    [
      "select count(distinct origin)::double, count(distinct destination)::double from f",
      (f) => f.agg((c) => ({ a: c.origin.countDistinct(), b: c.destination.countDistinct() })),
    ],
    [
      "select origin, delay::double from f where delay > 900",
      (f) => f.where((c) => c.delay.gt(900n)).select("origin", "delay"),
    ],
    [
      "select count(*)::double from f where origin like 'S%' and destination like '%A'",
      (f) => f.where((c) => c.origin.like("S%").and(c.destination.like("%A"))).agg({ n: count() }),
    ],
  ];

test.each(flightQueries)("%s", { timeout: 60_000 }, async (sql, query) => {
  const targets = { splitBytes: 3_000_000, partitionBytes: 5_000_000, coalescedBytes: 1_000_000 };
  const found = await answer("flights-3m.parquet", query as never, targets);
  const file = path("flights-3m.parquet");
  const wanted = await duck(`create view f as select * from read_parquet('${file}')`, sql);
  expect(comparable(found)).toEqual(comparable(wanted));
});
