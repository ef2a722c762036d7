// limit: the first rows of the task, then no more.

import { nothingHeld, pushBatchAsRows, type Stage } from "./stage.ts";

export function limitStage(rowsMax: number, next: Stage): Stage {
  let left = rowsMax;
  const push = (rows: readonly unknown[]): void => {
    if (left === 0) return;
    const kept = rows.length <= left ? rows : rows.slice(0, left);
    left -= kept.length;
    next.push(kept);
  };
  return {
    push,
    pushBatch: pushBatchAsRows({ push }),
    wantsMore: () => left > 0 && next.wantsMore(),
    finish: nothingHeld,
    takesSmall: next.takesSmall,
  };
}
