// Parquet files as a source: the row groups whose middle lies in the split.

import type { Batch } from "../../proto/batch/batch.ts";
import type { ReadRange } from "../../proto/formats/parquet/chunk-bytes.ts";
import { openParquet, readParquet } from "../../proto/formats/parquet/read-file.ts";
import { gather } from "../kernels/columns/gather.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ColumnsWorld, FileSelection, ReadCount } from "./columns.ts";

/** One request for each range, however large it is. */
export async function readRange(
  reader: ByteReader,
  uri: string,
  offsetBytes: number,
  lengthBytes: number,
  count: ReadCount,
  room?: (lengthBytes: number) => Uint8Array,
): Promise<Uint8Array> {
  const endByte = offsetBytes + lengthBytes;
  const blocks = reader.openRange(uri, offsetBytes, endByte, lengthBytes, room);
  try {
    const first = (await blocks.next()) ?? new Uint8Array(0);
    count.add(first.length);
    if (first.length === lengthBytes) return first;
    // A read of a file may be cut short; what was read is overwritten by the next.
    const whole = new Uint8Array(lengthBytes);
    whole.set(first);
    let filled = first.length;
    for (let block = await blocks.next(); block !== undefined; block = await blocks.next()) {
      whole.set(block, filled);
      filled += block.length;
      count.add(block.length);
    }
    return whole.subarray(0, filled);
  } finally {
    blocks.close();
  }
}

export async function* parquetRange(
  { range, program, fields, schema, tests, letsGo }: FileSelection,
  { reader, count }: ColumnsWorld,
): AsyncGenerator<Batch> {
  const { uri, fileBytes, startByte, endByte } = range;
  const { pruning, sampled } = program;
  const held = reader.hold?.(uri);
  const read: ReadRange = (offset, length, room) =>
    readRange(held ?? reader, uri, offset, length, count, room);
  const leaveOut = (rows: number) => count.leaveOut(rows);
  try {
    const file = await openParquet({ uri, sizeBytes: fileBytes, read });
    yield* readParquet(file, {
      fields,
      schema,
      startByte,
      endByte,
      ...(pruning === undefined ? {} : { pruning }),
      ...(letsGo === undefined ? {} : { letsGo }),
      ...(sampled === undefined ? {} : { sampled }),
      ...(tests === undefined ? {} : { filter: { tests, gather, leaveOut } }),
    });
  } finally {
    held?.close();
  }
}
