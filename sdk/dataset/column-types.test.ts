// Type tests of steps on columns: what must compile, what must not, and which types come out.

import { expectTypeOf, test } from "vitest";
import type { DateColumn } from "../columns/date-column.ts";
import {
  asc,
  avg,
  type Columns,
  col,
  count,
  type Dataset,
  type Decimal,
  date,
  decimal,
  desc,
  float64,
  int32,
  int64,
  list,
  lit,
  max,
  type NumberColumn,
  type RowOf,
  rank,
  rowNumber,
  schema,
  struct,
  sum,
  timestamp,
  utf8,
  when,
} from "../index.ts";
import type { Millrace } from "./millrace.ts";

const flightSchema = schema({
  origin: utf8,
  destination: utf8,
  delay: int32.nullable(),
  at: timestamp("UTC"),
  tail: utf8.nullable(),
  id: int64,
  fare: decimal(15, 2),
  tags: list(utf8),
});

type Flight = RowOf<typeof flightSchema>;

interface Airport {
  readonly origin: string;
  readonly city: string;
  readonly id: number;
  readonly opened?: Date;
}

/** Checked by the compiler, never called. */
function rows(mr: Millrace): void {
  expectTypeOf<Flight>().toEqualTypeOf<{
    readonly origin: string;
    readonly destination: string;
    readonly delay: number | null;
    readonly at: Date;
    readonly tail: string | null;
    readonly id: bigint;
    readonly fare: Decimal;
    readonly tags: readonly string[];
  }>();
  const fare: Decimal = "12.50";
  expectTypeOf(fare).toExtend<string>();
  const nested = schema({ place: struct({ x: float64, days: list(date.nullable()) }).nullable() });
  expectTypeOf<RowOf<typeof nested>>().toEqualTypeOf<{
    readonly place: { readonly x: number; readonly days: readonly (Date | null)[] } | null;
  }>();
  expectTypeOf(mr.read.parquet("a", { schema: flightSchema })).toEqualTypeOf<Dataset<Flight>>();
  expectTypeOf(mr.read.csv("a", { schema: flightSchema })).toEqualTypeOf<Dataset<Flight>>();
  expectTypeOf(mr.read.ndjson("a", { schema: flightSchema })).toEqualTypeOf<Dataset<Flight>>();
  expectTypeOf(mr.read.arrow("a")).toEqualTypeOf<Dataset<Record<string, unknown>>>();
  const found = mr.read.csv("a", { schema: "infer", delimiter: ";", nullText: "-" });
  expectTypeOf(found).toEqualTypeOf<Dataset<Record<string, unknown>>>();
  expectTypeOf(mr.read.ndjson("a", { schema: "infer" })).toEqualTypeOf<
    Dataset<Record<string, unknown>>
  >();
  // @ts-expect-error nothing of that name finds columns
  mr.read.csv("a", { schema: "guess" });
  expectTypeOf(mr.of([1, 2])).toEqualTypeOf<Dataset<number>>();
  expectTypeOf(mr.range(3)).toEqualTypeOf<Dataset<number>>();
  mr.of([{ a: 1, b: null }], schema({ a: int32, b: utf8.nullable() }));
  // @ts-expect-error a null where none may be
  mr.of([{ a: null }], schema({ a: int32 }));
  expectTypeOf(
    mr.read
      .text("a")
      .map((text) => ({ text }))
      .as(schema({ text: utf8 })),
  ).toEqualTypeOf<Dataset<{ readonly text: string }>>();
}

