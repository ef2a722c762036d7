// rangeBounds: from samples of all tasks, the rows that divide the whole into even ranges.

import type { SortKey } from "../../proto/plan/logical.ts";
import { sortKeyed } from "./sort.ts";
import type { KeyReader } from "./sort-keys.ts";
import { pushBatchAsRows, type Stage } from "./stage.ts";

export function rangeBoundsStage(
  key: SortKey,
  partitions: number,
  readKeys: KeyReader,
  next: Stage,
): Stage {
  const samples: unknown[] = [];
  const push = (rows: readonly unknown[]): void => {
    for (let i = 0; i < rows.length; i++) samples.push(rows[i]);
  };
  return {
    push,
    pushBatch: pushBatchAsRows({ push }),
    wantsMore: () => true,
    finish: function* () {
      const { rows } = sortKeyed(readKeys(samples), samples, key.direction, samples.length);
      const bounds: unknown[] = [];
      for (let i = 1; i < partitions && rows.length > 0; i++) {
        bounds.push(rows[Math.floor((i * rows.length) / partitions)]);
      }
      if (bounds.length > 0) next.push(bounds);
      yield;
    },
    takesSmall: false,
  };
}
