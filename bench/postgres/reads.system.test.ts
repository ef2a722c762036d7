// What a real server is asked for: ranges that cover every row once, only the columns and rows that are wanted.

import fc from "fast-check";
import { int64, schema } from "millrace";
import { postgresSource } from "millrace/postgres";
import { describe, expect, test } from "vitest";
import { postgresForTests } from "./for-tests.ts";
import { run } from "./testing/run.ts";

const postgres = postgresForTests();

interface Row {
  readonly id: number | null;
  readonly word: string | null;
  readonly price: string | null;
  readonly at: Date | null;
  readonly ratio: number | null;
}

const words = ["", "a", "A", "b", "é", "ab", "\u{1f986}", "z"];
const prices = ["0.00", "-1.50", "2.25", "1000000.00"];
const moments = [0, 1, 86_400_000, -1].map((ms) => new Date(ms));
const ratios = [0, -0, 1.5, -2, Number.NaN, Number.POSITIVE_INFINITY];
const orNull = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values));
const row: fc.Arbitrary<Row> = fc.record({
  id: fc.option(fc.integer({ min: -3, max: 3 })),
  word: orNull(words),
  price: orNull(prices),
  at: orNull(moments),
  ratio: orNull(ratios),
});

const compared = ["eq", "ne", "lt", "le", "gt", "ge"] as const;
const condition = fc.oneof(
  fc.record({
    column: fc.constant("id"),
    is: fc.constantFrom(...compared),
    value: fc.integer({ min: -4, max: 4 }),
  }),
  fc.record({
    column: fc.constant("word"),
    is: fc.constantFrom(...compared),
    value: fc.constantFrom(...words),
  }),
  fc.record({
    column: fc.constant("at"),
    is: fc.constantFrom(...compared),
    value: fc.constantFrom(...moments),
  }),
  fc.record({
    column: fc.constant("ratio"),
    is: fc.constantFrom(...compared),
    value: fc.constantFrom(...ratios),
  }),
  fc.record({
    column: fc.constantFrom("id", "word", "price", "at"),
    is: fc.constantFrom("isNull", "isNotNull"),
    value: fc.constant(0),
  }),
  fc.record({
    column: fc.constant("word"),
    is: fc.constant("isIn"),
    value: fc.constantFrom(...words),
  }),
);

/** A column, or what was made of columns, by the names of its methods. */
interface Condition {
  readonly [method: string]: (...values: readonly unknown[]) => Condition;
}

describe.skipIf(postgres.absent)(`reading PostgreSQL${postgres.note}`, () => {
  test("conditions that the server takes leave the rows that the engine would", async () => {
    const server = await postgres.server();
    const connection = server.url;
    await server.query(
      "create table samples (id int4, word text, price numeric(12,2), at timestamptz, ratio float8)",
    );
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 12 }),
        fc.array(condition, { minLength: 1, maxLength: 3 }),
        async (rows, conditions) => {
          await server.query("truncate samples");
          for (const { id, word, price, at, ratio } of rows) {
            await server.query("insert into samples values ($1, $2, $3, $4, $5)", [
              id,
              word,
              price,
              at,
              ratio,
            ]);
          }
          const predicate = (columns: unknown): Condition =>
            conditions
              .map(({ column, is, value }) => {
                const of = (columns as (name: string) => Condition)(column);
                if (is === "isIn") return of[is]!(value, "ab");
                return is.startsWith("is") ? of[is]!() : of[is]!(value);
              })
              .reduce((left, right) => left["and"]!(right));
          const source = () => postgresSource({ connection, table: "samples" });
          const pushed = await run((mr) =>
            mr.read
              .from(source())
              .where(predicate as never)
              .collect(),
          );
          // A cache stands between: nothing is offered to the source.
          const plain = await run((mr) =>
            mr.read
              .from(source())
              .cache()
              .where(predicate as never)
              .collect(),
          );
          expect(pushed.value).toEqual(plain.value);
          const program = pushed.graphs[0]!.stages[0]!.program;
          if (program.source.kind === "source" && program.source.filtersJson !== "[]") taken++;
        },
      ),
      { numRuns: 60 },
    );
    expect(taken).toBeGreaterThan(30);
  }, 120_000);

  test("every row of a large table is in one split, by pages and by ranges of a column", async () => {
    const server = await postgres.server();
    const connection = server.url;
    await server.query("create table many (id int8, day date, filler text) partition by hash (id)");
    await server.query(
      "create table many_0 partition of many for values with (modulus 2, remainder 0)",
    );
    await server.query(
      "create table many_1 partition of many for values with (modulus 2, remainder 1)",
    );
    await server.query(
      `insert into many select i, date '2020-01-01' + (i % 700)::int, repeat('x', 300) from generate_series(1, 60000) i`,
    );
    await server.query("insert into many values (0, null, null)");
    const ids = schema({ id: int64.nullable() });
    const sums: unknown[] = [];
    const ways = [
      { table: "many" },
      { table: "many", splitBy: "id", splits: 7 },
      { table: "many", splitBy: "day", splits: 5 },
      { query: "select id, day from many", splitBy: "day" },
      { query: "select id from many" },
    ];
    const tasks: number[] = [];
    for (const way of ways) {
      const { value, graphs } = await run(async (mr) => {
        const read = mr.read.from(postgresSource({ connection, ...way, schema: ids }));
        const all = await read.collect();
        return [all.length, new Set(all.map(({ id }) => id)).size];
      });
      sums.push(value);
      tasks.push(graphs[0]!.stages[0]!.taskCount);
    }
    expect(sums).toEqual(ways.map(() => [60_001, 60_001]));
    expect(tasks).toEqual([6, 7, 5, 16, 1]);
  });

  test("only the columns that are used are selected, and reading stops when enough was read", async () => {
    const server = await postgres.server();
    const connection = server.url;
    await server.query("create table wide (a int4, b text, c text)");
    await server.query("insert into wide select i, 'b', 'c' from generate_series(1, 100000) i");
    const { value, graphs } = await run((mr) =>
      mr.read
        .from(postgresSource({ connection, table: "wide" }))
        .select("a")
        .take(3),
    );
    expect(value).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
    const { source } = graphs[0]!.stages[0]!.program;
    expect(source.kind === "source" && source.schema.fields.map(({ name }) => name)).toEqual(["a"]);
    const open = await server.query(
      "select count(*)::int4 as n from pg_stat_activity where application_name = 'millrace'",
    );
    expect(open).toEqual([{ n: 0 }]);
  });
});
