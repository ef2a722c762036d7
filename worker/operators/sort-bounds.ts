// sortBounds: from samples of all tasks, the rows that divide the whole into even ranges.

import { makeBatch } from "../../proto/batch/batch.ts";
import type { SortExpr } from "../../proto/plan/expr.ts";
import { argsort } from "../kernels/columns/argsort.ts";
import { gatherBatch } from "../kernels/columns/gather.ts";
import { orderOf } from "./evaluate.ts";
import { HeldRows } from "./sort-by.ts";
import { columnStage, type Stage } from "./stage.ts";

export function sortBoundsStage(keys: readonly SortExpr[], partitions: number, next: Stage): Stage {
  const stepsOf = orderOf(keys);
  const held = new HeldRows();
  return columnStage(next, (batch) => held.add(batch), {
    wantsMore: () => true,
    finish: function* () {
      const samples = held.take();
      if (samples === undefined || partitions < 2) return;
      const order = argsort(samples.rows, stepsOf(samples));
      const bounds = new Int32Array(partitions - 1);
      for (let i = 1; i < partitions; i++) {
        bounds[i - 1] = order[Math.floor((i * samples.rows) / partitions)]!;
      }
      const { shape, columns } = gatherBatch(samples, bounds);
      next.pushBatch(makeBatch(shape, columns));
      yield;
    },
  });
}
