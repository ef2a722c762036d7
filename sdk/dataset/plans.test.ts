// What steps put into a plan, as the text that explain shows, and that the planner finds the columns in order.

import { describe, expect, test } from "vitest";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import { logicalText } from "../../proto/plan/text.ts";
import { schemaText } from "../../proto/plan/types.ts";
import { DriverSession } from "../driver/session.ts";
import {
  broadcast,
  col,
  count,
  type Dataset,
  decimal,
  desc,
  int32,
  int64,
  list,
  lit,
  type RowOf,
  rank,
  rowNumber,
  schema,
  timestamp,
  utf8,
  when,
} from "../index.ts";
import { KnownSchemas } from "../planner/known-schemas.ts";
import { nodeOf } from "./dataset-base.ts";
import { createMillrace, type Millrace } from "./millrace.ts";

const flightSchema = schema({
  origin: utf8,
  delay: int32.nullable(),
  at: timestamp("UTC"),
  id: int64,
  fare: decimal(15, 2),
  tags: list(utf8),
});
const airportSchema = schema({ origin: utf8, city: utf8.nullable(), id: int64 });

const refuse = (): Promise<never> => Promise.reject(new Error("nothing runs here"));

function start(): { mr: Millrace; flights: Dataset<Flight>; airports: Dataset<Airport> } {
  const session = new DriverSession("/base", refuse, refuse);
  const mr = createMillrace(session, 0, () => 0);
  return {
    mr,
    flights: mr.read.parquet("flights/", { schema: flightSchema }),
    airports: mr.read.csv("airports.csv", { schema: airportSchema, nullText: "-" }),
  };
}

type Flight = RowOf<typeof flightSchema>;
type Airport = RowOf<typeof airportSchema>;

/** The plan without its sources, the first step first; the schema that comes out last. */
function plan(of: (given: ReturnType<typeof start>) => Dataset<unknown>): string {
  const node: LogicalNode = nodeOf(of(start()));
  const lines = logicalText({ kind: "collect", input: node }).trimEnd().split("\n").slice(1);
  const steps = lines.map((line) => line.slice(2)).filter((line) => !/readColumns/.test(line));
  const found = new KnownSchemas(new Map()).of(node);
  return [...steps, found === undefined ? "unknown" : schemaText(found)].join("\n");
}

test("a range says what it was told", () => {
  expect(plan(({ mr }) => mr.range(5))).toBe("range#2 0 to 5 by 1\n{value: int53}");
  expect(plan(({ mr }) => mr.range(5, 1, -1))).toBe("range#2 5 to 1 by -1\n{value: int53}");
  expect(plan(({ mr }) => mr.range(5, { partitions: 3 }))).toBe(
    "range#2 0 to 5 by 1 in 3 partitions\n{value: int53}",
  );
  expect(plan(({ mr }) => mr.range(2, 5, undefined, { partitions: 1 }))).toBe(
    "range#2 2 to 5 by 1 in 1 partitions\n{value: int53}",
  );
});