function steps(flights: Dataset<Flight>): void {
  expectTypeOf(flights.where((c) => c.delay.gt(30).and(c.origin.eq("SEA")))).toEqualTypeOf<
    Dataset<Flight>
  >();
  expectTypeOf<Columns<Flight>["delay"]>().toEqualTypeOf<NumberColumn<null, unknown>>();
  expectTypeOf<Columns<Flight>["at"]>().toEqualTypeOf<DateColumn<never, unknown>>();
  expectTypeOf(flights.select("origin", "delay")).toEqualTypeOf<
    Dataset<{ readonly origin: string; readonly delay: number | null }>
  >();
  const made = flights.select("origin", (c) => ({
    hours: c.delay.div(60),
    far: c.id.add(1n),
    total: c.fare.mul(2n),
    late: c.delay.gt(30),
    known: c.delay.isNull(),
    filled: c.delay.coalesce(0),
    text: c.delay.cast(utf8),
    whole: c.origin.tryCast(int32),
    none: lit(null),
    one: lit("x"),
  }));
  expectTypeOf(made).toEqualTypeOf<
    Dataset<{
      readonly origin: string;
      readonly hours: number | null;
      readonly far: bigint;
      readonly total: Decimal;
      readonly late: boolean | null;
      readonly known: boolean;
      readonly filled: number;
      readonly text: string | null;
      readonly whole: number | null;
      readonly none: unknown;
      readonly one: string;
    }>
  >();
  expectTypeOf(
    flights.withColumn("delay", (c) => c.delay.coalesce(0)).select("delay"),
  ).toEqualTypeOf<Dataset<{ readonly delay: number }>>();
  expectTypeOf(
    flights.select("delay").withColumn("rank", rank().over({ orderBy: col("delay").desc() })),
  ).toEqualTypeOf<Dataset<{ readonly delay: number | null; readonly rank: number }>>();
  expectTypeOf(flights.select("delay", "at").drop("at")).toEqualTypeOf<
    Dataset<{ readonly delay: number | null }>
  >();
  expectTypeOf(flights.select("delay", "at").rename({ at: "moment" })).toEqualTypeOf<
    Dataset<{ readonly delay: number | null; readonly moment: Date }>
  >();
  expectTypeOf(flights.select("origin", "tags").explode("tags")).toEqualTypeOf<
    Dataset<{ readonly origin: string; readonly tags: string }>
  >();
  expectTypeOf(flights.select("tags").explode("tags", { outer: true })).toEqualTypeOf<
    Dataset<{ readonly tags: string | null }>
  >();
}

function more(
  flights: Dataset<Flight>,
  words: Dataset<string>,
  pairs: Dataset<[string, number]>,
): void {
  expectTypeOf(words.where((c) => c.value.gt("a"))).toEqualTypeOf<Dataset<string>>();
  expectTypeOf(words.select("value")).toEqualTypeOf<Dataset<{ readonly value: string }>>();
  pairs.where((c) => c.value.gt(3).and(c.key.ne("a")));
  flights.orderBy("origin", desc("delay").nullsLast(), asc("at"));
  flights.orderBy(col("delay").abs());
  flights.sortBy((c) => [c.origin, c.delay.desc()]);
  flights.sortBy((c) => c.delay.desc());
  flights.distinct("origin").limit(3, 2).sample(0.5, { seed: 3 });
  flights.where(col("delay").gt(30));
  flights.where(col("origin").eq("SEA").and(col("delay").isNotNull()));
  expectTypeOf(flights.select(() => ({ a: col("delay"), b: col("origin") }))).toEqualTypeOf<
    Dataset<{ readonly a: number | null; readonly b: string }>
  >();
  const state = flights.select((c) => ({
    state: when(c.delay.gt(60)).then("late").when(c.delay.lt(0)).then("early").otherwise("fine"),
    late: when(c.delay.gt(60)).then(c.delay).end(),
  }));
  expectTypeOf(state).toEqualTypeOf<
    Dataset<{ readonly state: string; readonly late: number | null }>
  >();
  flights.write.parquet("out", { partitionBy: "origin", compression: "snappy" });
  // @ts-expect-error no such column
  flights.write.parquet("out", { partitionBy: "orign" });
}

