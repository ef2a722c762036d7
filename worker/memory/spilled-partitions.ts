// Rows in a file, divided by the hash of their keys: rows with equal keys are in one partition.

import type { Batch } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import { spillPartitions } from "../../proto/limits/memory.ts";
import { concatBatches } from "../kernels/columns/concat.ts";
import { gatherBatch, sliceBatch } from "../kernels/columns/gather.ts";
import { groupRows } from "../kernels/columns/group-index.ts";
import { hashKeys } from "../kernels/columns/hash-keys.ts";
import { batchBytes } from "./batch-bytes.ts";
import { HeldShape } from "./held-shape.ts";
import { SpilledBatches, type SpilledBlock } from "./spilled-batches.ts";
import type { OperatorMemory } from "./task-memory.ts";

export type KeysOf = (batch: Batch) => readonly Column[];

/** Equal for rows with equal keys; another hash of them for another seed. */
export type HashesOf = (batch: Batch, seed: number) => Int32Array;

export function hashesBy(keysOf: KeysOf): HashesOf {
  return (batch, seed) => hashKeys(keysOf(batch), batch.rows, seed);
}

/** What makes batches alike that are read again. */
export type AnyShape = Pick<HeldShape, "add" | "conform">;

interface Part {
  readonly blocks: SpilledBlock[];
  rows: number;
  bytes: number;
}

/** Not the seed by which a shuffle divides, nor that of groups. */
const firstSeed = 0x2545f491;

export class SpilledPartitions {
  readonly shape: AnyShape;
  private readonly hashesOf: HashesOf;
  private readonly depth: number;
  private readonly spilled: SpilledBatches;
  private readonly parts: readonly Part[];
  private sample: Batch | undefined;

  /** `depth`: how often the rows were divided before, each time by another hash. */
  constructor(
    hashesOf: HashesOf,
    memory: OperatorMemory,
    depth = 0,
    shape: AnyShape = new HeldShape(),
  ) {
    this.hashesOf = hashesOf;
    this.depth = depth;
    this.shape = shape;
    this.spilled = new SpilledBatches(memory.createSpillFile());
    this.parts = Array.from({ length: spillPartitions }, () => ({ blocks: [], rows: 0, bytes: 0 }));
  }

  get count(): number {
    return this.parts.length;
  }

  add(whole: Batch): void {
    if (this.depth === 0) this.shape.add(whole);
    this.sample ??= sliceBatch(whole, 0, 0);
    const hashes = this.hashesOf(whole, firstSeed + this.depth);
    const places = new Int32Array(whole.rows);
    for (let i = 0; i < places.length; i++) places[i] = (hashes[i]! >>> 0) % this.parts.length;
    const { starts, rows } = groupRows(places, this.parts.length);
    for (const [at, part] of this.parts.entries()) {
      const own = rows.subarray(starts[at]!, starts[at + 1]!);
      if (own.length === 0) continue;
      const batch = gatherBatch(whole, own);
      part.blocks.push(this.spilled.write(batch));
      part.rows += batch.rows;
      part.bytes += batchBytes(batch);
    }
  }

  rowsOf(part: number): number {
    return this.parts[part]!.rows;
  }

  bytesOf(part: number): number {
    return this.parts[part]!.bytes;
  }

  /** Rows of a partition in the order in which they came, a block at a time. */
  *read(part: number): Iterable<Batch> {
    for (const block of this.parts[part]!.blocks) {
      yield this.shape.conform(this.spilled.read(block));
    }
  }

  /** All rows of a partition; a batch without rows where there are none, undefined where nothing ever came. */
  whole(part: number): Batch | undefined {
    const batches = [...this.read(part)];
    if (batches.length > 0) return concatBatches(batches);
    return this.sample && this.shape.conform(this.sample);
  }

  close(): void {
    this.spilled.close();
  }
}
