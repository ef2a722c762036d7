// intersect and except: rows that are (not) in another input, once each or matched one by one.

import type { OperatorMemory } from "../memory/task-memory.ts";
import type { MatchRule } from "./row-sets/match-level.ts";
import { rowKeys } from "./row-sets/row-keys.ts";
import { RowMatcher } from "./row-sets/row-matcher.ts";
import { columnStage, type Stage } from "./stage.ts";

export interface RowMatch extends MatchRule {
  readonly kind: "intersect" | "except";
  /** The other input. */
  readonly stageId: number;
}

export function rowMatchStage(match: RowMatch, memory: OperatorMemory, next: Stage): Stage {
  const { stageId } = match;
  const matcher = new RowMatcher(match, rowKeys(undefined), memory, next);
  return columnStage(next, (batch) => matcher.add(batch), {
    side: { stageId, pushBatch: (batch) => matcher.addOther(batch) },
    finish: () => matcher.finish(),
  });
}
