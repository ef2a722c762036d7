// Files of a checkpoint as a source, each whole: its blocks in order.

import type { Batch } from "../../proto/batch/batch.ts";
import { EngineError } from "../../proto/errors.ts";
import { readCheckpointHead } from "../../proto/formats/checkpoint.ts";
import { blockBytesMax } from "../../proto/limits.ts";
import type { FileRange, TaskSplit } from "../../proto/plan/program.ts";
import { blockBytesOf, blockHeaderBytes, readBlocks } from "../shuffle/block.ts";
import { readRange } from "./parquet.ts";
import type { SourceWorld } from "./source.ts";

/** `bytes`: read since the last call. Answers false when no more rows are wanted. */
export type PushBatch = (batch: Batch, bytes: number) => Promise<boolean>;

const uncounted = { add: () => {}, leaveOut: () => {}, take: () => ({ bytes: 0, rowsLeftOut: 0 }) };

async function readFile(
  { uri, fileBytes }: FileRange,
  { reader }: SourceWorld,
  push: PushBatch,
): Promise<boolean> {
  const read = (offset: number, length: number) =>
    readRange(reader, uri, offset, Math.min(length, fileBytes - offset), uncounted);
  const head = await readCheckpointHead(
    { read: (_uri, from, length) => read(from, length) },
    {
      uri,
      sizeBytes: fileBytes,
    },
  );
  // Each block is read with the header of the next, so that it takes one request.
  let header = await read(head.bytes, blockHeaderBytes);
  for (let at = head.bytes; at < fileBytes; ) {
    const blockBytes = damaged(uri, () => blockBytesOf(header));
    if (blockBytes > blockBytesMax + blockHeaderBytes || at + blockBytes > fileBytes) {
      throw new EngineError("INPUT_MALFORMED", `${uri} is damaged at byte ${at}`, { file: uri });
    }
    const bytes = await read(at, blockBytes + blockHeaderBytes);
    header = bytes.slice(blockBytes);
    at += blockBytes;
    let unreported = blockBytes;
    for (const batch of damaged(uri, () => readBlocks(bytes.subarray(0, blockBytes)))) {
      if (!(await push(batch, unreported))) return false;
      unreported = 0;
    }
  }
  return true;
}

function damaged<Value>(uri: string, decode: () => Value): Value {
  try {
    return decode();
  } catch (thrown) {
    if (!(thrown instanceof EngineError) || thrown.code !== "BLOCK_CORRUPT") throw thrown;
    const message = `${uri} is damaged: ${thrown.message}`;
    throw new EngineError("INPUT_MALFORMED", message, { file: uri }, thrown);
  }
}

export async function readCheckpoint(
  split: TaskSplit,
  world: SourceWorld,
  push: PushBatch,
): Promise<void> {
  for (const range of split.ranges) {
    world.onFile(range.uri);
    if (!(await readFile(range, world, push))) return;
  }
}
