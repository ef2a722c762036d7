// One sealed block: the batches of one partition of one map task, with a checksum over all of them.

import type { Batch } from "../../proto/batch/batch.ts";
import { RawBatchReader, RawBatchWriter } from "../../proto/batch/raw-batch.ts";
import { EngineError } from "../../proto/errors.ts";
import { blockBytesMax, readBytesMax } from "../../proto/limits.ts";
import { checksumOf, checksumOfAll } from "../kernels/checksum.ts";
import type { SpillFile } from "../memory/spill-files.ts";

// Header: magic, checksum of the body, rows, body bytes. Body: raw batches.
// Everything begins at a multiple of eight bytes, so that columns can be views of the block.
const magic = 0x324b4c42;
export const blockHeaderBytes = 16;

export interface SealedBlock {
  /** To be walked over as often as wanted. */
  readonly pieces: Iterable<Uint8Array>;
  readonly bytes: number;
  readonly rows: number;
  readonly checksum: number;
}

export const emptyBlock: SealedBlock = { pieces: [], bytes: 0, rows: 0, checksum: 0 };

/** Gathers batches of one partition, whose columns must not change until the block is written. */
export class BlockWriter {
  private readonly writer = new RawBatchWriter();
  private pieces: Uint8Array[] = [];
  /** What was written to a file before the pieces, in order. */
  private readonly flushed: { readonly file: SpillFile; readonly at: number; length: number }[] =
    [];
  private flushedBytes = 0;
  private bodyBytes = 0;
  private rows = 0;

  /** Of what was added, here or in a file. */
  get bytes(): number {
    return this.bodyBytes;
  }

  add(batch: Batch): void {
    for (const piece of this.writer.write(batch)) {
      this.bodyBytes += piece.length;
      this.pieces.push(piece);
    }
    this.rows += batch.rows;
    if (this.bodyBytes > blockBytesMax) {
      throw new EngineError(
        "LIMIT_EXCEEDED",
        `a block of a task's shuffle output passes ${blockBytesMax} bytes by ${batch.rows} rows that come at ` +
          "a time; make smaller rows",
        { limitBytes: blockBytesMax },
      );
    }
  }

  /** In memory. */
  get heldBytes(): number {
    return this.bodyBytes - this.flushedBytes;
  }

  /** Moves what is held to a file, which must stay open until the block is written. */
  flush(file: SpillFile): void {
    const length = this.heldBytes;
    if (length === 0) return;
    this.flushed.push({ file, at: file.bytes, length });
    file.append(this.pieces);
    this.pieces = [];
    this.flushedBytes += length;
  }

  private *body(): Iterable<Uint8Array> {
    for (const { file, at, length } of this.flushed) {
      for (let from = 0; from < length; from += readBytesMax) {
        const bytes = new Uint8Array(Math.min(readBytesMax, length - from));
        file.read(at + from, bytes);
        yield bytes;
      }
    }
    yield* this.pieces;
  }

  private *all(header: Uint8Array): Iterable<Uint8Array> {
    yield header;
    yield* this.body();
  }

  seal(): SealedBlock {
    if (this.bodyBytes === 0) return emptyBlock;
    const checksum = checksumOfAll(this.body());
    const header = new Uint8Array(blockHeaderBytes);
    const view = new DataView(header.buffer);
    view.setUint32(0, magic, true);
    view.setUint32(4, checksum, true);
    view.setUint32(8, this.rows, true);
    view.setUint32(12, this.bodyBytes, true);
    return {
      pieces: { [Symbol.iterator]: () => this.all(header)[Symbol.iterator]() },
      bytes: blockHeaderBytes + this.bodyBytes,
      rows: this.rows,
      checksum,
    };
  }
}

/** Of blocks that follow each other, as if they were one. */
export function joinBlocks(blocks: readonly SealedBlock[]): SealedBlock {
  const [only] = blocks;
  if (only !== undefined && blocks.length === 1) return only;
  const checksums = Uint32Array.from(blocks, ({ checksum }) => checksum);
  return {
    pieces: {
      *[Symbol.iterator]() {
        for (const { pieces } of blocks) yield* pieces;
      },
    },
    bytes: blocks.reduce((sum, { bytes }) => sum + bytes, 0),
    rows: blocks.reduce((sum, { rows }) => sum + rows, 0),
    checksum: checksumOf(new Uint8Array(checksums.buffer)),
  };
}

function corrupt(reason: string, cause?: unknown): EngineError {
  return new EngineError("BLOCK_CORRUPT", `a shuffle block is damaged: ${reason}`, {}, cause);
}

/**
 * Columns are views of the block, so it must begin at a multiple of eight. They are never Buffers, whose `slice` is
 * no copy: who cleans the copy of a column's bits would write into the block.
 */
function aligned(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = bytes;
  return byteOffset % 8 === 0 ? new Uint8Array(buffer, byteOffset, length) : new Uint8Array(bytes);
}

/** The batches of blocks that follow each other, once their checksums were found right. An empty block is no bytes. */
export function readBlocks(unaligned: Uint8Array): Batch[] {
  const bytes = aligned(unaligned);
  const batches: Batch[] = [];
  for (let at = 0; at < bytes.length; ) {
    const block = firstBlock(bytes.subarray(at));
    batches.push(...readBlock(block));
    at += block.length;
  }
  return batches;
}

/** How long the block is that begins so. Throws BLOCK_CORRUPT where none does. */
export function blockBytesOf(header: Uint8Array): number {
  if (header.length < blockHeaderBytes) throw corrupt(`it has only ${header.length} bytes`);
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (view.getUint32(0, true) !== magic) throw corrupt("it does not begin as a block does");
  return blockHeaderBytes + view.getUint32(12, true);
}

/** What a piece that begins with a block holds: bytes of whole blocks, and how many the first one has. */
export function wholeBlocks(bytes: Uint8Array): {
  readonly wholeBytes: number;
  readonly firstBytes: number;
} {
  const firstBytes = blockBytesOf(bytes);
  let wholeBytes = 0;
  while (bytes.length - wholeBytes >= blockHeaderBytes) {
    const next = blockBytesOf(bytes.subarray(wholeBytes));
    if (wholeBytes + next > bytes.length) break;
    wholeBytes += next;
  }
  return { wholeBytes, firstBytes };
}

/** The bytes of the block with which they begin. */
function firstBlock(bytes: Uint8Array): Uint8Array {
  const blockBytes = blockBytesOf(bytes);
  if (bytes.length >= blockBytes) return bytes.subarray(0, blockBytes);
  throw corrupt(`it has ${bytes.length} of ${blockBytes} bytes`);
}

function readBlock(bytes: Uint8Array): Batch[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = checksumOf(bytes.subarray(blockHeaderBytes));
  if (found !== view.getUint32(4, true)) throw corrupt("its checksum is wrong");
  const batches = batchesOf(bytes);
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
  if (rows !== view.getUint32(8, true)) throw corrupt(`it has ${rows} rows, not those it names`);
  return batches;
}

function batchesOf(bytes: Uint8Array): Batch[] {
  const batches: Batch[] = [];
  const reader = new RawBatchReader(bytes, blockHeaderBytes);
  try {
    for (let batch = reader.next(); batch !== undefined; batch = reader.next()) batches.push(batch);
  } catch (cause) {
    throw corrupt("its batches cannot be read although its checksum is right", cause);
  }
  return batches;
}
