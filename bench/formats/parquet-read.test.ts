// Parquet files of DuckDB, in every codec and encoding that it writes, are read with equal values.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Batch } from "../../proto/batch/batch.ts";
import {
  openParquet,
  type ParquetFile,
  readParquet,
} from "../../proto/formats/parquet/read-file.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import { int64Type, schemaText } from "../../proto/plan/types.ts";
import { duck, manyTypes, plainRows } from "./duck.ts";
import { plainBatchRows } from "./plain-values.ts";

const folder = mkdtempSync(`${tmpdir()}/millrace-parquet-`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Counts the bytes that are asked for. */
function counted(bytes: Uint8Array) {
  const counts = { bytes: 0, reads: 0 };
  const read = async (offset: number, length: number) => {
    counts.bytes += length;
    counts.reads++;
    return bytes.subarray(offset, offset + length);
  };
  return { counts, read };
}

async function open(path: string) {
  const bytes = readFileSync(path);
  const { counts, read } = counted(bytes);
  const file = await openParquet({ uri: `file://${path}`, sizeBytes: bytes.length, read });
  return { file, counts };
}

async function readAll(
  file: ParquetFile,
  more: {
    readonly columns?: readonly string[];
    readonly pruning?: Expr;
    readonly cuts?: readonly number[];
  } = {},
): Promise<Batch[]> {
  const { schema, input } = file;
  const { columns, pruning, cuts = [] } = more;
  const fields = schema.fields.filter(({ name }) => columns?.includes(name) ?? true);
  const edges = [0, ...cuts, input.sizeBytes];
  const batches: Batch[] = [];
  for (let i = 1; i < edges.length; i++) {
    const range = { startByte: edges[i - 1]!, endByte: edges[i]! };
    const selection = { fields, schema, ...range, ...(pruning === undefined ? {} : { pruning }) };
    for await (const batch of readParquet(file, selection)) batches.push(batch);
  }
  return batches;
}

const variants = [
  "codec snappy",
  "codec zstd",
  "codec gzip",
  "codec brotli",
  "codec lz4_raw",
  "codec uncompressed",
  "codec zstd, parquet_version v2",
  "codec snappy, parquet_version v2, dictionary_size_limit 1",
];

describe("files of DuckDB", () => {
  const pathOf = (index: number) => `${folder}/v${index}.parquet`;
  let expected: readonly unknown[];

  beforeAll(async () => {
    const copies = variants.map((variant, index) => {
      const options = `format parquet, row_group_size 2048, ${variant}`;
      return `copy input to '${pathOf(index)}' (${options})`;
    });
    expected = await duck(`create table input as ${manyTypes}`, ...copies, plainRows("input"));
  }, 60_000);

  test.each(variants.map((variant, index) => [variant, index] as const))("%s", async (_, index) => {
    const { file } = await open(pathOf(index));
    expect(schemaText(file.schema)).toMatchInlineSnapshot(
      `"{whole: int32?, int32: int32?, int64: int64?, float64: float64?, float32: float64?, flag: bool?, word: utf8?, unique_text: utf8?, bytes: binary?, day: date?, clock: timestamp?, instant: timestamp(UTC)?, small_decimal: decimal(9,2)?, medium_decimal: decimal(18,4)?, large_decimal: decimal(38,6)?, numbers: list<int64?>?, texts_of_texts: list<list<utf8?>?>?, nested: struct<a: int64?, b: struct<c: utf8?, d: list<float64?>?>?>?, entries: list<struct<key: utf8, value: int32?>>?, nothing: int32?}"`,
    );
    const rows = plainBatchRows(await readAll(file), file.schema);
    expect(rows.length).toBe(expected.length);
    for (const [row, values] of rows.entries()) expect(values).toEqual(expected[row]);
  });

  test("every row group is read once, wherever the file is cut", async () => {
    const { file } = await open(pathOf(0));
    const { sizeBytes } = file.input;
    const cuts = [0.1, 0.3, 0.31, 0.6, 0.99].map((share) => Math.floor(share * sizeBytes));
    const batches = await readAll(file, { columns: ["whole"], cuts });
    const rows = plainBatchRows(batches, { fields: [file.schema.fields[0]!] });
    expect(rows).toEqual(Array.from({ length: 5000 }, (_, whole) => ({ whole })));
  });
});

describe("what is fetched", () => {
  const path = `${folder}/wide.parquet`;
  const names = Array.from({ length: 20 }, (_, index) => `c${index}`);

  beforeAll(async () => {
    const columns = names.map((name, index) => `hash(i + ${index}) as ${name}`).join(", ");
    const query = `select i as id, ${columns} from range(200000) as t(i)`;
    await duck(`copy (${query}) to '${path}' (format parquet, row_group_size 20480)`);
  }, 60_000);

  test("one column of twenty takes at most a tenth of the bytes", async () => {
    const { file, counts } = await open(path);
    const batches = await readAll(file, { columns: ["c7"] });
    expect(batches.reduce((sum, { rows }) => sum + rows, 0)).toBe(200_000);
    expect(counts.bytes).toBeLessThan(0.1 * file.input.sizeBytes);
  });

  test("a filter on a sorted column fetches the matching row groups only", async () => {
    const { file, counts } = await open(path);
    const before = counts.bytes;
    const column: Expr = { kind: "column", name: "id" };
    const literal = (value: number): Expr => ({
      kind: "literal",
      type: int64Type,
      text: String(value),
    });
    const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", name, args });
    const pruning = call(
      "and",
      call("ge", column, literal(50_000)),
      call("lt", column, literal(60_000)),
    );
    const batches = await readAll(file, { columns: ["c1"], pruning });
    // Rows 40 960 to 61 440 are the third row group.
    expect(batches.reduce((sum, { rows }) => sum + rows, 0)).toBe(20_480);
    const group = file.metadata.rowGroups[2]!;
    expect(counts.bytes - before).toBe(group.chunks[2]!.compressedBytes);
    const none = await readAll(file, { pruning: call("gt", column, literal(200_000)) });
    expect(none).toEqual([]);
  });
});

test("damaged files are refused by name, and never read wrongly without a word", async () => {
  const path = `${folder}/small.parquet`;
  await duck(`copy (select i, 'w' || (i % 5) as w from range(1000) as t(i)) to '${path}'`);
  const whole = readFileSync(path);
  const opened = async (bytes: Uint8Array) => {
    const { read } = counted(bytes);
    return openParquet({ uri: "file:///damaged", sizeBytes: bytes.length, read });
  };
  const refused = { code: "INPUT_MALFORMED", details: { file: "file:///damaged" } };
  await expect(opened(new Uint8Array(0))).rejects.toMatchObject(refused);
  await expect(opened(whole.subarray(0, 100))).rejects.toMatchObject(refused);
  await expect(opened(whole.subarray(0, whole.length - 1))).rejects.toMatchObject(refused);
  const expected = JSON.stringify((await readAll(await opened(whole))).map(({ rows }) => rows));
  let refusals = 0;
  for (let at = 4; at < whole.length; at += 7) {
    const damaged = Uint8Array.from(whole);
    damaged[at] = damaged[at]! ^ 0x55;
    try {
      const batches = await readAll(await opened(damaged));
      // Values may be others, as pages carry no checksum; their number is not.
      expect(JSON.stringify(batches.map(({ rows }) => rows))).toBe(expected);
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: expect.stringMatching(/^INPUT_/) });
      refusals++;
    }
  }
  expect(refusals).toBeGreaterThan(10);
});
