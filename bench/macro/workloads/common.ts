// What definitions of workloads share.

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { suiteFile } from "../places.ts";
import type { Parameters, Task } from "../protocol/workload.ts";

/** A job of a workload, by the name of its file. */
export function jobTask(workload: string, file: string, params: Parameters): Task {
  return { kind: "job", file: suiteFile(`workloads/${workload}/${file}`), params };
}

export function functionTask(name: string, params: Parameters): Task {
  return { kind: "function", name, params };
}

export function sqlTask(...statements: readonly string[]): Task {
  return { kind: "sql", statements };
}

/** Views by their names, for DuckDB and for Spark. */
export function parquetViews(tables: Readonly<Record<string, string>>) {
  const views = (from: (path: string) => string): Task =>
    sqlTask(
      ...Object.entries(tables).map(
        ([name, path]) => `create or replace temp view ${name} as select * from ${from(path)}`,
      ),
    );
  return { duckdb: views((path) => `'${path}'`), spark: views((path) => `parquet.\`${path}\``) };
}

/** Of a file, or of the files in a folder; none where rows are only listed, without their data. */
export function bytesOf(path: string): number {
  if (!existsSync(path)) return 0;
  const found = statSync(path);
  if (!found.isDirectory()) return found.size;
  return readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
}

/** Stands between columns that there are not: no text has it. */
const neverInText = "\u0001";

/** Lines of text files as a table with the column `line`, for DuckDB. */
export function duckLines(pattern: string): string {
  return (
    `read_csv('${pattern}', header = false, auto_detect = false, delim = '${neverInText}', ` +
    "quote = '', escape = '', columns = {'line': 'varchar'}, null_padding = true, strict_mode = false)"
  );
}

/** Writes a query's one column as lines of text, with DuckDB. */
export function duckWriteLines(query: string, path: string): string {
  return `copy (${query}) to '${path}' (format csv, header false, quote '', escape '', delimiter '${neverInText}')`;
}

/** Why DuckDB and Polars have no rows of functions but one. */
export const noClosures =
  "not written for it: what its functions of Python cost, user-function/opaque tells";
