// The file of one map output: blocks of all partitions back to back, then an index of where each lies.

import { crc32c } from "../../proto/checksum/crc32c.ts";
import { assert, EngineError } from "../../proto/errors.ts";
import { partitionsPerShuffleMax } from "../../proto/limits.ts";
import type { PartitionRange } from "../../proto/plan/partition-cuts.ts";
import type { BlockId } from "../../proto/ports/blocks.ts";
import type { SealedBlock } from "./block.ts";
import type { SealedFiles } from "./sealed-files.ts";

const version = 1;
const magic = 0x5446534d;
/** Per partition: offset and length as 64-bit, checksum and rows as 32-bit numbers. */
const entryBytes = 24;
/** Partitions, checksum of the index, version, magic. */
const trailerBytes = 16;
/** Read at the end of a file in one go: the index of most files. */
const tailBytes = 4096;

export interface IndexEntry {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly checksum: number;
  readonly rows: number;
}

export interface SealedOutput {
  readonly pieces: Iterable<Uint8Array>;
  readonly bytes: number;
  readonly partitionBytes: readonly number[];
  readonly rows: number;
  /** Of everything a reader can see: equal for equal contents. */
  readonly digest: string;
}

function* inOrder(blocks: readonly SealedBlock[], footer: Uint8Array): Iterable<Uint8Array> {
  for (const { pieces } of blocks) yield* pieces;
  yield footer;
}

export function sealOutput(blocks: readonly SealedBlock[]): SealedOutput {
  assert(blocks.length <= partitionsPerShuffleMax, `${blocks.length} partitions in one shuffle`);
  const footer = new Uint8Array(blocks.length * entryBytes + trailerBytes);
  const view = new DataView(footer.buffer);
  let offset = 0;
  let rows = 0;
  for (const [partition, block] of blocks.entries()) {
    const at = partition * entryBytes;
    view.setBigUint64(at, BigInt(offset), true);
    view.setBigUint64(at + 8, BigInt(block.bytes), true);
    view.setUint32(at + 16, block.checksum, true);
    view.setUint32(at + 20, block.rows, true);
    offset += block.bytes;
    rows += block.rows;
  }
  const trailerAt = blocks.length * entryBytes;
  const checksum = crc32c(footer.subarray(0, trailerAt));
  view.setUint32(trailerAt, blocks.length, true);
  view.setUint32(trailerAt + 4, checksum, true);
  view.setUint32(trailerAt + 8, version, true);
  view.setUint32(trailerAt + 12, magic, true);
  return {
    pieces: inOrder(blocks, footer),
    bytes: offset,
    partitionBytes: blocks.map((block) => block.bytes),
    rows,
    digest: checksum.toString(16).padStart(8, "0"),
  };
}

function corrupt(path: string, reason: string): EngineError {
  return new EngineError("BLOCK_CORRUPT", `the shuffle file ${path} is damaged: ${reason}`);
}

async function readTail(
  files: SealedFiles,
  path: string,
  sizeBytes: number,
  wantedBytes: number,
): Promise<Uint8Array> {
  const length = Math.min(sizeBytes, wantedBytes);
  const bytes = await files.read(path, sizeBytes - length, length);
  if (bytes?.length !== length) throw corrupt(path, "it shrank while it was read");
  return bytes;
}

/** Where each partition lies; undefined when there is no such file. */
export async function readIndex(
  files: SealedFiles,
  path: string,
): Promise<readonly IndexEntry[] | undefined> {
  const sizeBytes = await files.sizeBytes(path);
  if (sizeBytes === undefined) return undefined;
  if (sizeBytes < trailerBytes) throw corrupt(path, `it has only ${sizeBytes} bytes`);
  let tail = await readTail(files, path, sizeBytes, tailBytes);
  const trailer = new DataView(tail.buffer, tail.byteOffset + tail.length - trailerBytes);
  if (trailer.getUint32(12, true) !== magic) throw corrupt(path, "it does not end as one does");
  const found = trailer.getUint32(8, true);
  if (found !== version) throw corrupt(path, `it has version ${found} instead of ${version}`);
  const partitions = trailer.getUint32(0, true);
  const checksum = trailer.getUint32(4, true);
  const footerBytes = partitions * entryBytes + trailerBytes;
  if (partitions > partitionsPerShuffleMax || footerBytes > sizeBytes) {
    throw corrupt(path, `it names ${partitions} partitions`);
  }
  if (footerBytes > tail.length) tail = await readTail(files, path, sizeBytes, footerBytes);
  const index = tail.subarray(tail.length - footerBytes, tail.length - trailerBytes);
  if (crc32c(index) !== checksum) throw corrupt(path, "the checksum of its index is wrong");
  const entries = entriesOf(index, partitions);
  checkLayout(path, entries, sizeBytes - footerBytes);
  return entries;
}

/** Blocks lie back to back from the first byte to the index: no checksum covers a byte between them. */
function checkLayout(path: string, entries: readonly IndexEntry[], indexAtByte: number): void {
  let end = 0;
  for (const [partition, { offsetBytes, lengthBytes }] of entries.entries()) {
    if (offsetBytes !== end) {
      throw corrupt(path, `partition ${partition} begins at byte ${offsetBytes}, not ${end}`);
    }
    end += lengthBytes;
  }
  if (end === indexAtByte) return;
  throw corrupt(path, `its blocks end at byte ${end}, its index begins at ${indexAtByte}`);
}

function entriesOf(index: Uint8Array, partitions: number): readonly IndexEntry[] {
  const view = new DataView(index.buffer, index.byteOffset, index.byteLength);
  return Array.from({ length: partitions }, (_, partition) => {
    const at = partition * entryBytes;
    return {
      offsetBytes: Number(view.getBigUint64(at, true)),
      lengthBytes: Number(view.getBigUint64(at + 8, true)),
      checksum: view.getUint32(at + 16, true),
      rows: view.getUint32(at + 20, true),
    };
  });
}

/** Of the bytes of partitions, from one on and not more than these. */
export type BlockPiece = Pick<BlockId, "fromByte" | "bytesMax">;

/** The blocks of partitions that follow each other, back to back as sealed; undefined when the file is missing. */
export async function readPartitions(
  files: SealedFiles,
  path: string,
  { first, count }: PartitionRange,
  { fromByte, bytesMax }: BlockPiece,
): Promise<Uint8Array | undefined> {
  const index = await readIndex(files, path);
  const begin = index?.[first];
  const last = index?.[first + count - 1];
  if (begin === undefined || last === undefined) {
    if ((await files.sizeBytes(path)) === undefined) return undefined;
    throw corrupt(path, `it has no partition ${begin === undefined ? first : first + count - 1}`);
  }
  const allBytes = last.offsetBytes + last.lengthBytes - begin.offsetBytes;
  const lengthBytes = Math.max(0, Math.min(allBytes - fromByte, bytesMax));
  if (lengthBytes === 0) return new Uint8Array(0);
  const bytes = await files.read(path, begin.offsetBytes + fromByte, lengthBytes);
  if (bytes === undefined) return undefined;
  if (bytes.length !== lengthBytes) throw corrupt(path, `partition ${first} is cut off`);
  return bytes;
}
