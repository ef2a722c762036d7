// The input of a reduce task: blocks of all its map tasks, fetched ahead but consumed in map order.

import type { Batch } from "../../proto/batch/batch.ts";
import { EngineError, toEngineError, unreachable } from "../../proto/errors.ts";
import { blockPieceBytes } from "../../proto/limits/blocks.ts";
import { shuffleFetchesAhead } from "../../proto/limits.ts";
import type { PartitionRange } from "../../proto/plan/partition-cuts.ts";
import { readerIndex } from "../../proto/plan/stage.ts";
import {
  type BlockAnswer,
  type BlockClient,
  type BlockId,
  partitionsText,
} from "../../proto/ports/blocks.ts";
import type { MapLocation, StageInput } from "../../proto/ports/executor.ts";
import { readBlocks, wholeBlocks } from "./block.ts";
import { type RoomFor, type SealedFiles, sealedPath } from "./sealed-files.ts";
import { readPartitions } from "./shuffle-file.ts";

export interface ShuffleWorld {
  readonly workerId: string;
  readonly files: SealedFiles;
  readonly blocks: BlockClient;
  /** What is asked for at a time; tests ask for less than others do. */
  readonly pieceBytes?: number;
  /** Where what lies here may be read to. */
  readonly room?: RoomFor;
}

export interface ShuffleRead {
  readonly jobId: string;
  readonly actionIndex: number;
  /** Index of the reading task. */
  readonly taskIndex: number;
  /** What it reads where the input says its own partition; that of its index where not set. */
  readonly partitions?: PartitionRange | undefined;
  readonly input: StageInput;
}

/** `stageId`: of the input, as the reader's action knows it. */
function failure(
  block: BlockId,
  location: MapLocation,
  stageId: number,
  thrown: unknown,
): EngineError {
  const error = toEngineError(thrown);
  const { taskIndex, token } = block;
  return new EngineError(
    error.code,
    `${partitionsText(block)} of map task ${taskIndex} of stage ${stageId} on worker ` +
      `${location.workerId}: ${error.message}`,
    { ...error.details, stageId, taskIndex, token },
    thrown,
  );
}

async function askFor(
  world: ShuffleWorld,
  block: BlockId,
  location: MapLocation,
): Promise<BlockAnswer> {
  if (location.workerId !== world.workerId) return world.blocks.fetch(location.address, block);
  const range = { first: block.partition, count: block.partitions };
  const bytes = await readPartitions(world.files, sealedPath(block), range, block, world.room);
  return bytes === undefined ? { kind: "missing" } : { kind: "bytes", bytes };
}

async function fetchBlock(
  world: ShuffleWorld,
  block: BlockId,
  location: MapLocation,
): Promise<Uint8Array> {
  const answer = await askFor(world, block, location);
  switch (answer.kind) {
    case "bytes":
      return answer.bytes;
    case "missing":
      throw new EngineError("BLOCK_MISSING", "it is not there; the map task has to run again");
    case "released":
      throw new EngineError("BLOCK_RELEASED", "the job's blocks were released already");
    default:
      return unreachable(answer);
  }
}

/** The maps that a task reads, in index order. */
function mapsOf(read: ShuffleRead): readonly MapLocation[] {
  const { input, maps } = read.input;
  const own = readerIndex(input, read.taskIndex);
  const wanted = input.maps === "own" ? maps.filter((m) => m.taskIndex === own) : maps;
  return [...wanted].sort((a, b) => a.taskIndex - b.taskIndex);
}

/**
 * Several partitions of a map are read at once: they lie side by side, and together are no more than one task is
 * to have. So rows come map by map, and rows of one partition in the order of maps, as if it were read alone.
 */
function partitionsOf({ input: { input }, partitions }: ShuffleRead, own: number): PartitionRange {
  if (input.partition !== "own") return { first: input.partition, count: 1 };
  return partitions ?? { first: own, count: 1 };
}

interface Fetched {
  readonly block: BlockId;
  readonly location: MapLocation;
  /** The first piece. */
  first(): Promise<Uint8Array>;
}

/** Whole blocks of one map, some at a time: one that does not fit into a piece is asked for alone. */
async function* piecesOf(world: ShuffleWorld, fetched: Fetched): AsyncGenerator<Uint8Array> {
  const { location } = fetched;
  let { block } = fetched;
  let bytes = await fetched.first();
  while (bytes.length === block.bytesMax) {
    const { wholeBytes, firstBytes } = wholeBlocks(bytes);
    if (wholeBytes > 0) yield bytes.subarray(0, wholeBytes);
    const bytesMax = wholeBytes > 0 ? (world.pieceBytes ?? blockPieceBytes) : firstBytes;
    block = { ...block, fromByte: block.fromByte + wholeBytes, bytesMax };
    bytes = await fetchBlock(world, block, location);
  }
  if (bytes.length > 0) yield bytes;
}

/** Batches of each map in turn, some at a time, with the bytes they came in. Throws with the map's stage, index and token. */
export async function* readShuffle(
  world: ShuffleWorld,
  read: ShuffleRead,
): AsyncGenerator<{ readonly batches: readonly Batch[]; readonly bytes: number }> {
  const { jobId, actionIndex, input } = read;
  const maps = mapsOf(read);
  const own = readerIndex(input.input, read.taskIndex);
  if (own === undefined) return;
  const { first: partition, count: partitions } = partitionsOf(read, own);
  const ahead: Fetched[] = [];
  let started = 0;
  const start = (): void => {
    const location = maps[started++]!;
    const { taskIndex, token } = location;
    const { stageId = input.input.stageId } = location;
    const action = location.actionIndex ?? actionIndex;
    const bytesMax = world.pieceBytes ?? blockPieceBytes;
    const place = { partition, partitions, fromByte: 0, bytesMax };
    const block = { jobId, actionIndex: action, stageId, taskIndex, token, ...place };
    // What lies here already is read when its turn comes: ahead of it, it would only take memory.
    if (location.workerId === world.workerId) {
      ahead.push({ block, location, first: () => fetchBlock(world, block, location) });
      return;
    }
    const bytes = fetchBlock(world, block, location);
    // Met when its turn comes, which may be never.
    bytes.catch(() => undefined);
    ahead.push({ block, location, first: () => bytes });
  };
  for (let done = 0; done < maps.length; done++) {
    while (started < maps.length && ahead.length < shuffleFetchesAhead) start();
    const fetched = ahead.shift()!;
    const pieces = piecesOf(world, fetched);
    for (;;) {
      let batches: readonly Batch[];
      let bytes: number;
      try {
        const piece = await pieces.next();
        if (piece.done === true) break;
        bytes = piece.value.length;
        batches = readBlocks(piece.value);
      } catch (thrown) {
        throw failure(fetched.block, fetched.location, input.input.stageId, thrown);
      }
      yield { batches, bytes };
    }
  }
}
