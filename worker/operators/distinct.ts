// distinct: the first row of those with equal columns, as soon as it comes.

import type { Batch } from "../../proto/batch/batch.ts";
import { columnOf } from "../kernels/columns/concat.ts";
import { gatherBatch } from "../kernels/columns/gather.ts";
import { firstRows, GroupIndex } from "../kernels/columns/group-index.ts";
import { WholeRowIndex } from "../kernels/columns/whole-rows.ts";
import { columnStage, type Stage } from "./stage.ts";

/** By all columns where `on` is not set. */
export function distinctStage(on: readonly string[] | undefined, next: Stage): Stage {
  const byName = new GroupIndex();
  const whole = new WholeRowIndex();
  const groupsOf = (batch: Batch): Int32Array =>
    on === undefined
      ? whole.add(batch)
      : byName.add(
          on.map((name) => columnOf(batch, name)),
          batch.rows,
        );
  const size = () => (on === undefined ? whole.size : byName.size);
  return columnStage(next, (batch) => {
    const before = size();
    const rows = firstRows(groupsOf(batch), before, size());
    if (rows.length === batch.rows) next.pushBatch(batch);
    else if (rows.length > 0) next.pushBatch(gatherBatch(batch, rows));
  });
}
