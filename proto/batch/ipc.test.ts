// Arrow files: read by their footer, and by readers that go through them from the front.

import { RecordBatchReader } from "apache-arrow";
import { expect, test } from "vitest";
import { utf8Type } from "../plan/types.ts";
import { batchRows, makeBatch } from "./batch.ts";
import { buildColumn, buildColumnAs } from "./build-column.ts";
import { batchesOfBytes, batchesToFileBytes, batchesToStreamBytes } from "./ipc.ts";

const words = (values: readonly (string | null)[]) =>
  makeBatch("record", [
    buildColumnAs("word", utf8Type, values, "null"),
    buildColumn(
      "size",
      values.map((value) => value?.length ?? 0),
    ),
  ]);
const batches = [words(["a", null]), words(["bb", "ccc", "a"])];
const magic = "ARROW1";

test("between its marks a file is the stream of the same batches", () => {
  const file = batchesToFileBytes(batches);
  const text = (from: number, to: number) => new TextDecoder().decode(file.slice(from, to));
  expect([text(0, magic.length), text(file.length - magic.length, file.length)]).toEqual([
    magic,
    magic,
  ]);
  const stream = batchesToStreamBytes(batches);
  expect(file.subarray(8, 8 + stream.length)).toEqual(stream);
});

test("both ways lead to the same rows", () => {
  const file = batchesToFileBytes(batches);
  const wanted = batches.flatMap(batchRows);
  expect(RecordBatchReader.from(file).isFile()).toBe(true);
  expect(batchesOfBytes(file).flatMap(batchRows)).toEqual(wanted);
  expect(batchesOfBytes(file.slice(8)).flatMap(batchRows)).toEqual(wanted);
});
