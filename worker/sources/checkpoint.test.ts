// What a checkpoint writes is read as it was: every kind of row and column, in order, over several files.

import { describe, expect, test } from "vitest";
import { type Batch, batchOfRows, batchRows, makeBatch } from "../../proto/batch/batch.ts";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import { columnType } from "../../proto/batch/column.ts";
import { describeCheckpoint } from "../../proto/formats/describe.ts";
import { wholeFile } from "../../proto/plan/file-ranges.ts";
import type { WriteOptions } from "../../proto/plan/logical.ts";
import {
  decimalType,
  instantType,
  int53Type,
  int64Type,
  listType,
  type Schema,
  utf8Type,
} from "../../proto/plan/types.ts";
import type { ObjectInfo, ObjectStore } from "../../proto/ports/store.ts";
import { createMemoryStore } from "../../proto/testing/memory-store.ts";
import { operatorMemoryOf } from "../memory/memory-for-tests.ts";
import { fileSink } from "../output/file-sink.ts";
import { storeReader } from "./byte-reader.ts";
import { readCheckpoint } from "./checkpoint.ts";

const folderUri = "mem://bucket/kept/";

async function written(
  parts: readonly (Batch | readonly unknown[])[],
  options: WriteOptions = {},
  taskIndex = 0,
) {
  const store = createMemoryStore();
  const target = { store, folderUri, jobId: "job", taskIndex, token: 5 };
  const sink = fileSink("checkpoint", options, target, operatorMemoryOf());
  for (const part of parts) {
    if ("columns" in part) sink.pushBatch(part);
    else sink.push(part);
    await sink.drain();
  }
  const { uploads = [], rowsOut } = await sink.seal();
  for (const upload of uploads) await store.completeUpload(upload);
  return { store, rowsOut, files: await store.list(folderUri) };
}

async function read(store: ObjectStore, files: readonly ObjectInfo[], most = Infinity) {
  const batches: Batch[] = [];
  let bytes = 0;
  const gunzip = () => {
    throw new Error("nothing is packed");
  };
  const world = { reader: storeReader(store), gunzip, onFile: () => {} };
  await readCheckpoint({ ranges: files.map(wholeFile) }, world, async (batch, more) => {
    batches.push(batch);
    bytes += more;
    return batches.length < most;
  });
  return { batches, bytes, rows: batches.flatMap(batchRows) };
}

const columns = (rows: number) =>
  makeBatch("record", [
    buildColumnAs(
      "id",
      int64Type,
      Array.from({ length: rows }, (_, i) => 2n ** 60n + BigInt(i)),
      "null",
    ),
    buildColumnAs(
      "price",
      decimalType(20, 3),
      Array.from({ length: rows }, (_, i) => (i % 3 ? `${i}.125` : null)),
      "null",
    ),
    buildColumnAs(
      "at",
      instantType,
      Array.from({ length: rows }, (_, i) => new Date(i)),
      "null",
    ),
    buildColumnAs(
      "tags",
      listType(utf8Type),
      Array.from({ length: rows }, (_, i) => Array(i % 3).fill(`t${i}`)),
      "null",
    ),
  ]);

describe("a checkpoint", () => {
  test("keeps columns with their types, and rows of functions as they were", async () => {
    const typed = columns(100);
    const { store, files } = await written([typed]);
    const found = await read(store, files);
    expect(found.rows).toEqual(batchRows(typed));
    expect(found.batches[0]!.columns.map(columnType)).toEqual(typed.columns.map(columnType));

    const odd = [
      1,
      "two",
      null,
      undefined,
      Number.NaN,
      -0,
      3n,
      new Date(4),
      [5, "five"],
      { a: [6], b: { c: undefined } },
    ];
    const pairs = [
      ["k", 1],
      ["l", 2],
    ];
    const made = await written([odd, batchOfRows(pairs), [{ a: 1 }, { b: 2 }]]);
    const again = await read(made.store, made.files);
    expect(again.rows).toEqual([...odd, ...pairs, { a: 1 }, { b: 2 }]);
    expect(made.rowsOut).toBe(again.rows.length);
  });

  test("several files are in the order of the rows, whatever their number", async () => {
    const numbers = Array.from({ length: 150 }, (_, part) => batchOfRows([part * 2, part * 2 + 1]));
    const { store, files } = await written(numbers, { fileBytesTarget: 1000 });
    expect(files.length).toBeGreaterThan(10);
    const { rows, bytes } = await read(store, files);
    expect(rows).toEqual(Array.from({ length: 300 }, (_, n) => n));
    expect(bytes).toBeLessThan(files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  });

  test("tells its schema, also where there are no rows; only the first task writes a file for that", async () => {
    const schema: Schema = { fields: [{ name: "n", type: int53Type, nullable: false }] };
    const { store, files, rowsOut } = await written([], { schema });
    expect([files.length, rowsOut]).toEqual([1, 0]);
    expect(await describeCheckpoint(store, files)).toEqual(schema);
    expect((await read(store, files)).rows).toEqual([]);
    expect((await written([], { schema }, 1)).files).toEqual([]);
    const untyped = await written([[1]]);
    expect(await describeCheckpoint(untyped.store, untyped.files)).toBeUndefined();
  });

  test("is read no further than wanted", async () => {
    const { store, files } = await written(Array.from({ length: 9 }, () => columns(10)));
    expect((await read(store, files, 2)).batches.length).toBe(2);
  });

  test.each([
    [
      "a flipped bit of a row",
      (bytes: Uint8Array) => bytes.with(bytes.length - 20, bytes.at(-20)! ^ 1),
    ],
    ["a lost end", (bytes: Uint8Array) => bytes.slice(0, -8)],
    ["another beginning", (bytes: Uint8Array) => bytes.with(0, 1)],
    ["nothing but a beginning", (bytes: Uint8Array) => bytes.slice(0, 5)],
  ])("%s is INPUT_MALFORMED with the file's name", async (_what, change) => {
    const { store, files } = await written([columns(50)]);
    const [file] = files;
    const bytes = change(await store.read(file!.uri, 0, file!.sizeBytes));
    const other = createMemoryStore();
    const uri = "mem://bucket/kept/part-0.checkpoint";
    await other.putIfAbsent(uri, bytes);
    await expect(read(other, await other.list(uri))).rejects.toMatchObject({
      code: "INPUT_MALFORMED",
      message: expect.stringContaining(uri),
    });
  });
});
