// where: the rows for which a condition is true; null is not true.

import type { Expr } from "../../proto/plan/expr.ts";
import { gatherBatch } from "../kernels/columns/gather.ts";
import { predicate } from "./evaluate.ts";
import { columnStage, type Stage } from "./stage.ts";

export function whereStage(condition: Expr, next: Stage): Stage {
  const select = predicate(condition);
  return columnStage(next, (batch) => {
    const rows = select(batch);
    if (rows === undefined) next.pushBatch(batch);
    else if (rows.length > 0) next.pushBatch(gatherBatch(batch, rows));
  });
}
