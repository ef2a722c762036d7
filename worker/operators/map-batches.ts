// mapBatches: the user's function over typed-array columns, some thousand rows at a time.

import type { Batch } from "../../proto/batch/batch.ts";
import type { Schema } from "../../proto/plan/types.ts";
import { type BatchView, batchOfAnswer, viewOf } from "./batch-view.ts";
import { cellAt } from "./cells.ts";
import { conformBatch } from "./conform.ts";
import { columnStage, type Stage } from "./stage.ts";
import { enterUser, leaveUser, refusePromise, type UserCode, userFailure } from "./user-code.ts";

/** `schema` is what the function answers, where that was declared. */
export function mapBatchesStage(
  closure: (batch: BatchView) => unknown,
  schema: Schema | undefined,
  index: number,
  user: UserCode,
  next: Stage,
): Stage {
  const { ints } = user.cells;
  let rowsIn = 0;
  let rowsOut = 0;
  const answerFor = (batch: Batch): Batch | undefined => {
    enterUser(user, index);
    ints[cellAt.row] = rowsIn;
    try {
      const answer = closure(viewOf(batch));
      refusePromise(answer, "mapBatches");
      return batchOfAnswer(answer);
    } catch (thrown) {
      throw userFailure(user, thrown);
    } finally {
      leaveUser(user);
    }
  };
  return columnStage(next, (batch) => {
    const made = answerFor(batch);
    rowsIn += batch.rows;
    if (made === undefined) return;
    const place = { operator: user.labels[index]!, partition: user.partition, firstRow: rowsOut };
    rowsOut += made.rows;
    next.pushBatch(schema === undefined ? made : conformBatch(made, schema, place));
  });
}
