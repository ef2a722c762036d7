// Reads the lines of a task's files, in order, in chunks of rows.

import { EngineError } from "../../proto/errors.ts";
import { chunkRowsMax } from "../../proto/limits.ts";
import type { FileRange, TaskSplit } from "../../proto/plan/program.ts";
import { createLineDecoder, lineBlockBytes } from "../kernels/line-decoder.ts";
import { openRegion, type RecordRegion, tooLong } from "./record-region.ts";
import type { RowSink, SourceWorld } from "./source.ts";

/** Turns the lines of one range into rows. `ordinal`: how many lines of the range came before. */
export type LinesToRows = (
  lines: readonly string[],
  ordinal: number,
  region: RecordRegion,
  range: FileRange,
) => Promise<readonly unknown[]> | readonly unknown[];

async function readRange(
  range: FileRange,
  world: SourceWorld,
  toRows: LinesToRows,
  sink: RowSink,
): Promise<boolean> {
  const region = openRegion(world, range, false);
  const decoder = createLineDecoder();
  let ordinal = 0;
  let more = true;
  const hand = async (lines: readonly string[], bytes: number): Promise<void> => {
    let unreported = bytes;
    for (let from = 0; from < lines.length && more; from += chunkRowsMax) {
      const chunk = from === 0 && lines.length <= chunkRowsMax ? lines : slice(lines, from);
      const made = toRows(chunk, ordinal, region, range);
      const rows = made instanceof Promise ? await made : made;
      ordinal += chunk.length;
      more = await sink.push(rows, unreported);
      unreported = 0;
    }
    if (unreported > 0 && more) more = await sink.push([], unreported);
  };
  const decode = (part: Uint8Array): readonly string[] => {
    try {
      return decoder.push(part);
    } catch (thrown) {
      // The decoder counts from the start of the split.
      if (!(thrown instanceof EngineError) || thrown.code !== "INPUT_MALFORMED") throw thrown;
      throw tooLong(range.uri, region.firstByte() + (thrown.details.byteOffset ?? 0));
    }
  };
  while (more) {
    const block = await region.next();
    if (block === undefined) break;
    for (let from = 0; from < block.length && more; from += lineBlockBytes) {
      const part = block.subarray(from, from + lineBlockBytes);
      await hand(decode(part), part.length);
    }
  }
  if (more) await hand(decoder.finish(), 0);
  region.close();
  return more;
}

function slice(lines: readonly string[], from: number): readonly string[] {
  return lines.slice(from, from + chunkRowsMax);
}

export async function readLines(
  split: TaskSplit,
  world: SourceWorld,
  toRows: LinesToRows,
  sink: RowSink,
): Promise<void> {
  for (const range of split.ranges) {
    world.onFile(range.uri);
    if (!(await readRange(range, world, toRows, sink))) return;
  }
}
