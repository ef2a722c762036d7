// One step of a task's pipeline: rows are pushed into it, and it pushes what it makes into the next.

import { type Batch, batchRows } from "../../proto/batch/batch.ts";

export interface Stage {
  /** The array belongs to the caller: it may be changed after the call. */
  push(rows: readonly unknown[]): void;
  pushBatch(batch: Batch): void;
  /** False once further rows would be dropped. */
  wantsMore(): boolean;
  /** Hands on what is held back, pausing between chunks; the next stage is finished by the caller. */
  finish(): Iterable<void>;
  /** Whether many small arrays cost no more than one large one. */
  readonly takesSmall: boolean;
  /** Set where rows are split by the hash of this column: batches of one partition may come directly. */
  readonly hashed?: HashedStage;
}

export interface HashedStage {
  readonly column: "value" | "key";
  readonly partitions: number;
  pushPartition(partition: number, batch: Batch): void;
}

export function pushBatchAsRows(stage: Pick<Stage, "push">): (batch: Batch) => void {
  return (batch) => stage.push(batchRows(batch));
}

/** For stages that hold nothing back. */
export function nothingHeld(): Iterable<void> {
  return [];
}
