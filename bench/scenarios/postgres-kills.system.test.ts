// Three masters, three workers and PostgreSQL as real processes; the leader and a worker are killed while rows are
// staged, and again while they are published. The rows are there once; a cancelled job leaves nothing.

import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { postgresForTests } from "../postgres/for-tests.ts";
import type { JobReport } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";
import { startStrikeCluster, tasksDone, writeLines } from "./testing/watched-cluster.ts";

const folder = scratchFolder("postgres-kills");
const postgres = postgresForTests();
const input = join(folder, "orders.ndjson");
const rows = 500_000;

function orderOf(id: number): string {
  const customer = `customer ${id % 977}`;
  return `{"id":${id},"customer":"${customer}","price":${id % 1000}.25,"placed":"2024-05-01T10:00:00Z"}`;
}

describe.skipIf(postgres.absent)(`killing while PostgreSQL is written${postgres.note}`, () => {
  test("rows are there once, and staged ones of a cancelled job are removed", async () => {
    await writeLines(input, rows, orderOf);
    const server = await postgres.server();
    Object.assign(process.env, server.environment);
    for (const table of ["struck", "held", "cancelled"]) {
      await server.query(
        `create table ${table} (id int8, customer text, price numeric(12, 2), placed timestamptz)`,
      );
    }
    const cluster = await startStrikeCluster(folder);
    const load = (table: string) =>
      cluster.submit("jobs/load-postgres/job.ts", "--input", input, "--table", table);
    const counts = (table: string) =>
      server.query(
        `select count(*)::int4 as rows, count(distinct id)::int4 as ids, sum(price)::text as sum from ${table}`,
      );
    const whole = { rows, ids: rows, sum: `${(rows / 1000) * 499_500 + rows / 4}.00` };

    // While rows are staged.
    const struck = load("struck");
    const first = await cluster.untilJob((job) => tasksDone(job) >= 2);
    const heal = await cluster.strike("worker-2");
    const struckResult = await struck.result;
    expect(struckResult.code, struckResult.stderr).toBe(0);
    expect((JSON.parse(struckResult.stdout) as JobReport).result).toEqual({ rows });
    expect(await counts("struck")).toEqual([whole]);
    await heal();

    // While they are published: a lock on the table holds the transaction up.
    const lock = await server.session();
    await lock.query("begin");
    await lock.query("lock table held in share mode");
    const held = load("held");
    const second = await cluster.untilJob(
      ({ actions }) => (actions[1]?.stages[0]?.running ?? 0) > 0,
      [first.jobId],
    );
    const healAgain = await cluster.strike("worker-1");
    await lock.query("rollback");
    await lock.end();
    const heldResult = await held.result;
    expect(heldResult.code, heldResult.stderr).toBe(0);
    expect(await counts("held")).toEqual([whole]);
    await healAgain();

    const cancelled = load("cancelled");
    const known = [first.jobId, second.jobId];
    const third = await cluster.untilJob((job) => tasksDone(job) >= 1, known);
    const masters = cluster.local.masters.join(",");
    const cancel = await cluster.run("cancel", "--masters", masters, third.jobId);
    expect(cancel.code, cancel.stderr).toBe(0);
    expect((await cancelled.result).code).toBe(6);
    expect((await cluster.untilEnded(third.jobId)).state).toBe("cancelled");
    expect(await counts("cancelled")).toEqual([{ rows: 0, ids: 0, sum: null }]);
    const staged = await server.query(
      "select relname from pg_class where relname like 'staged\\_%'",
    );
    expect(staged).toEqual([]);
    const states = await server.query(
      "select state, staged from millrace.writes order by opened_at",
    );
    expect(states).toEqual([
      { state: "committed", staged: false },
      { state: "committed", staged: false },
      { state: "aborted", staged: false },
    ]);
  }, 300_000);
});
