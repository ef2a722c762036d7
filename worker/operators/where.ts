// where: the rows for which a condition is true; null is not true.

import type { Batch } from "../../proto/batch/batch.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import { gatherBatch } from "../kernels/columns/gather.ts";
import { predicate } from "./evaluate.ts";
import { columnStage, handingOn, type Stage, testing, wanting } from "./stage.ts";
import { onlyWanted, wantedBy } from "./wanted-columns.ts";

export function whereStage(condition: Expr, next: Stage): Stage {
  const select = predicate(condition);
  const { wants } = next;
  const pushKept = (batch: Batch): void => next.pushBatch(onlyWanted(batch, wants));
  const pushBatch = (batch: Batch): void => {
    const rows = select(batch);
    if (rows === undefined) pushKept(batch);
    else if (rows.length === 0) return;
    else if (next.pushSelected !== undefined) next.pushSelected(batch, rows);
    else next.pushBatch(gatherBatch(onlyWanted(batch, wants), rows));
  };
  const filter = { condition, pushKept, ...wanting(wants) };
  return columnStage(next, pushBatch, {
    filter,
    ...handingOn(next),
    ...testing(next.keyTests),
    ...wanting(wants && wantedBy([condition], wants)),
  });
}
