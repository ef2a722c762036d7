// Files that we write are read by pyarrow and by Polars with the same values and types.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, expect, test } from "vitest";
import type { Batch } from "../../proto/batch/batch.ts";
import { batchesToFileBytes } from "../../proto/batch/ipc.ts";
import { type PackingCodec, packerOf } from "../../proto/formats/compression/codecs.ts";
import { openParquet, readParquet } from "../../proto/formats/parquet/read-file.ts";
import { ParquetWriter } from "../../proto/formats/parquet/write-file.ts";
import { duck, manyTypes } from "./duck.ts";
import { missingPython, runPython } from "./python.ts";
import { sampleFacts, writeSample } from "./sample-output.ts";

const folder = mkdtempSync(`${tmpdir()}/millrace-python-`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function batchesOf(path: string) {
  const bytes = readFileSync(path);
  const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
  const file = await openParquet({ uri: path, sizeBytes: bytes.length, read });
  const { schema } = file;
  const batches: Batch[] = [];
  const all = { fields: schema.fields, schema, startByte: 0, endByte: bytes.length };
  for await (const batch of readParquet(file, all)) batches.push(batch);
  return { schema, batches };
}

test("by pyarrow and Polars", { timeout: 300_000 }, async ({ skip }) => {
  const missing = missingPython();
  if (missing !== undefined) skip(`not compared with pyarrow and Polars: ${missing}`);
  const theirs = `${folder}/theirs.parquet`;
  await duck(`copy (${manyTypes}) to '${theirs}' (format parquet, row_group_size 2048)`);
  const { schema, batches } = await batchesOf(theirs);
  const ours: string[] = [];
  for (const codec of ["none", "snappy", "zstd", "gzip"] satisfies PackingCodec[]) {
    const writer = new ParquetWriter(schema, codec, await packerOf(codec));
    const parts = [...batches.flatMap((batch) => writer.write(batch)), ...writer.finish()];
    ours.push(`${folder}/${codec}.parquet`);
    writeFileSync(ours.at(-1)!, Buffer.concat(parts));
  }
  ours.push(`${folder}/ours.arrow`);
  writeFileSync(ours.at(-1)!, batchesToFileBytes(batches));
  const compared = runPython("python-readers.py", theirs, ...ours);
  expect(compared.stderr).toBe("");
  expect(compared.stdout.trim().split("\n").length).toBe(2 * ours.length);
});

/** Formats by readers: DuckDB has no reader of Arrow files of its own, and is given them by pyarrow. */
const cells = [
  ...["pyarrow", "polars"].flatMap((reader) =>
    ["parquet", "arrow", "csv", "parquet-folders", "csv-folders"].map((of) => `${reader} ${of}`),
  ),
  "duckdb arrow",
].sort();

test("outputs in each format, folders of partitions too", { timeout: 300_000 }, async ({
  skip,
}) => {
  const missing = missingPython();
  if (missing !== undefined) skip(`not compared with pyarrow and Polars: ${missing}`);
  for (const format of ["parquet", "arrow", "csv"] as const) {
    await writeSample(`${folder}/${format}`, format);
    if (format === "arrow") continue;
    await writeSample(`${folder}/${format}-folders`, format, { partitionBy: ["year", "city"] });
  }
  const { stdout, stderr } = runPython("python-outputs.py", folder);
  expect(stderr).toBe("");
  const found = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly cell: string; readonly facts: unknown });
  expect(found.map(({ cell }) => cell).sort()).toEqual(cells);
  for (const { cell, facts } of found) expect(facts, cell).toEqual(sampleFacts);
});
