// DuckDB inside this process: it makes tables and judges answers, whether or not it takes part.

import type { DuckDBConnection } from "@duckdb/node-api";
import { UsageError } from "../usage-error.ts";

/** Loaded late: the suite can say what is missing where its package is not installed. */
async function load(): Promise<typeof import("@duckdb/node-api")> {
  try {
    return await import("@duckdb/node-api");
  } catch (cause) {
    const what = "the suite makes its data and checks answers with DuckDB, which is not there";
    throw new UsageError(`${what}; npm install @duckdb/node-api adds it`, { cause });
  }
}

/** Throws UsageError where its package is not installed. */
export async function requireDuck(): Promise<void> {
  await load();
}

/** A connection to a database in memory, for as long as `body` takes. */
export async function withDuck<T>(
  threads: number,
  body: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const { DuckDBInstance } = await load();
  const instance = await DuckDBInstance.create(":memory:", { threads: String(threads) });
  const connection = await instance.connect();
  try {
    return await body(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
