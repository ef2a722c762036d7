// encodeRows: rows as lines of tagged JSON, which keeps every value as it is.

import { encodeValue } from "../../proto/plan/values.ts";
import { nothingHeld, pushBatchAsRows, type Stage } from "./stage.ts";

export function encodeRowsStage(next: Stage): Stage {
  const push = (rows: readonly unknown[]): void => next.push(rows.map(encodeValue));
  return {
    push,
    pushBatch: pushBatchAsRows({ push }),
    wantsMore: () => next.wantsMore(),
    finish: nothingHeld,
    takesSmall: next.takesSmall,
  };
}
