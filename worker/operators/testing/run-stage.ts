// Runs one stage over batches, and gathers what it pushes.

import { type Batch, batchOfRows, batchRows } from "../../../proto/batch/batch.ts";
import { cellsBytes, cellsOf } from "../cells.ts";
import type { Stage } from "../stage.ts";
import type { UserCode } from "../user-code.ts";
import { copiedBatch, spoil } from "./spoiled-batches.ts";

export interface Gathered extends Stage {
  readonly batches: Batch[];
}

export function gathering(): Gathered {
  const batches: Batch[] = [];
  return {
    batches,
    push: (rows) => {
      if (rows.length > 0) batches.push(batchOfRows(rows));
    },
    pushBatch: (batch) => void batches.push(batch),
    wantsMore: () => true,
    finish: () => [],
    takesSmall: false,
  };
}

/** Pushes a copy, of which nothing can be used after the call where the stage says that it does not. */
function pushLent(stage: Stage, batch: Batch): void {
  const lent = copiedBatch(batch);
  stage.pushBatch(lent);
  if (stage.letsGo?.() === true) spoil(lent);
}

/** What comes out of the stage; `side` are the batches of its other input. */
export function runStage(
  make: (next: Stage) => Stage,
  batches: readonly Batch[],
  side: readonly Batch[] = [],
): Batch[] {
  const next = gathering();
  const pushBatch = (batch: Batch): void => next.pushBatch(copiedBatch(batch));
  const stage = make({ ...next, pushBatch, letsGo: () => true });
  for (const batch of side) stage.side!.pushBatch(batch);
  for (const batch of batches) if (batch.rows > 0) pushLent(stage, batch);
  for (const _ of stage.finish());
  return next.batches;
}

export function rowsOfBatches(batches: readonly Batch[]): unknown[] {
  return batches.flatMap(batchRows);
}

/** For stages that call functions of the user. */
export function testUser(labels: readonly string[] = ["test#1"]): UserCode {
  return {
    cells: cellsOf(new ArrayBuffer(cellsBytes)),
    file: () => undefined,
    partition: 0,
    locate: () => ({ source: "job.ts:1:1" }),
    labels,
  };
}
