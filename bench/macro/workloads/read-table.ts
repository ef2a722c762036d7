// Parquet for the single-thread baselines, by the reader that the engine has.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Column } from "../../../proto/batch/column.ts";
import {
  openParquet,
  type ParquetFile,
  readParquet,
} from "../../../proto/formats/parquet/read-file.ts";

export interface TableBatch {
  readonly rows: number;
  readonly columns: readonly Column[];
}

async function openTable(path: string, file: number): Promise<ParquetFile> {
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
  };
  return await openParquet({ uri: `file://${path}`, sizeBytes: fstatSync(file).size, read });
}

/** Batches of the named columns, in that order. */
export async function* readTable(
  path: string,
  names: readonly string[],
): AsyncGenerator<TableBatch> {
  const file = openSync(path, "r");
  try {
    const parquet = await openTable(path, file);
    const { schema } = parquet;
    const fields = names.map((name) => {
      const field = schema.fields.find((each) => each.name === name);
      if (field === undefined) throw new Error(`${path} has no column ${name}`);
      return field;
    });
    const endByte = parquet.input.sizeBytes;
    yield* readParquet(parquet, { fields, schema, startByte: 0, endByte });
  } finally {
    closeSync(file);
  }
}

/** How many rows there are: the end of the file says so. */
export async function rowsIn(path: string): Promise<number> {
  const file = openSync(path, "r");
  try {
    const { metadata } = await openTable(path, file);
    return metadata.rows;
  } finally {
    closeSync(file);
  }
}
