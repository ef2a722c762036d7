// Asks DuckDB, which knows nothing of this engine.

import { DuckDBInstance } from "@duckdb/node-api";

/** Rows with numbers, strings, booleans and null; other types as DuckDB's JSON shows them. */
export async function queryRows(
  sql: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const instance = await DuckDBInstance.create();
  try {
    const connection = await instance.connect();
    try {
      return (await connection.runAndReadAll(sql)).getRowObjectsJson();
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}
