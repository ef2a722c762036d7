// A write to a real server is published once or not at all, whatever is tried again, comes late, or fails.

import { int32, type StagedPart, schema, utf8 } from "millrace";
import { postgresSink } from "millrace/postgres";
import { describe, expect, test } from "vitest";
import type { SinkCall } from "../../proto/plan/connector.ts";
import { sinkCode } from "../../sdk/dataset/sink.ts";
import { postgresForTests } from "./for-tests.ts";
import { run } from "./testing/run.ts";

const postgres = postgresForTests();
const rows = schema({ id: int32, word: utf8.nullable() });

async function* batch(ids: readonly number[]): AsyncGenerator<unknown> {
  const values = Int32Array.from(ids);
  const texts = ids.map((id) => (id % 2 === 0 ? null : `w\t${id}`));
  const columns = { id: { values, type: "int32" }, word: { values: texts, type: "utf8" } };
  yield { rows: ids.length, columns };
}

async function* broken(): AsyncGenerator<unknown> {
  yield* batch([1]);
  throw new Error("the rows ended in the midst");
}

describe.skipIf(postgres.absent)(`writing to PostgreSQL${postgres.note}`, () => {
  /** The sink as the engine sees it, and how many rows its table has. */
  async function open(table: string, mode?: "append" | "replace") {
    const server = await postgres.server();
    await server.query(
      `create table ${table} (id int4 not null, word text, filled int4 not null default 7)`,
    );
    const options = { connection: server.url, table, schema: rows };
    const sink = postgresSink(mode === undefined ? options : { ...options, mode });
    const ask = sinkCode(sink) as (call: SinkCall) => Promise<unknown>;
    const write = { id: `${table}/a0`, jobId: table };
    const stage = async (ids: readonly number[], taskIndex: number, token: number) => {
      const attempt = { jobId: table, taskIndex, token, write };
      const receipt = await ask({ kind: "stage", batches: batch(ids), attempt });
      return { taskIndex, token, rows: ids.length, receipt } satisfies StagedPart;
    };
    const ids = async () =>
      (await server.query(`select id from ${table} order by id`)).map((row) => row["id"]);
    const staged = async () =>
      (await server.query("select relname from pg_class where relname like 'staged\\_%'")).length;
    return { server, ask, write, stage, ids, staged };
  }

  test("rows appear at the commit; a second one, and a late attempt, change nothing", async () => {
    const { server, ask, write, stage, ids, staged } = await open("once");
    await ask({ kind: "begin", write });
    await ask({ kind: "begin", write });
    const first = await stage([1, 2], 0, 5);
    // A zombie of the same task, and another task of the same grant.
    await stage([1, 2], 0, 4);
    const second = await stage([3], 1, 5);
    expect(await ids()).toEqual([]);
    const commit = { kind: "commit", parts: [first, second], write } as const;
    await Promise.all([ask(commit), ask(commit)]);
    expect(await ids()).toEqual([1, 2, 3]);
    await ask(commit);
    await ask({ kind: "abort", write });
    await ask({ kind: "begin", write });
    await expect(stage([9], 2, 6)).rejects.toThrow();
    expect(await ids()).toEqual([1, 2, 3]);
    expect(await staged()).toBe(0);
    expect(await server.query("select word, filled from once where id = 1")).toEqual([
      { word: "w\t1", filled: 7 },
    ]);
    expect(
      await server.query(
        "select state, rows::int4 from millrace.writes where write_id = 'once/a0'",
      ),
    ).toEqual([{ state: "committed", rows: 3 }]);
  });

  test("after an abort nothing is staged or published any more, also when it came first", async () => {
    const { ask, write, stage, ids, staged } = await open("never");
    await ask({ kind: "begin", write });
    const part = await stage([1], 0, 5);
    await ask({ kind: "abort", write });
    await ask({ kind: "abort", write });
    await expect(stage([1], 0, 6)).rejects.toThrow();
    await expect(ask({ kind: "commit", parts: [part], write })).rejects.toMatchObject({
      code: "OUTPUT_NOT_COMMITTED",
    });
    expect(await ids()).toEqual([]);
    expect(await staged()).toBe(0);
    const other = { ...write, id: "never/a1" };
    await ask({ kind: "abort", write: other });
    await ask({ kind: "begin", write: other });
    await expect(ask({ kind: "commit", parts: [], write: other })).rejects.toThrow(
      "is aborted already",
    );
    expect(await staged()).toBe(0);
  });

  test("rows that were broken off are not staged; rows that the table refuses fail all of the write", async () => {
    const { server, ask, write, stage, ids } = await open("checked");
    await server.query("alter table checked add constraint small check (id < 100)");
    await ask({ kind: "begin", write });
    const attempt = { jobId: "checked", taskIndex: 0, token: 5, write };
    await expect(ask({ kind: "stage", batches: broken(), attempt })).rejects.toThrow(
      "in the midst",
    );
    const good = await stage([1, 2], 1, 6);
    const bad = await stage([3, 100], 2, 7);
    await expect(ask({ kind: "commit", parts: [good, bad], write })).rejects.toMatchObject({
      code: "23514",
    });
    expect(await ids()).toEqual([]);
    await ask({ kind: "commit", parts: [good], write });
    expect(await ids()).toEqual([1, 2]);
  });

  test("a commit that names rows which are not there publishes nothing", async () => {
    const { server, ask, write, stage, ids } = await open("lost");
    await ask({ kind: "begin", write });
    const part = await stage([1, 2], 0, 5);
    const [table] = await server.query(
      "select oid::regclass::text as name from pg_class where relname like 'staged\\_%'",
    );
    await server.query(`delete from ${table!["name"]} where id = 2`);
    await expect(ask({ kind: "commit", parts: [part], write })).rejects.toThrow(
      "2 rows were staged",
    );
    expect(await ids()).toEqual([]);
    await ask({ kind: "abort", write });
  });

  test("replacing takes the place of the rows that are there, in one step", async () => {
    const { server, ask, write, stage, ids } = await open("swap", "replace");
    await server.query("insert into swap (id) values (77)");
    await ask({ kind: "begin", write });
    const part = await stage([1], 0, 5);
    expect(await ids()).toEqual([77]);
    await ask({ kind: "commit", parts: [part], write });
    expect(await ids()).toEqual([1]);
  });

  test("a server that went down while rows were staged is found again", async () => {
    const { server, ask, write, stage, ids } = await open("again");
    await ask({ kind: "begin", write });
    const part = await stage([1, 2, 3], 0, 5);
    await server.kill();
    await expect(ask({ kind: "commit", parts: [part], write })).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    await server.restart();
    await ask({ kind: "commit", parts: [part], write });
    expect(await ids()).toEqual([1, 2, 3]);
  });

  test("a job writes what it computed, and a failed one leaves nothing", async () => {
    const { server, ids, staged } = await open("whole");
    const sink = () => postgresSink({ connection: server.url, table: "whole", schema: rows });
    const { value } = await run(async (mr) => {
      const numbers = mr.range(10).map((id) => ({ id, word: id === 4 ? null : String(id) }));
      return await numbers.write.to(sink());
    });
    expect(value).toEqual({ target: "whole", rows: 10, parts: 1 });
    expect((await ids()).length).toBe(10);
    const none = await run((mr) => mr.of([], rows).write.to(sink()));
    expect(none.value).toEqual({ target: "whole", rows: 0, parts: 0 });
    expect(await staged()).toBe(0);
    await expect(
      run((mr) => mr.of([{ id: 1, word: "a\0b" }], rows).write.to(sink())),
    ).rejects.toMatchObject({
      code: "VALUE_UNSUPPORTED",
      message: expect.stringContaining("U+0000"),
    });
  });
});
