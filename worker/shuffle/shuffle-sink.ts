// The end of a map task: rows divided into partitions, encoded, and sealed in one local file.

import { type Batch, batchOfRows, batchRows } from "../../proto/batch/batch.ts";
import { assert } from "../../proto/errors.ts";
import { blockBytesAimed } from "../../proto/limits/blocks.ts";
import { shufflePartitionRowsHeld, shuffleRowsHeldMax } from "../../proto/limits.ts";
import type { SpillFile } from "../memory/spill-files.ts";
import type { OperatorMemory } from "../memory/task-memory.ts";
import { nothingHeld } from "../operators/stage.ts";
import type { Sink, SinkResult } from "../output/sink.ts";
import { BatchDivider, type BatchPartitioner, dividerBytesMax } from "./batch-divider.ts";
import { BlockWriter, joinBlocks } from "./block.ts";
import type { ColumnSample } from "./column-sample.ts";
import { type Partitioner, StrideSample } from "./partition-rows.ts";
import type { SealedFiles } from "./sealed-files.ts";
import { type SealedOutput, sealOutput } from "./shuffle-file.ts";

interface PartitionBuffer {
  rows: unknown[];
  /** The last takes more. */
  readonly writers: BlockWriter[];
}

/** Rows and batches by partition, in the order they came. */
class PartitionBuffers {
  private readonly buffers: readonly PartitionBuffer[];
  private readonly memory: OperatorMemory;
  private readonly blockBytes: number;
  private rowsHeld = 0;
  private bytesHeld = 0;
  private file: SpillFile | undefined;

  constructor(partitions: number, memory: OperatorMemory, blockBytes: number) {
    this.memory = memory;
    this.blockBytes = blockBytes;
    this.buffers = Array.from({ length: partitions }, () => ({
      rows: [],
      writers: [new BlockWriter()],
    }));
  }

  private at(partition: number): PartitionBuffer {
    const buffer = this.buffers[partition];
    assert(buffer !== undefined, `partition ${partition} of ${this.buffers.length}`);
    return buffer;
  }

  private encode(buffer: PartitionBuffer): void {
    if (buffer.rows.length === 0) return;
    this.write(buffer, batchOfRows(buffer.rows));
    this.rowsHeld -= buffer.rows.length;
    buffer.rows = [];
  }

  /** What does not fit into memory goes to a file, from which it is read when all is sealed. */
  private write({ writers }: PartitionBuffer, batch: Batch): void {
    if (writers.at(-1)!.bytes >= this.blockBytes) writers.push(new BlockWriter());
    const writer = writers.at(-1)!;
    const before = writer.heldBytes;
    writer.add(batch);
    this.bytesHeld += writer.heldBytes - before;
    if (this.memory.resize(this.bytesHeld)) return;
    this.file ??= this.memory.createSpillFile();
    for (const each of this.buffers) for (const own of each.writers) own.flush(this.file);
    this.bytesHeld = 0;
    this.memory.resize(0);
  }

  private encodeAll(): void {
    for (const buffer of this.buffers) this.encode(buffer);
  }

  addRow(partition: number, row: unknown): void {
    const buffer = this.at(partition);
    buffer.rows.push(row);
    this.rowsHeld++;
    if (buffer.rows.length >= shufflePartitionRowsHeld) this.encode(buffer);
    else if (this.rowsHeld >= shuffleRowsHeldMax) this.encodeAll();
  }

  addRows(partition: number, rows: readonly unknown[]): void {
    for (let i = 0; i < rows.length; i++) this.addRow(partition, rows[i]);
  }

  addEach(partitions: ArrayLike<number>, rows: readonly unknown[]): void {
    for (let i = 0; i < rows.length; i++) this.addRow(partitions[i]!, rows[i]);
  }

  addBatch(partition: number, batch: Batch): void {
    const buffer = this.at(partition);
    this.encode(buffer);
    this.write(buffer, batch);
  }

  seal() {
    this.encodeAll();
    const sealed = ({ writers }: PartitionBuffer) => joinBlocks(writers.map((own) => own.seal()));
    return sealOutput(this.buffers.map(sealed));
  }

  /** Once what was sealed is written. */
  close(): void {
    this.file?.close();
    this.memory.resize(0);
  }
}

