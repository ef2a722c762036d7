// select: columns from expressions over the columns that come in.

import { makeBatch } from "../../proto/batch/batch.ts";
import type { NamedExpr } from "../../proto/plan/expr.ts";
import { namedEvaluator } from "./evaluate.ts";
import { columnStage, type Stage, wanting } from "./stage.ts";
import { wantedBy } from "./wanted-columns.ts";

export function selectStage(columns: readonly NamedExpr[], next: Stage): Stage {
  const evaluate = namedEvaluator(columns);
  const wants = wantedBy(columns.map(({ expr }) => expr));
  const pushBatch: Stage["pushBatch"] = (batch) =>
    next.pushBatch(makeBatch("record", evaluate(batch)));
  return columnStage(next, pushBatch, wanting(wants));
}
