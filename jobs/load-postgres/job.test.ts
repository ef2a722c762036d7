// The job against a real server; without one the test is listed as skipped, with the reason.

import { testJob } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { postgresForTests } from "../../bench/postgres/for-tests.ts";
import load from "./job.ts";

const postgres = postgresForTests();
const order = (id: number, price: number, customer = "Ada") =>
  JSON.stringify({ id, customer, price, placed: "2024-05-01T10:00:00Z" });

describe.skipIf(postgres.absent)(`loading a table${postgres.note}`, () => {
  test("valid orders are appended; or take the place of what was there", async () => {
    const server = await postgres.server();
    Object.assign(process.env, server.environment);
    await server.query(
      "create table orders (id int8 primary key, customer text, price numeric(12, 2), placed timestamptz, note text default 'new')",
    );
    const files = { "orders.ndjson": [order(1, 2.5), order(2, -1), order(3, 1, "")].join("\n") };
    const { result } = await testJob(load, { input: "orders.ndjson", table: "orders" }, { files });
    expect(result).toEqual({ rows: 1 });
    expect(await server.query("select id, price, placed, note from orders")).toEqual([
      { id: "1", price: "2.50", placed: new Date("2024-05-01T10:00:00Z"), note: "new" },
    ]);
    const again = { "orders.ndjson": [order(7, 1), order(8, 2)].join("\n") };
    const params = { input: "orders.ndjson", table: "orders", replace: true };
    await testJob(load, params, { files: again });
    expect(await server.query("select id from orders order by id")).toEqual([
      { id: "7" },
      { id: "8" },
    ]);
  }, 60_000);
});