describe("columns", () => {
  test("select keeps, makes and names", () => {
    expect(
      plan(({ flights }) =>
        flights.select("origin", (c) => ({ hours: c.delay.div(60), late: c.delay.gt(30) })),
      ),
    ).toBe(
      "select#2 origin, (delay / 60) as hours, (delay > 30) as late\n" +
        "{origin: utf8, hours: float64?, late: bool?}",
    );
  });

  test("withColumn replaces in place, or adds; drop and rename", () => {
    expect(
      plan(({ flights }) =>
        flights
          .drop("at", "tags", "fare")
          .withColumn("delay", (c) => c.delay.cast(utf8))
          .withColumns(() => ({ one: lit(1), two: lit("2", int32) }))
          .rename({ origin: "from" }),
      ),
    ).toBe(
      "alter#5 rename origin as from\n" +
        '  alter#4 with 1 as one, cast("2" as int32) as two\n' +
        "    alter#3 with cast(delay as utf8) as delay\n" +
        "      alter#2 without at, tags, fare\n" +
        "{from: utf8, delay: utf8?, id: int64, one: int32?, two: int32?}",
    );
  });

  test("conditions and their operands", () => {
    expect(
      plan(({ flights }) =>
        flights
          .where((c) => c.delay.between(1, 2.5).and(c.origin.isIn("SEA", "SFO").not()))
          .where(
            col("delay")
              .isNull()
              .or(col("id").eq(2n ** 53n)),
          )
          .where((c) => c.at.ge(new Date(1))),
      ),
    ).toBe(
      'where#4 (at >= timestamp(UTC) "1970-01-01 00:00:00.001Z")\n' +
        '  where#3 (isNull(delay) or (id = int64 "9007199254740992"))\n' +
        '    where#2 (((delay >= 1) and (delay <= 2.5)) and not(isIn(origin, "SEA", "SFO")))\n' +
        `${schemaText(flightSchema)}`,
    );
  });

  test("conditionals and nulls", () => {
    expect(
      plan(({ flights }) =>
        flights.select((c) => ({
          state: when(c.delay.gt(60)).then("late").when(c.delay.lt(0)).then("early").otherwise("-"),
          none: c.delay.nullIf(0),
        })),
      ),
    ).toBe(
      'select#2 case when (delay > 60) then "late" when (delay < 0) then "early" else "-" end as state, ' +
        "nullIf(delay, 0) as none\n" +
        "{state: utf8?, none: int32?}",
    );
  });

  test("sorting, limits, samples, lists", () => {
    expect(
      plan(({ flights }) =>
        flights
          .explode("tags", { outer: true })
          .distinct("origin", "tags")
          .orderBy("origin", desc("delay").nullsFirst())
          .sortBy((c) => c.delay.abs())
          .orderBy("delay", "desc")
          .limit(3, 1)
          .sample(0.5, { seed: 7 }),
      ),
    ).toBe(
      "sample#8 0.5 seed 7\n" +
        "  limit#7 3 from 1\n" +
        '    orderBy#6 column "delay" desc\n' +
        "      sortBy#5 abs(delay) asc\n" +
        "        sortBy#4 origin asc, delay desc nulls first\n" +
        "          distinct#3 on origin, tags\n" +
        "            explode#2 tags outer\n" +
        "{origin: utf8, delay: int32?, at: timestamp(UTC), id: int64, fare: decimal(15,2), tags: utf8?}",
    );
  });
});

