// DuckDB inside this process: it makes tables and judges answers, whether or not it takes part.

import type { DuckDBConnection } from "@duckdb/node-api";

/** Loaded late: the suite can say what is missing where its package is not installed. */
async function load(): Promise<typeof import("@duckdb/node-api")> {
  try {
    return await import("@duckdb/node-api");
  } catch (cause) {
    const how = "install it beside millrace: npm install @duckdb/node-api";
    throw new Error(`the suite makes data and checks answers with DuckDB; ${how}`, { cause });
  }
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
