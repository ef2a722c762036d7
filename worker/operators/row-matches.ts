// intersect and except: rows that are (not) in another input, once each or matched one by one.

import type { Batch } from "../../proto/batch/batch.ts";
import { gatherBatch } from "../kernels/columns/gather.ts";
import { WholeRowIndex } from "../kernels/columns/whole-rows.ts";
import { columnStage, type Stage } from "./stage.ts";

/** How many rows of the other input are left for each group; grown with the groups. */
class Counts {
  private counts = new Float64Array(1024);

  reserve(size: number): Float64Array {
    if (size > this.counts.length) {
      const counts = new Float64Array(Math.max(size, 2 * this.counts.length));
      counts.set(this.counts);
      this.counts = counts;
    }
    return this.counts;
  }
}

export interface RowMatch {
  readonly kind: "intersect" | "except";
  /** Whether rows that occur several times are matched one by one (SQL's ALL). */
  readonly all: boolean;
  /** The other input. */
  readonly stageId: number;
}

export function rowMatchStage(match: RowMatch, next: Stage): Stage {
  const { kind, all, stageId } = match;
  const index = new WholeRowIndex();
  const others = new Counts();
  /** Rows that came out or, without `all`, were decided upon. */
  const seen = new Counts();
  const pushSide = (batch: Batch): void => {
    const groups = index.add(batch);
    const counts = others.reserve(index.size);
    for (let i = 0; i < groups.length; i++) counts[groups[i]!] = counts[groups[i]!]! + 1;
  };
  const isWanted = (left: Float64Array, done: Float64Array, group: number): boolean => {
    if (all) {
      const isThere = left[group]! > 0;
      if (isThere) left[group] = left[group]! - 1;
      return isThere === (kind === "intersect");
    }
    if (done[group] !== 0) return false;
    done[group] = 1;
    return left[group]! > 0 === (kind === "intersect");
  };
  return columnStage(
    next,
    (batch) => {
      const groups = index.add(batch);
      const left = others.reserve(index.size);
      const done = seen.reserve(index.size);
      const rows = new Int32Array(batch.rows);
      let count = 0;
      for (let i = 0; i < groups.length; i++) {
        if (isWanted(left, done, groups[i]!)) rows[count++] = i;
      }
      if (count > 0) next.pushBatch(gatherBatch(batch, rows.subarray(0, count)));
    },
    { side: { stageId, pushBatch: pushSide } },
  );
}
