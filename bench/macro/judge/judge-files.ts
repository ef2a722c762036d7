// Reads what contenders wrote, whatever their format, and sums it up in one small answer.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { rowsOf } from "../hosts/cells.ts";
import type { Rows } from "../protocol/workload.ts";
import { withDuck } from "./duck.ts";

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !/^[._]/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function quoted(paths: readonly string[]): string {
  return `[${paths.map((path) => `'${path.replaceAll("'", "''")}'`).join(", ")}]`;
}

/** All rows, in the order of files and rows, which a window without an order sees too. */
function tableOf(folder: string): string {
  const files = filesBelow(folder);
  const parquet = files.filter((path) => path.endsWith(".parquet"));
  if (parquet.length > 0) return `read_parquet(${quoted(parquet)})`;
  const json = files.filter((path) => path.endsWith(".ndjson"));
  if (json.length > 0) return `read_ndjson_auto(${quoted(json)})`;
  throw new Error(`nothing was written to ${folder}`);
}

/** Answers the rows of a query over the files below a folder. */
export async function judgeFiles(folder: string, query: (files: string) => string): Promise<Rows> {
  const text = query(tableOf(folder));
  return await withDuck(2, async (connection) =>
    rowsOf((await connection.runAndReadAll(text)).getRowsJson()),
  );
}
