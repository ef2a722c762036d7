// The lines of a task's files as columns of text, for steps that take columns: no line becomes a string.

import { type Batch, makeBatch } from "../../proto/batch/batch.ts";
import type { TextColumn } from "../../proto/batch/column.ts";
import { lineBytesMax } from "../../proto/limits/formats.ts";
import { batchRowsMax, readBytesMax } from "../../proto/limits.ts";
import type { FileRange, TaskSplit } from "../../proto/plan/program.ts";
import { sliceBatch } from "../kernels/columns/gather.ts";
import { LineCutter } from "../kernels/texts/line-cutter.ts";
import { openRegion, type RecordRegion, tooLong } from "./record-region.ts";
import type { SourceWorld } from "./source.ts";

/** Where the lines go; `bytes` are those read since the last call. */
export interface LineSink {
  /** Returns false when no more rows are wanted. */
  pushBatch(batch: Batch, bytes: number): Promise<boolean>;
}

/** Hands on lines as batches; false when no more rows are wanted. */
async function handOn(
  lines: TextColumn | undefined,
  bytes: number,
  sink: LineSink,
): Promise<boolean> {
  const batch = makeBatch("scalar", lines === undefined ? [] : [lines]);
  let unreported = bytes;
  for (let start = 0; start === 0 || start < batch.rows; start += batchRowsMax) {
    const piece = sliceBatch(batch, start, Math.min(start + batchRowsMax, batch.rows));
    if (!(await sink.pushBatch(piece, unreported))) return false;
    unreported = 0;
  }
  return true;
}

/** A line that is in more than one block must not grow without a bound. */
function checkHeld(lines: LineCutter, more: number, { uri }: FileRange, region: RecordRegion) {
  if (lines.heldBytes + more > lineBytesMax) {
    throw tooLong(uri, region.firstByte() + lines.heldFrom);
  }
}

async function readRange(range: FileRange, world: SourceWorld, sink: LineSink): Promise<boolean> {
  const region = openRegion(world, range, false);
  const lines = new LineCutter("value");
  let more = true;
  while (more) {
    const block = await region.next();
    if (block === undefined) break;
    // Blocks of packed files may be of any size.
    for (let from = 0; from < block.length && more; from += readBytesMax) {
      const part = block.subarray(from, from + readBytesMax);
      if (lines.heldBytes > 0) {
        const end = part.indexOf(10);
        checkHeld(lines, end < 0 ? part.length : end, range, region);
      }
      more = await handOn(lines.push(part), part.length, sink);
    }
  }
  if (more) more = await handOn(lines.finish(), 0, sink);
  region.close();
  return more;
}

export async function readLineColumns(
  split: TaskSplit,
  world: SourceWorld,
  sink: LineSink,
): Promise<void> {
  for (const range of split.ranges) {
    world.onFile(range.uri);
    if (!(await readRange(range, world, sink))) return;
  }
}
