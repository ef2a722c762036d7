// sortBy: all rows of the task in the order of expressions, or only the first of them.

import type { Batch } from "../../proto/batch/batch.ts";
import { batchRowsMax } from "../../proto/limits.ts";
import type { SortExpr } from "../../proto/plan/expr.ts";
import { concatBatches } from "../kernels/columns/concat.ts";
import type { OperatorMemory } from "../memory/task-memory.ts";
import { ExternalSorter } from "./sorting/external-sorter.ts";
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
  memory: OperatorMemory,
  next: Stage,
): Stage {
  const sorter = new ExternalSorter({ keys, rowsMax, memory });
  const heldMax = Math.max(rowsHeldPerWanted * rowsMax, batchRowsMax);
  const add = (batch: Batch): void => {
    sorter.add(batch);
    if (sorter.rowsHeld > heldMax) sorter.compact();
  };
  return columnStage(next, add, {
    handsOnCopies: true,
    wantsMore: () => rowsMax > 0 && next.wantsMore(),
    finish: () => sorter.pushSorted(next),
  });
}
