// Divides batches into those of partitions, many rows at a time, so that the pieces are worth a block's frame.

import type { Batch } from "../../proto/batch/batch.ts";
import {
  shuffleHeldBytesMax,
  shuffleHeldBytesMin,
  shuffleRowsHeldMax,
} from "../../proto/limits.ts";
import { batchSignature } from "../kernels/columns/batch-signature.ts";
import { concatBatches } from "../kernels/columns/concat.ts";
import { divideRows } from "../kernels/columns/divide-rows.ts";
import { batchBytes } from "../memory/batch-bytes.ts";

/** A piece of so many rows is worth its frame, and so is one of so many bytes. */
const pieceRowsMin = 8192;
const pieceBytesMin = 64 * 1024;

/** The partition of each row of a batch. */
export type BatchPartitioner = (batch: Batch) => Int32Array;

/**
 * What waits to be divided of a task that can always have `ownBytes`: these and all that is made of them while they are
 * divided are reserved by nobody. Of a thread's own part alone, so that blocks are the same whoever else has memory.
 */
export function dividerBytesMax(ownBytes: number): number {
  return Math.min(shuffleHeldBytesMax, Math.max(shuffleHeldBytesMin, ownBytes));
}

/** Keeps rows of a partition in the order they came. */
export class BatchDivider {
  private readonly partitions: number;
  private readonly heldBytesMax: number;
  private readonly emit: (partition: number, batch: Batch) => void;
  private held: { readonly batch: Batch; readonly partitions: Int32Array }[] = [];
  private heldRows = 0;
  private heldBytes = 0;
  private signature = "";

  constructor(
    partitions: number,
    emit: (partition: number, batch: Batch) => void,
    heldBytesMax = shuffleHeldBytesMax,
  ) {
    this.partitions = partitions;
    this.heldBytesMax = heldBytesMax;
    this.emit = emit;
  }

  add(batch: Batch, partitions: Int32Array): void {
    if (batch.rows === 0) return;
    const signature = batchSignature(batch);
    if (signature !== this.signature) this.flush();
    this.signature = signature;
    const bytes = batchBytes(batch);
    // Divided as it is, without a copy, where each piece is then large enough.
    const isEnough =
      batch.rows >= this.partitions * pieceRowsMin || bytes >= this.partitions * pieceBytesMin;
    if (this.heldRows === 0 && isEnough) return this.divide([batch], [partitions]);
    this.held.push({ batch, partitions });
    this.heldRows += batch.rows;
    this.heldBytes += bytes;
    const isMuch = this.heldRows >= shuffleRowsHeldMax || this.heldBytes >= this.heldBytesMax;
    if (isMuch) this.flush();
  }

  flush(): void {
    if (this.heldRows === 0) return;
    const held = this.held;
    this.held = [];
    this.heldRows = 0;
    this.heldBytes = 0;
    this.divide(
      held.map(({ batch }) => batch),
      held.map(({ partitions }) => partitions),
    );
  }

  private divide(batches: readonly Batch[], chosen: readonly Int32Array[]): void {
    if (this.partitions === 1) return this.emit(0, concatBatches(batches));
    for (const [partition, rows] of divideRows(batches, chosen, this.partitions)) {
      this.emit(partition, rows);
    }
  }
}
