// What kernels that scan a file share: its bytes lie in shared memory, and each thread reads its half as a task does.

import type { Batch } from "../../../proto/batch/batch.ts";
import { readBytesMax } from "../../../proto/limits.ts";
import { gunzipBlocks } from "../../../worker/executor/gunzip.ts";
import { aggregateStage } from "../../../worker/operators/aggregate.ts";
import type { GroupsProgram } from "../../../worker/operators/aggregates/groups.ts";
import type { ByteReader } from "../../../worker/sources/byte-reader.ts";
import { type ColumnsProgram, readColumns } from "../../../worker/sources/columns.ts";
import { finish, memory, sink } from "./kernel.ts";

/** Copies each block into one buffer, as a read of a file does. */
function memoryReader(bytes: Uint8Array): ByteReader {
  return {
    openRange: (_, start, end, blockBytes = readBytesMax) => {
      const block = new Uint8Array(Math.min(blockBytes, end - start));
      let at = start;
      return {
        next: async () => {
          if (at >= end) return undefined;
          const part = bytes.subarray(at, Math.min(at + block.length, end));
          at += part.length;
          block.set(part);
          return block.subarray(0, part.length);
        },
        close: () => undefined,
      };
    },
  };
}

/** Groups what the thread's part of the file holds. */
export async function scanPart(
  bytes: Uint8Array,
  [thread, threads]: readonly [number, number],
  program: ColumnsProgram,
  groups: GroupsProgram,
): Promise<readonly Batch[]> {
  const answers: Batch[] = [];
  const out = sink((batch) => answers.push(batch));
  const stage = aggregateStage({ ...groups, phase: "whole" }, memory(), out);
  const edge = (part: number) => Math.floor((bytes.length * part) / threads);
  const range = {
    uri: "file:///input",
    fileBytes: bytes.length,
    startByte: edge(thread),
    endByte: edge(thread + 1),
    compression: "none",
  } as const;
  const world = {
    reader: memoryReader(bytes),
    gunzip: gunzipBlocks,
    onFile: () => undefined,
  };
  await readColumns({ ranges: [range] }, program, world, {
    pushBatch: async (batch) => {
      stage.pushBatch(batch);
      return true;
    },
  });
  finish(stage);
  return answers;
}

/** The sum of a column of doubles, its least and its greatest value; of none the sum is 0. */
export function totalsOf(batches: readonly Batch[], name: string) {
  let [sum, least, most] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { rows, columns } of batches) {
    const column = columns.find((each) => each.name === name);
    if (column?.type !== "float64") throw new Error(`${name} is no column of doubles`);
    for (let row = 0; row < rows; row++) {
      const value = column.values[row]!;
      sum += value;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  return { sum, least, most };
}

/** Text that `lineOf` makes line by line, in shared memory. */
export function sharedText(
  head: string,
  rows: number,
  lineOf: (row: number) => string,
): SharedArrayBuffer {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [encoder.encode(head)];
  for (let start = 0; start < rows; start += 10_000) {
    const count = Math.min(10_000, rows - start);
    const lines = Array.from({ length: count }, (_, i) => `${lineOf(start + i)}\n`);
    parts.push(encoder.encode(lines.join("")));
  }
  const bytes = new SharedArrayBuffer(parts.reduce((sum, { length }) => sum + length, 0));
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function linesOf(shared: SharedArrayBuffer): string[] {
  return new TextDecoder()
    .decode(new Uint8Array(shared).slice())
    .split("\n")
    .filter((line) => line !== "");
}
