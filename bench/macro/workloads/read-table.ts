// Parquet for the single-thread baselines, by the reader that the engine has.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Column } from "../../../proto/batch/column.ts";
import { openParquet, readParquet } from "../../../proto/formats/parquet/read-file.ts";

export interface TableBatch {
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** Batches of the named columns, in that order. */
export async function* readTable(
  path: string,
  names: readonly string[],
): AsyncGenerator<TableBatch> {
  const file = openSync(path, "r");
  try {
    const read = async (offset: number, length: number): Promise<Uint8Array> => {
      const bytes = Buffer.allocUnsafe(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
    };
    const sizeBytes = fstatSync(file).size;
    const parquet = await openParquet({ uri: `file://${path}`, sizeBytes, read });
    const { schema } = parquet;
    const fields = names.map((name) => {
      const field = schema.fields.find((each) => each.name === name);
      if (field === undefined) throw new Error(`${path} has no column ${name}`);
      return field;
    });
    yield* readParquet(parquet, { fields, schema, startByte: 0, endByte: sizeBytes });
  } finally {
    closeSync(file);
  }
}

/** The values of a column of numbers or dates; whole numbers of 64 bits as they are stored. */
export function numbersOf(column: Column): Float64Array | Int32Array {
  if (column.type === "float64" || column.type === "int32" || column.type === "date") {
    return column.values;
  }
  throw new Error(`${column.name} is a column of ${column.type}`);
}
