// One output in every format, written by the sink of files, for other engines to read.

import { mkdirSync } from "node:fs";
import { makeBatch } from "../../proto/batch/batch.ts";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import { createFileStore } from "../../proto/io/file-store.ts";
import type { OutputFormat, WriteOptions } from "../../proto/plan/logical.ts";
import { float64Type, int53Type, utf8Type } from "../../proto/plan/types.ts";
import { operatorMemoryOf } from "../../worker/memory/memory-for-tests.ts";
import { fileSink } from "../../worker/output/file-sink.ts";

export const store = createFileStore();
export const sampleRows = 1000;

/** Nulls, quotes and lines within texts, and values that names of folders have to escape. */
function batchFrom(start: number, rows: number) {
  const ids = Array.from({ length: rows }, (_, i) => start + i);
  const city = (id: number) => [null, "Rome", "São Paulo", "a/b=c", "x%20y"][id % 5];
  const note = (id: number) => (id % 7 === 0 ? null : `a "b",\n${id}`);
  return makeBatch("record", [
    buildColumnAs("id", int53Type, ids, "null"),
    buildColumnAs("city", utf8Type, ids.map(city), "null"),
    buildColumnAs(
      "year",
      int53Type,
      ids.map((id) => 2020 + (id % 3)),
      "null",
    ),
    buildColumnAs("note", utf8Type, ids.map(note), "null"),
    buildColumnAs(
      "price",
      float64Type,
      ids.map((id) => id / 8),
      "null",
    ),
  ]);
}

/** What any reader has to find. */
export const sampleFacts = {
  rows: sampleRows,
  ids: 499_500,
  prices: 62_437.5,
  notes: 857,
  note: 'a "b",\n1',
  cities: ["Rome", "São Paulo", "a/b=c", "x%20y", null],
  years: [2020, 2021, 2022],
};

export interface WrittenSample {
  readonly folder: string;
  /** Of its files, in their order, within the folder. */
  readonly names: readonly string[];
  readonly rowsOut: number;
  readonly rowsUploaded: number;
}

/** Writes the sample to a new folder, as one task does. */
export async function writeSample(
  folder: string,
  format: OutputFormat,
  options: WriteOptions = {},
): Promise<WrittenSample> {
  mkdirSync(folder);
  const target = { store, folderUri: `file://${folder}/`, jobId: "job", taskIndex: 3, token: 8 };
  const sink = fileSink(format, options, target, operatorMemoryOf());
  for (let start = 0; start < sampleRows; start += 100) {
    sink.pushBatch(batchFrom(start, 100));
    await sink.drain();
  }
  const { uploads = [], rowsOut } = await sink.seal();
  for (const upload of uploads) await store.completeUpload(upload);
  const names = uploads.map(({ uri }) => uri.slice(target.folderUri.length));
  return { folder, names, rowsOut, rowsUploaded: uploads.reduce((sum, { rows }) => sum + rows, 0) };
}
