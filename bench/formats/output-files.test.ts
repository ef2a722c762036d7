// The sink of files: partitioned folders, sizes and formats, judged by DuckDB. Files of Arrow it reads with an
// extension that the npm package has not: python-readers.system.test.ts has it look at them through pyarrow.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import type { OutputFormat, WriteOptions } from "../../proto/plan/logical.ts";
import { duck } from "./duck.ts";
import { sampleFacts, sampleRows, writeSample } from "./sample-output.ts";

const root = mkdtempSync(`${tmpdir()}/millrace-output-`);
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function write(name: string, format: OutputFormat, options: WriteOptions) {
  const written = await writeSample(`${root}/${name}`, format, options);
  expect(written).toMatchObject({ rowsOut: sampleRows, rowsUploaded: sampleRows });
  return written;
}

const summary = (from: string) =>
  duck(
    `select count(*)::integer as rows, sum(id)::integer as ids, sum(price) as prices,
       count(note)::integer as notes, min(note) as note,
       (select list(distinct city order by city) from ${from}) as cities,
       (select list(distinct year::integer order by year::integer) from ${from}) as years
     from ${from}`,
  );
const facts = [sampleFacts];

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

  test("folders of all columns are refused: no file would hold a record", async () => {
    const partitionBy = ["id", "city", "year", "note", "price"];
    const writing = write("folders-all", "csv", { partitionBy });
    await expect(writing).rejects.toMatchObject({
      code: "VALUE_UNSUPPORTED",
      message: expect.stringMatching(
        /^partitionBy names all columns of the rows .*; leave one out$/,
      ),
    });
  });

  test("files are closed at their size, rows stay in order", async () => {
    const { folder, names } = await write("sized", "csv", { fileBytesTarget: 10_000 });
    expect(names.length).toBeGreaterThan(2);
    const files = names.map((name) => `'${folder}/${name}'`).join(", ");
    const rows = await duck(`select id::integer as id from read_csv([${files}], header = true)`);
    expect(rows).toEqual(Array.from({ length: 1000 }, (_, id) => ({ id })));
  });
});
