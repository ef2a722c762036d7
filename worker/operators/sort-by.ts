// sortBy: all rows of the task in the order of expressions, or only the first of them.

import type { Batch } from "../../proto/batch/batch.ts";
import { batchRowsMax } from "../../proto/limits.ts";
import type { SortExpr } from "../../proto/plan/expr.ts";
import { argsort } from "../kernels/columns/argsort.ts";
import { concatBatches } from "../kernels/columns/concat.ts";
import { gatherBatch } from "../kernels/columns/gather.ts";
import type { SortStep } from "../kernels/columns/sort-words.ts";
import type { OperatorMemory } from "../memory/task-memory.ts";
import { orderOf } from "./evaluate.ts";
import { columnStage, type Stage } from "./stage.ts";

/** Rows that wait to be sorted, in the order in which they came. */
export class HeldRows {
  private batches: Batch[] = [];
  rows = 0;

  add(batch: Batch): void {
    this.batches.push(batch);
    this.rows += batch.rows;
  }

  /** All rows as one batch; undefined where there are none. */
  take(): Batch | undefined {
    const { batches } = this;
    this.batches = [];
    this.rows = 0;
    return batches.length === 0 ? undefined : concatBatches(batches);
  }
}

/** Rows sorted at once over what is wanted: sorting less often beats keeping less. */
const rowsHeldPerWanted = 4;

export function sortByStage(
  keys: readonly SortExpr[],
  rowsMax: number,
  _memory: OperatorMemory,
  next: Stage,
): Stage {
  const stepsOf: (batch: Batch) => readonly SortStep[] = orderOf(keys);
  const held = new HeldRows();
  const heldMax = Math.max(rowsHeldPerWanted * rowsMax, batchRowsMax);
  const orderedRows = (batch: Batch): Int32Array =>
    argsort(batch.rows, stepsOf(batch)).subarray(0, rowsMax);
  const add = (batch: Batch): void => {
    held.add(batch);
    if (held.rows <= heldMax) return;
    const whole = held.take()!;
    held.add(gatherBatch(whole, orderedRows(whole)));
  };
  return columnStage(next, add, {
    wantsMore: () => rowsMax > 0 && next.wantsMore(),
    finish: function* () {
      const whole = held.take();
      if (whole === undefined) return;
      const rows = orderedRows(whole);
      yield;
      for (let start = 0; start < rows.length && next.wantsMore(); start += batchRowsMax) {
        next.pushBatch(gatherBatch(whole, rows.subarray(start, start + batchRowsMax)));
        yield;
      }
    },
  });
}
