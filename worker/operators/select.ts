// select: columns from expressions over the columns that come in.

import { makeBatch } from "../../proto/batch/batch.ts";
import type { NamedExpr } from "../../proto/plan/expr.ts";
import { namedEvaluator } from "./evaluate.ts";
import { columnStage, handingOn, type KeyTest, type Stage, testing, wanting } from "./stage.ts";
import { wantedBy } from "./wanted-columns.ts";

/** By the names that columns had before. */
function testsBefore(columns: readonly NamedExpr[], tests: readonly KeyTest[]): KeyTest[] {
  return tests.flatMap((test) => {
    const expr = columns.find(({ name }) => name === test.column)?.expr;
    return expr?.kind === "column" ? [{ ...test, column: expr.name }] : [];
  });
}

export function selectStage(columns: readonly NamedExpr[], next: Stage): Stage {
  const evaluate = namedEvaluator(columns);
  const wants = wantedBy(columns.map(({ expr }) => expr));
  const pushBatch: Stage["pushBatch"] = (batch) =>
    next.pushBatch(makeBatch("record", evaluate(batch)));
  const tests = testing(testsBefore(columns, next.keyTests ?? []));
  return columnStage(next, pushBatch, { ...wanting(wants), ...tests, ...handingOn(next) });
}
