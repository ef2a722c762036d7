// select: columns from expressions over the columns that come in.

import { makeBatch } from "../../proto/batch/batch.ts";
import type { NamedExpr } from "../../proto/plan/expr.ts";
import { namedEvaluator } from "./evaluate.ts";
import { columnStage, type Stage } from "./stage.ts";

export function selectStage(columns: readonly NamedExpr[], next: Stage): Stage {
  const evaluate = namedEvaluator(columns);
  return columnStage(next, (batch) => next.pushBatch(makeBatch("record", evaluate(batch))));
}
