// where: the rows for which a condition is true; null is not true.

import type { Batch } from "../../proto/batch/batch.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import { gatherBatch } from "../kernels/columns/gather.ts";
import { predicate } from "./evaluate.ts";
import { columnStage, type Stage } from "./stage.ts";

export function whereStage(condition: Expr, next: Stage): Stage {
  const select = predicate(condition);
  const pushBatch = (batch: Batch): void => {
    const rows = select(batch);
    if (rows === undefined) next.pushBatch(batch);
    else if (rows.length === 0) return;
    else if (next.pushSelected !== undefined) next.pushSelected(batch, rows);
    else next.pushBatch(gatherBatch(batch, rows));
  };
  const filter = { condition, pushKept: (batch: Batch) => next.pushBatch(batch) };
  return columnStage(next, pushBatch, { filter });
}
