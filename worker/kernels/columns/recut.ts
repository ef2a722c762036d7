// The same rows in batches of another length.

import type { Batch } from "../../../proto/batch/batch.ts";
import { concatBatches } from "./concat.ts";
import { sliceBatch } from "./gather.ts";

/** Batches of `rows` rows each, the last maybe fewer; all of one shape. */
export function* recutBatches(batches: Iterable<Batch>, rows: number): Iterable<Batch> {
  let held: Batch[] = [];
  let heldRows = 0;
  for (const batch of batches) {
    for (let start = 0; start < batch.rows; ) {
      const end = Math.min(batch.rows, start + rows - heldRows);
      held.push(sliceBatch(batch, start, end));
      heldRows += end - start;
      start = end;
      if (heldRows < rows) continue;
      yield concatBatches(held);
      held = [];
      heldRows = 0;
    }
  }
  if (heldRows > 0) yield concatBatches(held);
}
