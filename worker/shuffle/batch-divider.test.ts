// Rows wait to be divided as long as a thread with little memory can afford it, and come in their order.
import { expect, test } from "vitest";
import { type Batch, batchOfRows, batchRows } from "../../proto/batch/batch.ts";
import { shuffleHeldBytesMax, shuffleHeldBytesMin } from "../../proto/limits.ts";
import { batchBytes } from "../memory/batch-bytes.ts";
import { ArraySpillFiles, operatorMemoryOf } from "../memory/memory-for-tests.ts";
import { BatchDivider, dividerBytesMax } from "./batch-divider.ts";
import { shuffleSink } from "./shuffle-sink.ts";

const partitions = 16;
const rows = 256;

/** A quarter of a MiB of texts. */
function batchAt(at: number): Batch {
  return batchOfRows(
    Array.from({ length: rows }, (_, i) => `${at * rows + i} `.padEnd(1024, "text")),
  );
}

const partitionsOf = ({ rows: count }: Batch) =>
  Int32Array.from({ length: count }, (_, i) => i % partitions);

test("no more rows wait than were allowed, and each partition has its own in order", () => {
  const heldBytesMax = 1024 * 1024;
  const out = Array.from({ length: partitions }, (): unknown[] => []);
  let emittedBytes = 0;
  const emit = (partition: number, batch: Batch): void => {
    emittedBytes += batchBytes(batch);
    out[partition]!.push(...batchRows(batch));
  };
  const divider = new BatchDivider(partitions, emit, heldBytesMax);
  let addedBytes = 0;
  const expected = Array.from({ length: partitions }, (): unknown[] => []);
  for (let at = 0; at < 24; at++) {
    const batch = batchAt(at);
    addedBytes += batchBytes(batch);
    for (const [i, row] of batchRows(batch).entries()) expected[i % partitions]!.push(row);
    divider.add(batch, partitionsOf(batch));
    expect(addedBytes - emittedBytes).toBeLessThan(heldBytesMax);
  }
  divider.flush();
  expect(out).toEqual(expected);
});

test("a map task with little memory has little that waits", () => {
  expect(dividerBytesMax(0)).toBe(shuffleHeldBytesMin);
  expect(dividerBytesMax(2 ** 40)).toBe(shuffleHeldBytesMax);
  const bytes = shuffleHeldBytesMin + 1;
  expect(dividerBytesMax(bytes)).toBe(bytes);
  const spilledBy = (limitBytes: number): number => {
    const files = new ArraySpillFiles();
    const sink = shuffleSink({
      routing: { kind: "columns", partitionOf: partitionsOf },
      partitions,
      files: { write: async () => undefined } as never,
      path: "",
      memory: operatorMemoryOf(limitBytes, files),
    });
    for (let at = 0; at < 24; at++) sink.pushBatch(batchAt(at));
    return files.writtenBytes;
  };
  // Of six MiB, before the end.
  expect(spilledBy(1024 * 1024)).toBeGreaterThan(shuffleHeldBytesMin);
});
