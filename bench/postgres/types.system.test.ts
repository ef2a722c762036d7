// Rows of a real PostgreSQL server come out, and go in, with equal values and types.

import { decimal, int32, int64, schema, timestamp, utf8 } from "millrace";
import { postgresSink, postgresSource } from "millrace/postgres";
import { describe, expect, test } from "vitest";
import { postgresForTests } from "./for-tests.ts";
import { run } from "./testing/run.ts";

const postgres = postgresForTests();

const columns = `
  id int8 primary key, small int2, whole int4, real4 float4, real8 float8, exact numeric(20, 4),
  loose numeric, flag bool, name text not null, code varchar(8), padded char(4), day date,
  at timestamptz, wall timestamp, doc jsonb, raw bytea, tags text[], numbers int8[], moments timestamptz[],
  key uuid, took interval, address inet`;

const rows = [
  `(1, 2, 3, 0.1, 1e300, 12345678901234.5678, 0.000000000000000001, true, 'plain', 'v', 'ab', '2024-02-29',
    '2024-03-31 01:02:03.456789+02', '1969-12-31 23:59:59.999999', '{"a": [1, null]}', '\\x00ff',
    '{a,"b,\\"c\\"",NULL}', '{9007199254740993,NULL}', '{2024-01-01 00:00:00+00}',
    'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '1 day 2 hours', '10.0.0.1')`,
  `(9007199254740993, null, null, 'NaN', '-Infinity', null, null, null, E'tab\\t line\\n \\\\N', null, null, null,
    null, null, 'null', null, '{}', null, null, null, null, null)`,
  `(-3, -32768, -2147483648, '-0', '-0', -0.0001, -123456789.125, false, 'é 🦆', '', '', '0001-01-01',
    '1900-01-01 00:00:00+00', '9999-12-31 23:59:59', '"text"', '', null, '{}', '{}', null, null, null)`,
];

describe.skipIf(postgres.absent)(`PostgreSQL${postgres.note}`, () => {
  test("every type is read as what it is", async () => {
    const server = await postgres.server();
    await server.query(`create table kinds (${columns})`);
    await server.query(`insert into kinds values ${rows.join(", ")}`);
    const connection = server.url;
    const { value, graphs } = await run((mr) =>
      mr.read.from(postgresSource({ connection, table: "kinds" })).collect(),
    );
    const [first, second, third] = value as Record<string, unknown>[];
    expect(first).toEqual({
      ...{ id: 1n, small: 2, whole: 3, real4: 0.1, real8: 1e300, exact: "12345678901234.5678" },
      ...{ loose: "0.000000000000000001", flag: true, name: "plain", code: "v", padded: "ab" },
      ...{ day: new Date("2024-02-29"), at: new Date("2024-03-30T23:02:03.456Z") },
      ...{ wall: new Date("1969-12-31T23:59:59.999Z"), doc: { a: [1, null] } },
      ...{ raw: Uint8Array.of(0, 255), tags: ["a", 'b,"c"', null] },
      ...{ numbers: [9007199254740993n, null], moments: [new Date("2024-01-01")] },
      ...{ key: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", took: "1 day 02:00:00" },
      address: "10.0.0.1/32",
    });
    expect(second).toMatchObject({ id: 9007199254740993n, small: null, real4: Number.NaN });
    expect(second).toMatchObject({ real8: -Infinity, exact: null, doc: null, tags: [] });
    expect(second!["name"]).toBe("tab\t line\n \\N");
    expect(third).toMatchObject({ id: -3n, whole: -2147483648, exact: "-0.0001", name: "é 🦆" });
    expect(third).toMatchObject({ day: new Date("0001-01-01"), doc: "text", numbers: [] });
    expect(Object.is(third!["real8"], -0)).toBe(true);
    const [stage] = graphs[0]!.stages;
    expect(stage?.program.source).toMatchObject({
      kind: "source",
      schema: {
        fields: expect.arrayContaining([
          { name: "exact", type: { kind: "decimal", precision: 20, scale: 4 }, nullable: true },
          { name: "at", type: { kind: "timestamp", zone: "UTC" }, nullable: true },
        ]),
      },
    });
  });

  test("what is read is written back without a difference, also microseconds", async () => {
    const server = await postgres.server();
    await server.query(`create table kinds_again (${columns})`);
    const connection = server.url;
    const { value } = await run((mr) =>
      mr.read
        .from(postgresSource({ connection, table: "kinds" }))
        .write.to(postgresSink({ connection, table: "kinds_again" })),
    );
    expect(value).toEqual({ target: "kinds_again", rows: 3, parts: 1 });
    const different = await server.query(
      `select count(*)::int4 as n from kinds a full join kinds_again b on a.id = b.id
        where to_jsonb(a) - 'loose' is distinct from to_jsonb(b) - 'loose'
          or a.loose is distinct from b.loose`,
    );
    expect(different).toEqual([{ n: 0 }]);
    // The json null of a row is null of ours, and becomes one of SQL.
    const nulls = (table: string) => server.query(`select 1 from ${table} where doc is null`);
    expect([(await nulls("kinds")).length, (await nulls("kinds_again")).length]).toEqual([0, 1]);
  });

  test("a declared schema types the rows, and a query is a source", async () => {
    const server = await postgres.server();
    const connection = server.url;
    const { value } = await run(async (mr) => {
      const query = "select id, name, exact * 2 as twice, at from kinds where id > 0";
      const typed = schema({
        ...{ id: int64, name: utf8, twice: decimal(21, 4).nullable() },
        at: timestamp("UTC").nullable(),
      });
      const all = mr.read.from(postgresSource({ connection, query, schema: typed }));
      return await all
        .where((c) => c.id.lt(5n))
        .select((c) => ({ n: c.name, t: c.twice }))
        .collect();
    });
    expect(value).toEqual([{ n: "plain", t: "24691357802469.1356" }]);
  });

  test("a row that does not fit is named; so are a column and a table that are not there", async () => {
    const server = await postgres.server();
    const connection = server.url;
    const wrong = postgresSource({ connection, table: "kinds", schema: schema({ small: int32 }) });
    await expect(run((mr) => mr.read.from(wrong).collect())).rejects.toMatchObject({
      code: "INPUT_MALFORMED",
      message: expect.stringContaining("column small: null does not fit"),
    });
    const absent = postgresSource({ connection, table: "kinds", schema: schema({ nope: int32 }) });
    await expect(run((mr) => mr.read.from(absent).collect())).rejects.toMatchObject({
      code: "PLAN_INVALID",
      message: expect.stringContaining("kinds has no column nope; it has id, small"),
    });
    const gone = postgresSource({ connection, table: "no.such" });
    await expect(run((mr) => mr.read.from(gone).collect())).rejects.toMatchObject({
      code: "INPUT_NOT_FOUND",
    });
    const nowhere = postgresSource({ connection: "postgres://127.0.0.1:1/x", table: "kinds" });
    await expect(run((mr) => mr.read.from(nowhere).collect())).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
  });
});
