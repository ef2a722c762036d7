// The file of one map output: blocks of all partitions back to back, then an index of where each lies.

import { assert, EngineError } from "../../proto/errors.ts";
import { partitionsPerShuffleMax } from "../../proto/limits.ts";
import type { PartitionRange } from "../../proto/plan/partition-cuts.ts";
import type { BlockId } from "../../proto/ports/blocks.ts";
import { checksumOf } from "../kernels/checksum.ts";
import type { SealedBlock } from "./block.ts";
import type { RoomFor, SealedFiles } from "./sealed-files.ts";

const version = 2;
const magic = 0x5446534d;
/** Per partition: offset and length as 64-bit, checksum and rows as 32-bit numbers. */
const entryBytes = 24;
/** Partitions, checksum of the index, version, magic. */
const trailerBytes = 16;
/** Read at the end of a file in one go: the index of most files. */
const tailBytes = 4096;

/** Where the block of each partition begins, and after them where the last one ends. */
export type PartitionStarts = Float64Array;

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
  const checksum = checksumOf(footer.subarray(0, trailerAt));
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
async function readIndex(files: SealedFiles, path: string): Promise<PartitionStarts | undefined> {
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
  if (checksumOf(index) !== checksum) throw corrupt(path, "the checksum of its index is wrong");
  return startsOf(path, index, partitions, sizeBytes - footerBytes);
}

/** Blocks lie back to back from the first byte to the index: no checksum covers a byte between them. */
function startsOf(
  path: string,
  index: Uint8Array,
  partitions: number,
  indexAtByte: number,
): PartitionStarts {
  const view = new DataView(index.buffer, index.byteOffset, index.byteLength);
  // As two words each: a number of 64 bits would be an object.
  const wordsAt = (at: number): number =>
    view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  const starts = new Float64Array(partitions + 1);
  let end = 0;
  for (let partition = 0; partition < partitions; partition++) {
    const at = partition * entryBytes;
    const offsetBytes = wordsAt(at);
    if (offsetBytes !== end) {
      throw corrupt(path, `partition ${partition} begins at byte ${offsetBytes}, not ${end}`);
    }
    end += wordsAt(at + 8);
    starts[partition + 1] = end;
  }
  if (end === indexAtByte) return starts;
  throw corrupt(path, `its blocks end at byte ${end}, its index begins at ${indexAtByte}`);
}

/** What is kept of the index of a file is right as long as the file is there: no other ever has its name. */
async function indexOf(files: SealedFiles, path: string): Promise<PartitionStarts | undefined> {
  const kept = files.indexes?.get(path);
  if (kept !== undefined) return kept;
  const starts = await readIndex(files, path);
  if (starts !== undefined) files.indexes?.keep(path, starts);
  return starts;
}

/** Of the bytes of partitions, from one on and not more than these. */
export type BlockPiece = Pick<BlockId, "fromByte" | "bytesMax">;

/** The blocks of partitions that follow each other, back to back as sealed; undefined when the file is missing. */
export async function readPartitions(
  files: SealedFiles,
  path: string,
  { first, count }: PartitionRange,
  { fromByte, bytesMax }: BlockPiece,
  room?: RoomFor,
): Promise<Uint8Array | undefined> {
  const starts = await indexOf(files, path);
  if (starts === undefined) return undefined;
  const end = first + count;
  if (end >= starts.length) {
    throw corrupt(path, `it has no partition ${Math.max(first, starts.length - 1)}`);
  }
  const begin = starts[first]!;
  const lengthBytes = Math.max(0, Math.min(starts[end]! - begin - fromByte, bytesMax));
  // Also where nothing is to be read a file that was lost is none.
  if (lengthBytes === 0) {
    return (await files.sizeBytes(path)) === undefined ? undefined : new Uint8Array(0);
  }
  const bytes = await files.read(path, begin + fromByte, lengthBytes, room);
  if (bytes === undefined) return undefined;
  if (bytes.length !== lengthBytes) throw corrupt(path, `partition ${first} is cut off`);
  return bytes;
}
