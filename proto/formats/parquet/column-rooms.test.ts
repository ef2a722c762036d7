// Batches are written to the same memory only where nobody uses those before, and say the same there.
import { describe, expect, test } from "vitest";
import { type Batch, makeBatch } from "../../batch/batch.ts";
import { buildColumnAs } from "../../batch/build-column.ts";
import type { Column } from "../../batch/column.ts";
import { columnValues } from "../../batch/decode-column.ts";
import { findReach, reachOfWords } from "../../batch/known-reach.ts";
import { batchRowsMax } from "../../limits.ts";
import {
  type DataType,
  decimalType,
  float64Type,
  int32Type,
  int53Type,
  utf8Type,
} from "../../plan/types.ts";
import { packerOf } from "../compression/codecs.ts";
import { LentArrays } from "./column-rooms.ts";
import { openParquet, readParquet } from "./read-file.ts";
import { ParquetWriter } from "./write-file.ts";

const rows = 2 * batchRowsMax + 1000;
const types: readonly [string, DataType, (row: number) => unknown][] = [
  ["int32", int32Type, (row) => (row * 7) % 50],
  ["int53", int53Type, (row) => ((row * 3) % 40) * 2 ** 40],
  ["float64", float64Type, (row) => (row % 11) / 4],
  ["decimal", decimalType(9, 2), (row) => `${row % 90}.25`],
  ["wide", decimalType(30, 0), (row) => `${1 + (row % 9)}00000000000000000000`],
  ["text", utf8Type, (row) => `text ${row % 30}`],
  ["nulls", int53Type, (row) => (row % 5 === 0 ? null : row % 12)],
];

const lists = new Map(
  types.map(([name, , value]) => [name, Array.from({ length: rows }, (_, row) => value(row))]),
);

/** Rows of a batch, which begins with row `from`, that are not what was written. */
function wrongRows(batch: Batch, from: number): number {
  let wrong = 0;
  for (const column of batch.columns) {
    const expected = lists.get(column.name)!;
    for (const [row, value] of [...columnValues(column)].entries()) {
      if (!Object.is(value, expected[from + row])) wrong++;
    }
  }
  return wrong;
}

async function file() {
  const fields = types.map(([name, type]) => ({ name, type, nullable: true }));
  const columns = types.map(([name, type]) => buildColumnAs(name, type, lists.get(name)!, "null"));
  const writer = new ParquetWriter({ fields }, "none", await packerOf("none"));
  const parts = [...writer.write(makeBatch("record", columns)), ...writer.finish()];
  const bytes = Buffer.concat(parts);
  const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
  return openParquet({ uri: "file:///written", sizeBytes: bytes.length, read });
}

/** The memory of its numbers or codes. */
function memoryOf(column: Column): ArrayBufferLike | undefined {
  if (column.type === "dictionary") return column.codes.buffer;
  return "values" in column ? column.values.buffer : undefined;
}

function checkReach(batch: Batch): void {
  for (const column of batch.columns) {
    if (column.type === "int53") {
      expect(reachOfWords(column.values)).toBeGreaterThanOrEqual(findReach(column.values));
    }
  }
}

/** All batches, and how many rows were wrong when they came. */
async function read(letsGo: (batches: number) => boolean) {
  const opened = await file();
  const { schema, input } = opened;
  const batches: Batch[] = [];
  let wrong = 0;
  let done = 0;
  const all = { fields: schema.fields, schema, startByte: 0, endByte: input.sizeBytes };
  const selection = { ...all, letsGo: () => letsGo(batches.length) };
  for await (const batch of readParquet(opened, selection)) {
    checkReach(batch);
    wrong += wrongRows(batch, done);
    done += batch.rows;
    batches.push(batch);
  }
  return { batches, wrong, done };
}

describe("batches of a file", () => {
  test("are right where each lies in the memory of the one before", async () => {
    const { batches, wrong, done } = await read(() => true);
    expect([wrong, done]).toEqual([0, rows]);
    const memories = batches.flatMap((batch) => batch.columns.map(memoryOf));
    expect(new Set(memories).size).toBeLessThan(memories.length);
    // What was given back is overwritten here.
    expect(wrongRows(batches[0]!, 0)).toBeGreaterThan(0);
  });

  test("stay what they are where they are kept, also if it is said late", async () => {
    // The first is let go of; the one that was pushed second is the first to be kept.
    const { batches, wrong, done } = await read((count) => count < 2);
    expect([wrong, done]).toEqual([0, rows]);
    expect(wrongRows(batches[1]!, batchRowsMax)).toBe(0);
    expect(wrongRows(batches[2]!, 2 * batchRowsMax)).toBe(0);
  });
});

test("arrays that are left to others are not lent again", () => {
  const lent = new LentArrays();
  const kept = lent.floats(100_000);
  lent.leave();
  const [one, other] = [lent.floats(100_000), lent.ints(200_000)];
  expect(new Set([kept.buffer, one.buffer, other.buffer]).size).toBe(3);
  lent.free();
  expect(kept[0]).toBe(0);
  expect([one.length, one.byteOffset]).toEqual([100_000, 0]);
  expect(one[0]).not.toBe(0);
});
