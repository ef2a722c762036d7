// Which bytes of a large Parquet file are asked for: of one column of twenty, and of few rows of a sorted column.

import { existsSync, mkdirSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { openParquet, readParquet } from "../../proto/formats/parquet/read-file.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import { int64Type } from "../../proto/plan/types.ts";
import { duck } from "../formats/duck.ts";

export interface Fetched {
  readonly fileBytes: number;
  readonly bytes: number;
  readonly requests: number;
  readonly rows: number;
}

const columns = 20;
/** Of random doubles, which no codec makes smaller. */
const bytesPerRow = columns * 8;
const rowsPerGroup = 122_880;

/** A file of about so many bytes by DuckDB: a sorted key and nineteen columns of random numbers. */
export async function makeParquet(folder: string, bytes: number): Promise<string> {
  const path = join(folder, `large-${bytes}.parquet`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const rows = Math.ceil(bytes / bytesPerRow);
  const others = Array.from({ length: columns - 1 }, (_, i) => `random() as c${i + 1}`).join(", ");
  const options = `format parquet, row_group_size ${rowsPerGroup}`;
  await duck(`copy (select range as c0, ${others} from range(${rows})) to '${path}' (${options})`);
  return path;
}

async function fetched(path: string, names: readonly string[], pruning?: Expr): Promise<Fetched> {
  const file = openSync(path, "r");
  const sizeBytes = statSync(path).size;
  const counts = { bytes: 0, requests: 0, rows: 0 };
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    counts.bytes += length;
    counts.requests++;
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
  };
  const parquet = await openParquet({ uri: `file://${path}`, sizeBytes, read });
  const { schema } = parquet;
  const fields = schema.fields.filter(({ name }) => names.includes(name));
  const all = { fields, schema, startByte: 0, endByte: sizeBytes };
  const selection = pruning === undefined ? all : { ...all, pruning };
  for await (const batch of readParquet(parquet, selection)) counts.rows += batch.rows;
  return { fileBytes: sizeBytes, ...counts };
}

export const oneColumn = (path: string): Promise<Fetched> => fetched(path, ["c7"]);

/** Of all columns the rows around one key: they are in one row group, or in two. */
export function fewRows(path: string, key: number): Promise<Fetched> {
  const column: Expr = { kind: "column", name: "c0" };
  const literal = (value: number): Expr => ({ kind: "literal", type: int64Type, text: `${value}` });
  const call = (name: string, value: number): Expr => ({
    ...{ kind: "call", name },
    args: [column, literal(value)],
  });
  const pruning: Expr = {
    kind: "call",
    name: "and",
    args: [call("ge", key), call("lt", key + 10)],
  };
  const names = Array.from({ length: columns }, (_, i) => `c${i}`);
  return fetched(path, names, pruning);
}
