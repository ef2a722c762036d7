// limit: drops the first rows of the task, takes those that follow, then no more.

import type { Batch } from "../../proto/batch/batch.ts";
import { sliceBatch } from "../kernels/columns/gather.ts";
import { nothingHeld, type Stage } from "./stage.ts";

export function limitStage(rowsMax: number, offset: number, next: Stage): Stage {
  let dropping = offset;
  let left = rowsMax;
  /** Which of so many rows go on. */
  const window = (rows: number): readonly [start: number, end: number] => {
    const start = Math.min(dropping, rows);
    const end = Math.min(rows, start + left);
    dropping -= start;
    left -= end - start;
    return [start, end];
  };
  return {
    push: (rows) => {
      const [start, end] = window(rows.length);
      if (end > start) next.push(end - start === rows.length ? rows : rows.slice(start, end));
    },
    pushBatch: (batch: Batch) => {
      const [start, end] = window(batch.rows);
      if (end > start) next.pushBatch(sliceBatch(batch, start, end));
    },
    wantsMore: () => left > 0 && next.wantsMore(),
    finish: nothingHeld,
    takesSmall: next.takesSmall,
    takesBatches: next.takesBatches === true,
  };
}
