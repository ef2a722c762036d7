// One step of a task's pipeline: rows are pushed into it, and it pushes what it makes into the next.

import { type Batch, batchOfRows, batchRows } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import { batchRowsMax } from "../../proto/limits.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import { sliceBatch } from "../kernels/columns/gather.ts";

export interface Stage {
  /** The array belongs to the caller: it may be changed after the call. */
  push(rows: readonly unknown[]): void;
  pushBatch(batch: Batch): void;
  /**
   * Some rows of a batch, by rising number; others may have any values. All of it belongs to the caller again after the
   * call. Set by steps that need not have all of its columns picked for them.
   */
  pushSelected?(batch: Batch, rows: Int32Array): void;
  /** Set where `pushSelected` mostly reads rows where they are, and picks none. */
  readonly readsSelected?: boolean;
  /**
   * Texts without nulls, each with a line feed behind it; their memory is used for others after the call. Set by steps
   * that make such bytes of them.
   */
  pushLines?(rows: number, lines: Uint8Array): void;
  /**
   * Whether nothing of the batches that were pushed so far is used any more, dictionaries excepted: whoever made them may
   * write the next one into the same memory. Not so where it is not set.
   */
  letsGo?(): boolean;
  /**
   * Set where a stage holds what was pushed until `finish`, and then hands on copies alone: after it nothing of any batch
   * is used any more, dictionaries excepted.
   */
  readonly handsOnCopies?: boolean;
  /** False once further rows would be dropped. */
  wantsMore(): boolean;
  /** Hands on what is held back, pausing between chunks; the next stage is finished by the caller. */
  finish(): Iterable<void>;
  /** Whether many small arrays cost no more than one large one. */
  readonly takesSmall: boolean;
  /** Whether a batch costs less than its rows: set by steps that would make a batch of these. */
  readonly takesBatches?: boolean;
  /** Work to wait for before more rows are pushed, where there is any. */
  drain?(): Promise<void> | undefined;
  /** A shuffle input that is pushed whole before the first row of the pipeline. */
  readonly side?: SideInput;
  /** Names of the columns of records that it reads; all where not set. Others may be missing. */
  readonly wants?: ReadonlySet<string>;
  /** Set where rows are split by the hash of this column: batches of one partition may come directly. */
  readonly hashed?: HashedStage;
  /** Of rows that a join would drop: whoever hands on rows may leave them out before. */
  readonly keyTests?: readonly KeyTest[];
  /** Set where rows are left out and nothing else is done: the source may leave them out before it makes columns. */
  readonly filter?: FilterStage;
}

/** Asks of rows whether anything comes of them, by one of their columns; once all sides of joins are there. */
export interface KeyTest {
  /** The column's name, as it comes in. */
  readonly column: string;
  /** For each row 0 where nothing comes of it, else 1; undefined where that cannot be told. */
  run(column: Column): Uint8Array | undefined;
}

export interface SideInput {
  readonly stageId: number;
  /** Set where an earlier task of this thread left the whole side: it is counted so, and not read. */
  readonly known?: SideSize;
  pushBatch(batch: Batch): void;
  /** After the last batch. */
  end?(size: SideSize): void;
}

/** What came of a side input; the bytes are those of its blocks. */
export interface SideSize {
  readonly rows: number;
  readonly bytes: number;
}

export interface FilterStage {
  readonly condition: Expr;
  /** Names of the columns that are read behind it; all where not set. */
  readonly wants?: ReadonlySet<string>;
  /** Takes rows for which the condition is known to be true. */
  pushKept(batch: Batch): void;
}

export interface HashedStage {
  readonly column: "value" | "key";
  readonly partitions: number;
  pushPartition(partition: number, batch: Batch): void;
}

export function pushBatchAsRows(stage: Pick<Stage, "push">): (batch: Batch) => void {
  return (batch) => stage.push(batchRows(batch));
}

/** What is to be set of a stage that reads these columns. */
export function wanting(wants: Stage["wants"]): Pick<Stage, "wants"> {
  return wants === undefined ? {} : { wants };
}

/** What is to be set of a stage that itself uses nothing of a batch after the call, and may hand on its columns. */
export function handingOn({ letsGo }: Stage): Pick<Stage, "letsGo"> {
  return letsGo === undefined ? {} : { letsGo };
}

/** What is to be set of a stage that hands on all that comes of the rows that such tests are about. */
export function testing(keyTests: Stage["keyTests"]): Pick<Stage, "keyTests"> {
  return keyTests === undefined || keyTests.length === 0 ? {} : { keyTests };
}

/** A stage that works on columns: rows of closures become columns at its border, and nowhere else. */
export function columnStage(
  next: Stage,
  pushBatch: (batch: Batch) => void,
  more: Partial<Stage> = {},
): Stage {
  return {
    push: (rows) => {
      if (rows.length > 0) pushBatch(batchOfRows(rows));
    },
    pushBatch,
    wantsMore: () => next.wantsMore(),
    finish: nothingHeld,
    takesSmall: false,
    takesBatches: true,
    ...more,
  };
}

/** Hands on a large batch in pieces, pausing between them. */
export function* pushPieces(batch: Batch, next: Stage): Iterable<void> {
  for (let start = 0; start < batch.rows && next.wantsMore(); start += batchRowsMax) {
    next.pushBatch(sliceBatch(batch, start, Math.min(start + batchRowsMax, batch.rows)));
    yield;
  }
}

/** For stages that hold nothing back. */
export function nothingHeld(): Iterable<void> {
  return [];
}
