// Parquet files that we write are read by DuckDB with the same values and types.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Batch } from "../../proto/batch/batch.ts";
import { type PackingCodec, packerOf } from "../../proto/formats/compression/codecs.ts";
import { openParquet, readParquet } from "../../proto/formats/parquet/read-file.ts";
import { ParquetWriter } from "../../proto/formats/parquet/write-file.ts";
import type { Schema } from "../../proto/plan/types.ts";
import { duck, manyTypes, plainRows } from "./duck.ts";

const folder = mkdtempSync(`${tmpdir()}/millrace-parquet-`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const theirs = `${folder}/theirs.parquet`;
let schema: Schema;
let batches: Batch[];
let expected: readonly unknown[];
let types: readonly unknown[];

/** But of the map, which we hold as the list of its entries. */
const typesOf = (path: string) => duck(`describe select * exclude (entries) from '${path}'`);

beforeAll(async () => {
  const copy = `copy (${manyTypes}) to '${theirs}' (format parquet, row_group_size 2048)`;
  expected = await duck(copy, plainRows(`'${theirs}'`));
  types = await typesOf(theirs);
  const bytes = readFileSync(theirs);
  const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
  const file = await openParquet({ uri: theirs, sizeBytes: bytes.length, read });
  schema = file.schema;
  batches = [];
  const all = { fields: schema.fields, schema, startByte: 0, endByte: bytes.length };
  for await (const batch of readParquet(file, all)) batches.push(batch);
}, 60_000);

test.each<PackingCodec>(["none", "snappy", "zstd", "gzip"])("by %s", async (codec) => {
  const ours = `${folder}/${codec}.parquet`;
  const writer = new ParquetWriter(schema, codec, await packerOf(codec));
  const parts = [...batches.flatMap((batch) => writer.write(batch)), ...writer.finish()];
  writeFileSync(ours, Buffer.concat(parts));
  const rows = await duck(plainRows(`'${ours}'`, "entries"));
  expect(rows.length).toBe(5000);
  for (const [index, row] of rows.entries()) expect(row).toEqual(expected[index]);
  // Wider than there by nature: a float is written as a double.
  const asDouble = (text: unknown) => JSON.stringify(text).replaceAll('"FLOAT"', '"DOUBLE"');
  expect(asDouble(await typesOf(ours))).toBe(asDouble(types));
  const bounds = await duck(
    `select stats_min_value as low, stats_max_value as high, stats_null_count as nulls
     from parquet_metadata('${ours}') where path_in_schema = 'int32'`,
  );
  expect(bounds).toEqual([{ low: "-1999176544", high: "2116456544", nulls: "715" }]);
});
