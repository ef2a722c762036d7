// Of which columns equal values lie in one row group, by the footers that our own writer makes.

import { expect, test } from "vitest";
import { makeBatch } from "../batch/batch.ts";
import { buildColumnAs } from "../batch/build-column.ts";
import { type DataType, dateType, int64Type, type Schema, utf8Type } from "../plan/types.ts";
import { clusteredColumns } from "./clustered-columns.ts";
import { packerOf } from "./compression/codecs.ts";
import { ParquetWriter } from "./parquet/write-file.ts";

type Groups = readonly (readonly unknown[])[];

const schemaOf = (type: DataType): Schema => ({ fields: [{ name: "id", type, nullable: true }] });

/** A file with one column and these row groups. */
async function fileOf(groups: Groups, type: DataType) {
  const writer = new ParquetWriter(schemaOf(type), "none", await packerOf("none"));
  const parts = groups.flatMap((values) => [
    ...writer.write(makeBatch("record", [buildColumnAs("id", type, [...values], "null")])),
    ...writer.flush(),
  ]);
  return Buffer.concat([...parts, ...writer.finish()]);
}

async function clustered(files: readonly Groups[], type = int64Type, asked = schemaOf(type)) {
  const made = await Promise.all(files.map((groups) => fileOf(groups, type)));
  const read = async (uri: string, offset: number, length: number) =>
    made[Number(uri)]!.subarray(offset, offset + length);
  const inputs = made.map(({ length }, at) => ({ uri: `${at}`, sizeBytes: length }));
  return await clusteredColumns({ read }, "parquet", inputs, asked);
}

test.each<[string, readonly Groups[]]>([
  ["row groups that rise", [[[1n, 1n, 3n], [4n], [9n, 7n]]]],
  [
    "row groups in any order",
    [
      [[4n], [1n, 3n]],
      [[9n], [5n, 6n]],
    ],
  ],
  ["one row group", [[[3n, 1n, 3n]]]],
  ["no row", [[[]]]],
])("told of %s", async (_, files) => expect(await clustered(files)).toEqual(["id"]));

test.each<[string, readonly Groups[]]>([
  [
    "two row groups with a value in common",
    [
      [
        [1n, 3n],
        [3n, 5n],
      ],
    ],
  ],
  ["bounds that overlap further on", [[[4n, 6n], [1n, 2n], [2n]]]],
  ["files that overlap", [[[1n], [4n]], [[2n, 4n]]]],
  [
    "nulls, which bounds leave out",
    [
      [
        [1n, null],
        [2n, null],
      ],
    ],
  ],
])("not told of %s", async (_, files) => expect(await clustered(files)).toEqual([]));

test("days are told apart like numbers, texts are not looked at", async () => {
  const day = (text: string) => new Date(text);
  const days = [[[day("2024-01-01")], [day("2024-01-02"), day("2024-02-01")]]];
  expect(await clustered(days, dateType)).toEqual(["id"]);
  expect(await clustered([[["a"], ["b"]]], utf8Type)).toEqual([]);
});

test("not told where a file has another type than the job says, or lacks the column", async () => {
  expect(await clustered([[[1n], [2n]]], int64Type, schemaOf(dateType))).toEqual([]);
  const other = { fields: [{ name: "other", type: int64Type, nullable: true }] };
  expect(await clustered([[[1n], [2n]]], int64Type, other)).toEqual([]);
});
