// One sealed block: the batches of one partition of one map task, with a checksum over all of them.

import type { Batch } from "../../proto/batch/batch.ts";
import { batchesOfBytes, batchToStreamBytes } from "../../proto/batch/ipc.ts";
import { crc32c } from "../../proto/checksum/crc32c.ts";
import { EngineError } from "../../proto/errors.ts";
import { blockBytesMax } from "../../proto/limits.ts";

// Header: magic, checksum of the body, rows, body bytes. Body: frames of (bytes, rows) and an IPC stream.
// Everything begins at a multiple of eight bytes, so that columns can be views of the block.
const magic = 0x314b4c42;
const headerBytes = 16;
const frameHeaderBytes = 8;

export interface SealedBlock {
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
  readonly rows: number;
  readonly checksum: number;
}

export const emptyBlock: SealedBlock = { pieces: [], bytes: 0, rows: 0, checksum: 0 };

/** Gathers encoded batches of one partition. */
export class BlockWriter {
  private pieces: Uint8Array[] = [];
  private bodyBytes = 0;
  private rows = 0;
  private checksum = 0;

  add(batch: Batch): void {
    const stream = batchToStreamBytes(batch);
    const frame = new Uint8Array(frameHeaderBytes + Math.ceil(stream.length / 8) * 8);
    const view = new DataView(frame.buffer);
    view.setUint32(0, stream.length, true);
    view.setUint32(4, batch.rows, true);
    frame.set(stream, frameHeaderBytes);
    this.bodyBytes += frame.length;
    this.rows += batch.rows;
    if (this.bodyBytes > blockBytesMax) {
      throw new EngineError(
        "LIMIT_EXCEEDED",
        `one partition of a task's shuffle output passes ${blockBytesMax} bytes; ` +
          "combine more before the shuffle, or read smaller inputs per job",
        { limitBytes: blockBytesMax },
      );
    }
    this.checksum = crc32c(frame, this.checksum);
    this.pieces.push(frame);
  }

  seal(): SealedBlock {
    if (this.pieces.length === 0) return emptyBlock;
    const header = new Uint8Array(headerBytes);
    const view = new DataView(header.buffer);
    view.setUint32(0, magic, true);
    view.setUint32(4, this.checksum, true);
    view.setUint32(8, this.rows, true);
    view.setUint32(12, this.bodyBytes, true);
    return {
      pieces: [header, ...this.pieces],
      bytes: headerBytes + this.bodyBytes,
      rows: this.rows,
      checksum: this.checksum,
    };
  }
}

function corrupt(reason: string, cause?: unknown): EngineError {
  return new EngineError("BLOCK_CORRUPT", `a shuffle block is damaged: ${reason}`, {}, cause);
}

/** Columns are views of the block, so it must begin at a multiple of eight. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
}

/** The batches of a block, once its checksum was found right. An empty block has none. */
export function readBlock(unaligned: Uint8Array): Batch[] {
  if (unaligned.length === 0) return [];
  const bytes = aligned(unaligned);
  if (bytes.length < headerBytes) throw corrupt(`it has only ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== magic) throw corrupt("it does not begin as a block does");
  const bodyBytes = view.getUint32(12, true);
  if (bytes.length !== headerBytes + bodyBytes) {
    throw corrupt(`it has ${bytes.length} of ${headerBytes + bodyBytes} bytes`);
  }
  const found = crc32c(bytes.subarray(headerBytes));
  if (found !== view.getUint32(4, true)) throw corrupt("its checksum is wrong");
  const batches = framesOf(bytes, view);
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
  if (rows !== view.getUint32(8, true)) throw corrupt(`it has ${rows} rows, not those it names`);
  return batches;
}

function framesOf(bytes: Uint8Array, view: DataView): Batch[] {
  const batches: Batch[] = [];
  try {
    for (let at = headerBytes; at < bytes.length; ) {
      const length = view.getUint32(at, true);
      const from = at + frameHeaderBytes;
      for (const batch of batchesOfBytes(bytes.subarray(from, from + length))) batches.push(batch);
      at = from + Math.ceil(length / 8) * 8;
    }
  } catch (cause) {
    throw corrupt("its batches cannot be read although its checksum is right", cause);
  }
  return batches;
}
