// Footers tell a count only where they also tell that the rows fit what the job says of them.

import { expect, test } from "vitest";
import { makeBatch } from "../batch/batch.ts";
import { buildColumnAs } from "../batch/build-column.ts";
import { type Field, float64Type, int32Type, utf8Type } from "../plan/types.ts";
import { packerOf } from "./compression/codecs.ts";
import { countRows } from "./count-rows.ts";
import { ParquetWriter } from "./parquet/write-file.ts";

const id: Field = { name: "id", type: int32Type, nullable: true };

/** A file of as many rows, and a store that has nothing else. */
async function fileOf(rows: number, field = id) {
  const writer = new ParquetWriter({ fields: [field] }, "none", await packerOf("none"));
  const values = new Array<null>(rows).fill(null);
  const batch = makeBatch("record", [buildColumnAs(field.name, field.type, values, "null")]);
  const bytes = Buffer.concat([...writer.write(batch), ...writer.finish()]);
  return { uri: `file:///${field.name}-${rows}.parquet`, sizeBytes: bytes.length, bytes };
}

async function counted(files: Awaited<ReturnType<typeof fileOf>>[], ...fields: Field[]) {
  const read = async (uri: string, offset: number, length: number) =>
    files.find((file) => file.uri === uri)!.bytes.subarray(offset, offset + length);
  return await countRows({ read } as never, "parquet", files, { fields });
}

test("the rows of all files", async () => {
  const files = [await fileOf(3), await fileOf(4)];
  expect(await counted(files, id)).toBe(7);
  expect(await counted(files)).toBe(7);
});

test.each<[string, Field]>([
  ["has no such column", { ...id, name: "nowhere" }],
  ["has another type", { ...id, type: float64Type }],
  ["may hold nulls", { ...id, nullable: false }],
])("not where a file %s", async (_, wanted) => {
  expect(await counted([await fileOf(3)], wanted)).toBeUndefined();
});

test("not where a later file is unlike the first", async () => {
  const files = [await fileOf(3), await fileOf(2, { ...id, name: "other", type: utf8Type })];
  expect(await counted(files, id)).toBeUndefined();
});