describe("groups and windows", () => {
  test("groups, filters and expressions as keys", () => {
    expect(
      plan(({ flights }) =>
        flights
          .groupBy("origin", (c) => ({ late: c.delay.gt(30) }))
          .agg((c) => ({
            n: count(),
            far: count().where(c.fare.gt(9)),
            sum: c.id.sum().distinct(),
          })),
      ),
    ).toBe(
      "aggregate#2 by origin, (delay > 30) as late: count() as n, count() where (fare > 9) as far, " +
        "sum(distinct id) as sum\n" +
        "{origin: utf8?, late: bool?, n: int53?, far: int53?, sum: int64?}",
    );
  });

  test("a pivot is an aggregate with filters", () => {
    expect(
      plan(({ flights }) =>
        flights
          .groupBy("id")
          .pivot("origin", ["SEA"])
          .agg((c) => ({ worst: c.delay.max() })),
      ),
    ).toBe(
      'aggregate#2 by id: max(delay) where (origin = "SEA") as SEA\n' + "{id: int64?, SEA: int32?}",
    );
    expect(
      plan(({ flights }) =>
        flights
          .groupBy("id")
          .pivot("origin", ["SEA"])
          .agg((c) => ({ worst: c.delay.max(), best: c.delay.min() })),
      ),
    ).toContain("{id: int64?, SEA_worst: int32?, SEA_best: int32?}");
  });

  test("windows are columns of their own until they were used", () => {
    const over = "by origin order delay desc peers start to current";
    expect(
      plan(({ flights }) =>
        flights
          .select("origin", "delay")
          .where((c) => rank().over({ partitionBy: c.origin, orderBy: c.delay.desc() }).le(3)),
      ),
    ).toBe(
      `alter#5 without ${JSON.stringify(`rank() over (${over})`)}\n` +
        `  where#4 (${JSON.stringify(`rank() over (${over})`)} <= 3)\n` +
        `    window#3 rank() over (${over}) as ${JSON.stringify(`rank() over (${over})`)}\n` +
        "      select#2 origin, delay\n" +
        "{origin: utf8, delay: int32?}",
    );
  });

  test("a window of a window comes after it, and equal ones are computed once", () => {
    const text = plan(({ flights }) =>
      flights.select((c) => {
        const number = rowNumber().over({ orderBy: c.at });
        return { a: number, b: number.lag().over({ orderBy: c.id, frame: { start: -2, end: 2 } }) };
      }),
    );
    expect(text.match(/window#/g)).toHaveLength(2);
    expect(text).toContain("rows 2 before to 2 after");
    expect(text).toMatch(/\{a: int53\?, b: int53\?\}$/);
  });
});

describe("several datasets", () => {
  test("joins by name, with a clashing column renamed", () => {
    expect(
      plan(({ flights, airports }) =>
        flights
          .select("origin", "id")
          .join(broadcast(airports), "origin", { type: "left", rename: { id: "airport" } }),
      ),
    ).toBe(
      "join#4 left on origin = origin broadcast\n" +
        "  select#2 origin, id\n" +
        "  alter#3 rename id as airport\n" +
        "{origin: utf8, id: int64, city: utf8?, airport: int64?}",
    );
  });

  test("conditions are taken apart into keys and the rest", () => {
    expect(
      plan(({ flights, airports }) =>
        flights
          .select("origin", "delay")
          .join(airports, (l, r) => l.origin.eq(r.origin).and(r.city.gt(l.origin)), {
            rename: { origin: "airport" },
          }),
      ),
    ).toBe(
      "join#4 inner on origin = airport where (city > origin)\n" +
        "  select#2 origin, delay\n" +
        "  alter#3 rename origin as airport\n" +
        "{origin: utf8, delay: int32?, airport: utf8?, city: utf8?, id: int64?}",
    );
  });

  test("a semi join needs of the right what its condition reads", () => {
    expect(
      plan(({ flights, airports }) =>
        flights
          .select("origin", "id")
          .join(airports, (l, r) => l.origin.eq(r.origin).and(r.id.lt(l.id)), "semi"),
      ),
    ).toBe(
      'join#4 semi on origin = "right origin" where ("right id" < id)\n' +
        "  select#2 origin, id\n" +
        '  select#3 origin as "right origin", id as "right id"\n' +
        "{origin: utf8, id: int64}",
    );
  });

  test("sets of rows and self-joins", () => {
    expect(
      plan(({ mr }) => {
        const a = mr.of([{ n: 1 }], schema({ n: int32 }));
        return a.union(a).intersect(a).exceptAll(a.join(a, "n"));
      }),
    ).toMatch(/^except#\d+ all\n {2}intersect#\d+\n {4}union#\d+\n {6}values#2 1 rows/);
  });
});

describe("what only JavaScript lets pass is refused at once", () => {
  const anything = (value: unknown) => value as never;
  const cases: readonly (readonly [
    string,
    (given: ReturnType<typeof start>) => unknown,
    RegExp,
  ])[] = [
    ["a path that is none", ({ mr }) => mr.read.text(anything(undefined)), /input is undefined/],
    ["several paths", ({ mr }) => mr.read.text(anything(["a", "b"])), /input is a list; .*\{a,b\}/],
    ["rows that are none", ({ mr }) => mr.of(anything(5)), /of was given number, not an array/],
    [
      "a schema that is none",
      ({ mr }) => mr.read.csv("a", { schema: anything({ a: int32 }) }),
      /read\.csv: the schema is object; make one, as in schema\(/,
    ],
    [
      "a schema of rows that is none",
      ({ mr }) => mr.read.ndjson("a", { schema: anything({ a: int32 }) }),
      /read\.ndjson: the schema is object/,
    ],
    [
      "operators between columns",
      ({ flights }) => flights.where((c) => anything((c.delay as unknown as number) > 3)),
      /operators do not see: write .*c\.a\.gt\(30\)/,
    ],
    [
      "equality of columns",
      ({ flights }) => flights.where((c) => anything((c.delay as unknown) === 3)),
      /where was given false, the same for all rows; .*c\.delay\.gt\(30\)/,
    ],
  ];
  test.each(cases)("%s", (_, make, message) => {
    expect(() => make(start())).toThrow(message);
    expect(() => make(start())).toThrow(expect.objectContaining({ code: "PLAN_INVALID" }));
  });
});
