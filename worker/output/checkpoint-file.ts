// Files of a checkpoint: rows as they lie in memory, in sealed blocks, so that they are the same when they are read.

import { checkpointHead } from "../../proto/formats/checkpoint.ts";
import { checkpointBlockBytes } from "../../proto/limits/formats.ts";
import type { Schema } from "../../proto/plan/types.ts";
import { BlockWriter } from "../shuffle/block.ts";
import type { FileEncoder } from "./file-encoders.ts";

export function checkpointEncoder(schema: Schema | undefined): FileEncoder {
  const head = checkpointHead(schema);
  let bytes = 0;
  let block = new BlockWriter();
  const take = (): readonly Uint8Array[] => {
    const sealed = [...block.seal().pieces];
    block = new BlockWriter();
    const out = bytes === 0 ? [head, ...sealed] : sealed;
    bytes = out.reduce((sum, piece) => sum + piece.length, bytes);
    return out;
  };
  return {
    add: (batch) => {
      block.add(batch);
      return block.heldBytes >= checkpointBlockBytes ? take() : [];
    },
    finish: take,
    bytesSoFar: () => bytes + block.heldBytes,
    isFull: () => false,
  };
}