/** How rows find their partition. */
export type Routing =
  | { readonly kind: "one"; readonly partition: number }
  | {
      readonly kind: "sampled";
      readonly partition: number;
      readonly samplePartition: number;
      readonly samplesMax: number;
    }
  | { readonly kind: "each"; readonly partitioner: Partitioner }
  /** Batches stay batches: columns are divided, never rows. */
  | { readonly kind: "columns"; readonly partitionOf: BatchPartitioner }
  | {
      readonly kind: "sampledColumns";
      /** Of all rows; undefined where only the sample is wanted. */
      readonly partition: number | undefined;
      readonly samplePartition: number;
      readonly sample: ColumnSample;
    }
  | {
      readonly kind: "hashed";
      readonly column: "value" | "key";
      readonly partitioner: Partitioner;
    };

export interface ShuffleSinkOptions {
  readonly routing: Routing;
  readonly partitions: number;
  readonly files: SealedFiles;
  readonly path: string;
  readonly memory: OperatorMemory;
  readonly tellsPartitionBytes?: boolean;
  /** Of one block, about; tests make smaller ones. */
  readonly blockBytes?: number;
}

function addSamples(routing: Routing, sample: StrideSample, buffers: PartitionBuffers): void {
  if (routing.kind === "sampled") buffers.addRows(routing.samplePartition, sample.take());
  if (routing.kind !== "sampledColumns") return;
  for (const batch of routing.sample.take()) buffers.addBatch(routing.samplePartition, batch);
}

function resultOf(sealed: SealedOutput, { tellsPartitionBytes }: ShuffleSinkOptions): SinkResult {
  const { rows: rowsOut, bytes: bytesOut, digest, partitionBytes } = sealed;
  const sizes = tellsPartitionBytes === true ? { partitionBytes } : {};
  return { rowsOut, bytesOut, digest, ...sizes };
}

function takesBatches({ kind }: Routing): boolean {
  return kind === "one" || kind === "columns" || kind === "sampledColumns";
}

export function shuffleSink(options: ShuffleSinkOptions): Sink {
  const { routing, partitions, blockBytes = blockBytesAimed } = options;
  const buffers = new PartitionBuffers(partitions, options.memory, blockBytes);
  const sample = new StrideSample(routing.kind === "sampled" ? routing.samplesMax : 1);
  const toPartition = (partition: number, batch: Batch) => buffers.addBatch(partition, batch);
  const heldBytesMax = dividerBytesMax(options.memory.ownBytes);
  const divider = new BatchDivider(partitions, toPartition, heldBytesMax);

  const push = (rows: readonly unknown[]): void => {
    if (rows.length === 0) return;
    switch (routing.kind) {
      case "columns":
      case "sampledColumns":
        pushBatch(batchOfRows(rows));
        break;
      case "one":
        buffers.addRows(routing.partition, rows);
        break;
      case "sampled":
        buffers.addRows(routing.partition, rows);
        sample.add(rows);
        break;
      default:
        // Batches that came before go before.
        divider.flush();
        buffers.addEach(routing.partitioner(rows), rows);
    }
  };
  const pushBatch = (batch: Batch): void => {
    switch (routing.kind) {
      case "one":
        buffers.addBatch(routing.partition, batch);
        break;
      case "columns":
        divider.add(batch, routing.partitionOf(batch));
        break;
      case "sampledColumns":
        if (routing.partition !== undefined) buffers.addBatch(routing.partition, batch);
        routing.sample.add(batch);
        break;
      case "sampled":
        buffers.addBatch(routing.partition, batch);
        sample.add(batchRows(batch));
        break;
      default:
        // Columns keep their types: those of the values alone would be others.
        divider.add(batch, Int32Array.from(routing.partitioner(batchRows(batch))));
    }
  };
  const base = {
    push,
    pushBatch,
    wantsMore: () => true,
    finish: nothingHeld,
    takesSmall: false,
    takesBatches: takesBatches(routing),
    drain: () => undefined,
    seal: async () => {
      divider.flush();
      addSamples(routing, sample, buffers);
      const sealed = buffers.seal();
      await options.files.write(options.path, sealed.pieces);
      buffers.close();
      return resultOf(sealed, options);
    },
    abort: async () => undefined,
  };
  if (routing.kind !== "hashed") return base;
  return { ...base, hashed: { column: routing.column, partitions, pushPartition: toPartition } };
}