function groups(flights: Dataset<Flight>): void {
  const byOrigin = flights.groupBy("origin").agg((c) => ({
    flights: count(),
    delay: c.delay.avg(),
    total: c.fare.sum(),
    late: count().where(c.delay.gt(60)),
    places: c.destination.collectList(),
    worst: max(c.delay),
  }));
  expectTypeOf(byOrigin).toEqualTypeOf<
    Dataset<{
      readonly origin: string;
      readonly flights: number;
      readonly delay: number | null;
      readonly total: Decimal;
      readonly late: number;
      readonly places: readonly string[];
      readonly worst: number | null;
    }>
  >();
  expectTypeOf(
    flights.groupBy("tail").agg({ total: sum(col("id")), mean: avg(col("delay")) }),
  ).toEqualTypeOf<
    Dataset<{ readonly tail: string | null; readonly total: bigint; readonly mean: number | null }>
  >();
  expectTypeOf(flights.agg((c) => ({ n: count(), first: c.at.min() }))).toEqualTypeOf<
    Dataset<{ readonly n: number; readonly first: Date | null }>
  >();
  expectTypeOf(flights.groupBy((c) => ({ late: c.delay.isNull() })).count()).toEqualTypeOf<
    Dataset<{ readonly late: boolean; readonly count: number }>
  >();
  expectTypeOf(
    flights
      .groupBy("destination")
      .pivot("origin", ["SEA", "SFO"])
      .agg((c) => ({ n: count(), d: c.delay.sum() })),
  ).toEqualTypeOf<
    Dataset<{
      readonly destination: string;
      readonly SEA_n: number;
      readonly SFO_n: number;
      readonly SEA_d: number | null;
      readonly SFO_d: number | null;
    }>
  >();
  expectTypeOf(
    flights
      .groupBy("destination")
      .pivot("origin", ["SEA", "SFO"])
      .agg((c) => ({ d: c.delay.sum() })),
  ).toEqualTypeOf<
    Dataset<{
      readonly destination: string;
      readonly SEA: number | null;
      readonly SFO: number | null;
    }>
  >();
  expectTypeOf(
    flights.select((c) => ({
      soFar: c.id.sum().over({ partitionBy: c.origin, orderBy: c.at }),
      before: c.delay.lag().over({ partitionBy: [c.origin, c.tail], orderBy: [c.at.desc()] }),
    })),
  ).toEqualTypeOf<Dataset<{ readonly soFar: bigint; readonly before: number | null }>>();
  flights.where((c) => rowNumber().over({ partitionBy: c.origin, orderBy: c.at }).le(3));
}

function joins(flights: Dataset<Flight>, airports: Dataset<Airport>): void {
  const named = flights.select("origin", "delay");
  const cities = airports.select("origin", "city");
  expectTypeOf(named.join(cities, "origin")).toEqualTypeOf<
    Dataset<{ readonly origin: string; readonly delay: number | null; readonly city: string }>
  >();
  expectTypeOf(named.join(cities, ["origin"], "left")).toEqualTypeOf<
    Dataset<{
      readonly origin: string;
      readonly delay: number | null;
      readonly city: string | null;
    }>
  >();
  const counted = cities.withColumn("n", lit(1));
  expectTypeOf(counted.join(named, "origin", "full")).toEqualTypeOf<
    Dataset<{
      readonly origin: string;
      readonly city: string | null;
      readonly n: number | null;
      readonly delay: number | null;
    }>
  >();
  expectTypeOf(named.join(cities, "origin", { type: "right" })).toEqualTypeOf<
    Dataset<{ readonly origin: string; readonly delay: number | null; readonly city: string }>
  >();
  expectTypeOf(flights.join(airports, "origin", "semi")).toEqualTypeOf<Dataset<Flight>>();
  expectTypeOf(
    flights
      .select("destination")
      .join(cities, (flight, airport) => flight.destination.eq(airport.origin)),
  ).toEqualTypeOf<
    Dataset<{ readonly destination: string; readonly origin: string; readonly city: string }>
  >();
  expectTypeOf(
    named.join(cities, (flight, airport) => flight.origin.eq(airport.origin), {
      type: "left",
      rename: { origin: "airport" },
    }),
  ).toEqualTypeOf<
    Dataset<{
      readonly origin: string;
      readonly delay: number | null;
      readonly airport: string | null;
      readonly city: string | null;
    }>
  >();
  expectTypeOf(cities.crossJoin(named, { rename: { origin: "from" } })).toEqualTypeOf<
    Dataset<{
      readonly origin: string;
      readonly city: string;
      readonly from: string;
      readonly delay: number | null;
    }>
  >();
  named.union(named).intersect(named).except(named).intersectAll(named).exceptAll(named);
  // @ts-expect-error other columns
  named.union(cities);
}

function untyped(anything: Dataset<Record<string, unknown>>): void {
  anything.where((c) => c("delay").cast(int32).gt(30));
  anything.where(col("delay").gt(30));
  anything
    .withColumn("a", (c) => c("b").cast(utf8))
    .groupBy("a")
    .agg({ n: count() });
  anything.join(anything, "id");
  anything.orderBy("delay", "desc");
  anything.orderBy("origin", desc("delay").nullsLast());
  // @ts-expect-error what is not known cannot be reckoned with
  anything.where((c) => c("delay").gt(30));
}

test("the compiler checked this file", () => {
  for (const checked of [rows, steps, more, groups, joins, untyped])
    expectTypeOf(checked).toBeFunction();
});
