// Parquet written by the single-thread baselines, by the writer that the engine has.

import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeBatch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import { packerOf } from "../../../proto/formats/compression/codecs.ts";
import { ParquetWriter, schemaOfBatch } from "../../../proto/formats/parquet/write-file.ts";

const rowsPerBatch = 64 * 1024;

/** Writes `rows` rows to one file of the folder; `columnsOf` answers those from a row up to another. */
export async function writeTable(
  folder: string,
  rows: number,
  columnsOf: (from: number, to: number) => readonly Column[],
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const file = openSync(join(folder, "table.parquet"), "w");
  const put = (parts: readonly Uint8Array[]): void => {
    for (const part of parts) writeSync(file, part);
  };
  const pack = await packerOf("snappy");
  let writer: ParquetWriter | undefined;
  for (let from = 0; from < rows; from += rowsPerBatch) {
    const to = Math.min(rows, from + rowsPerBatch);
    const batch = { ...makeBatch("record", columnsOf(from, to)), rows: to - from };
    writer ??= new ParquetWriter(schemaOfBatch(batch), "snappy", pack);
    put(writer.write(batch));
  }
  if (writer !== undefined) put(writer.finish());
  closeSync(file);
}

/** A column of doubles without nulls. */
export function doubles(name: string, values: Float64Array): Column {
  return {
    type: "float64",
    name,
    length: values.length,
    nulls: "null",
    validity: undefined,
    values,
  };
}

/** A column of text without nulls. */
export function texts(name: string, values: readonly string[]): Column {
  const all = Buffer.from(values.join(""), "utf8");
  const offsets = new Int32Array(values.length + 1);
  let at = 0;
  for (const [row, value] of values.entries()) {
    at += Buffer.byteLength(value);
    offsets[row + 1] = at;
  }
  const length = values.length;
  return { type: "utf8", name, length, nulls: "null", validity: undefined, offsets, values: all };
}
