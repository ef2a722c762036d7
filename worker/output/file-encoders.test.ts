// What rows of one file tell of each other's types.
import { expect, test } from "vitest";
import { batchRows, makeBatch } from "../../proto/batch/batch.ts";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import { batchesOfBytes } from "../../proto/batch/ipc.ts";
import { type DataType, int32Type, nullType } from "../../proto/plan/types.ts";
import { encodersOf } from "./file-encoders.ts";

function lists(item: DataType, values: readonly unknown[]) {
  const type = { kind: "list", item: { name: "item", type: item, nullable: true } } as const;
  return makeBatch("record", [buildColumnAs("list", type, values, "null")]);
}

const known = lists(int32Type, [[1], []]);
const empty = lists(nullType, [[], []]);

test("empty lists have the type of the others of an Arrow file", async () => {
  for (const batches of [
    [known, empty],
    [empty, known],
  ]) {
    const encoder = (await encodersOf("arrow", {}, 1e6))();
    for (const batch of batches) expect(encoder.add(batch)).toBeDefined();
    const read = batchesOfBytes(Buffer.concat([...encoder.finish()]));
    expect(read.flatMap(batchRows)).toEqual(batches.flatMap(batchRows));
    expect(read.map(({ columns }) => columns[0]?.type)).toEqual(["list", "list"]);
  }
});

test("empty lists fit a Parquet file that has others; others need a file of their own", async () => {
  // Each batch is a row group.
  const made = await encodersOf("parquet", {}, 1);
  const first = made();
  expect(first.add(known)).toBeDefined();
  expect(first.add(empty)).toBeDefined();
  const second = made();
  expect(second.add(empty)).toBeDefined();
  expect(second.add(known)).toBeUndefined();
});
