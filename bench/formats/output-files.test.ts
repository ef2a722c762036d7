// The sink of files: partitioned folders, sizes and formats, judged by DuckDB.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import { makeBatch } from "../../proto/batch/batch.ts";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import { createFileStore } from "../../proto/io/file-store.ts";
import type { OutputFormat, WriteOptions } from "../../proto/plan/logical.ts";
import { float64Type, int53Type, utf8Type } from "../../proto/plan/types.ts";
import { fileSink } from "../../worker/output/file-sink.ts";
import { duck } from "./duck.ts";

const root = mkdtempSync(`${tmpdir()}/millrace-output-`);
afterAll(() => rmSync(root, { recursive: true, force: true }));
const store = createFileStore();

function batchFrom(start: number, rows: number) {
  const ids = Array.from({ length: rows }, (_, i) => start + i);
  const city = (id: number) => [null, "Rome", "São Paulo", "a/b=c", "x%20y"][id % 5];
  return makeBatch("record", [
    buildColumnAs("id", int53Type, ids, "null"),
    buildColumnAs("city", utf8Type, ids.map(city), "null"),
    buildColumnAs(
      "year",
      int53Type,
      ids.map((id) => 2020 + (id % 3)),
      "null",
    ),
    buildColumnAs(
      "note",
      utf8Type,
      ids.map((id) => (id % 7 === 0 ? null : `a "b",\n${id}`)),
      "null",
    ),
    buildColumnAs(
      "price",
      float64Type,
      ids.map((id) => id / 8),
      "null",
    ),
  ]);
}

async function write(name: string, format: OutputFormat, options: WriteOptions) {
  const folder = `${root}/${name}`;
  mkdirSync(folder);
  const target = { store, folderUri: `file://${folder}/`, jobId: "job", taskIndex: 3, token: 8 };
  const sink = fileSink(format, options, target);
  for (let start = 0; start < 1000; start += 100) {
    sink.pushBatch(batchFrom(start, 100));
    await sink.drain();
  }
  const { uploads = [], rowsOut } = await sink.seal();
  expect(rowsOut).toBe(1000);
  expect(uploads.reduce((sum, { rows }) => sum + rows, 0)).toBe(1000);
  for (const upload of uploads) await store.completeUpload(upload);
  return { folder, names: uploads.map(({ uri }) => uri.slice(target.folderUri.length)) };
}

const expected = batchFrom(0, 1000);
const summary = (from: string) =>
  duck(
    `select count(*)::integer as rows, sum(id)::integer as ids, sum(price) as prices,
       count(note)::integer as notes, min(note) as note,
       (select list(distinct city order by city) from ${from}) as cities,
       (select list(distinct year::integer order by year::integer) from ${from}) as years
     from ${from}`,
  );
const facts = [
  {
    rows: expected.rows,
    ids: 499_500,
    prices: 62_437.5,
    notes: 857,
    note: 'a "b",\n1',
    cities: ["Rome", "São Paulo", "a/b=c", "x%20y", null],
    years: [2020, 2021, 2022],
  },
];

describe("files that DuckDB reads", () => {
  const readers: readonly [OutputFormat, string, WriteOptions][] = [
    ["parquet", "read_parquet('*.parquet')", {}],
    ["parquet", "read_parquet('*.parquet')", { compression: "zstd" }],
    ["csv", "read_csv('*.csv', header = true)", {}],
    ["csv", "read_csv('*.csv.gz', header = true)", { compression: "gzip" }],
    ["csv", "read_csv('*.csv.zst', header = true)", { compression: "zstd" }],
    ["ndjson", "read_json('*.ndjson', format = 'newline_delimited')", {}],
    ["ndjson", "read_json('*.ndjson.gz', format = 'newline_delimited')", { compression: "gzip" }],
  ];
  test.each(readers)("%s as %s", async (format, reader, options) => {
    const name = `plain-${format}-${options.compression ?? "default"}`;
    const { folder, names } = await write(name, format, options);
    expect(names).toEqual([expect.stringMatching(/^part-00003-job-8\./)]);
    expect(await summary(reader.replace("'*", `'${folder}/*`))).toEqual(facts);
  });

  test.each<[OutputFormat, string]>([
    ["parquet", "read_parquet('*.parquet', hive_partitioning = true)"],
    ["csv", "read_csv('*.csv', header = true, hive_partitioning = true)"],
  ])("%s in folders of partitions", async (format, reader) => {
    const { folder, names } = await write(`folders-${format}`, format, {
      partitionBy: ["year", "city"],
    });
    expect(names.length).toBe(15);
    expect(names[0]).toBe(`year=2020/city=__HIVE_DEFAULT_PARTITION__/part-00003-job-8.${format}`);
    expect(await summary(reader.replace("'*", `'${folder}/**/*`))).toEqual(facts);
  });

  test("files are closed at their size, rows stay in order", async () => {
    const { folder, names } = await write("sized", "csv", { fileBytesTarget: 10_000 });
    expect(names.length).toBeGreaterThan(2);
    const files = names.map((name) => `'${folder}/${name}'`).join(", ");
    const rows = await duck(`select id::integer as id from read_csv([${files}], header = true)`);
    expect(rows).toEqual(Array.from({ length: 1000 }, (_, id) => ({ id })));
  });
});
