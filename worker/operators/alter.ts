// alter: columns left out, renamed, replaced and added, of batches whose columns only show at the run.

import { type Batch, makeBatch } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import { type Alteration, alteredColumns } from "../../proto/plan/altered-columns.ts";
import { namedEvaluator } from "./evaluate.ts";
import { columnStage, handingOn, type Stage } from "./stage.ts";

export function alterStage(alteration: Alteration, next: Stage): Stage {
  let names: readonly string[] | undefined;
  let evaluate: (batch: Batch) => Column[] = () => [];
  const pushBatch = (batch: Batch): void => {
    // Batches of one task nearly always have the same columns, so that one evaluator serves.
    const found = batch.columns.map(({ name }) => name);
    const known = names;
    const isSame = known?.length === found.length && found.every((name, i) => name === known[i]);
    if (!isSame) {
      names = found;
      evaluate = namedEvaluator(alteredColumns(alteration, found));
    }
    next.pushBatch(makeBatch("record", evaluate(batch)));
  };
  return columnStage(next, pushBatch, handingOn(next));
}
