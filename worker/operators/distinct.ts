// distinct: the first row of those with equal columns.

import type { Batch } from "../../proto/batch/batch.ts";
import { partialEntriesMax, partialGroupsBytesMax, partialSharesMax } from "../../proto/limits.ts";
import { gatherBatch } from "../kernels/columns/gather.ts";
import { firstRows } from "../kernels/columns/group-index.ts";
import type { OperatorMemory } from "../memory/task-memory.ts";
import { type RowKeys, rowKeys } from "./row-sets/row-keys.ts";
import { RowMatcher } from "./row-sets/row-matcher.ts";
import { columnStage, type Stage } from "./stage.ts";

export interface DistinctProgram {
  /** By all columns where it is not set. */
  readonly on?: readonly string[];
  /** Set where another step follows that sees all rows: then some that come again may be handed on. */
  readonly isPartial?: boolean;
}

/** Begins anew when it knows too many rows, and hands on all where it hardly leaves any out. */
function partialStage(
  keys: RowKeys,
  memory: OperatorMemory,
  sharesMax: typeof partialSharesMax,
  next: Stage,
): Stage {
  const index = keys.index();
  const bytesMax = Math.min(partialGroupsBytesMax, memory.ownBytes);
  let rows = 0;
  let passesRows = false;
  const forget = (): void => {
    index.close();
    rows = 0;
    memory.resize(0);
  };
  const push = (batch: Batch): void => {
    if (passesRows) return next.pushBatch(batch);
    const before = index.size;
    const first = firstRows(index.add(batch), before, index.size);
    rows += batch.rows;
    if (first.length === batch.rows) next.pushBatch(batch);
    else if (first.length > 0) next.pushBatch(gatherBatch(batch, first));
    const bound = sharesMax.findLast((each) => rows >= each.rows);
    passesRows = bound !== undefined && index.size > rows * bound.share;
    const isMuch = index.size > partialEntriesMax || index.bytes > bytesMax;
    // Bounds of its own come first: how far a budget reaches depends on other tasks, and the rows must not.
    if (passesRows || isMuch || !memory.resize(index.bytes)) forget();
  };
  return columnStage(next, push, {
    finish: () => {
      forget();
      return [];
    },
  });
}

/** As soon as a row comes, while those that came before fit into memory. */
export function distinctStage(
  { on, isPartial = false }: DistinctProgram,
  memory: OperatorMemory,
  next: Stage,
  sharesMax = partialSharesMax,
): Stage {
  const keys = rowKeys(on);
  if (isPartial) return partialStage(keys, memory, sharesMax, next);
  const rule = { kind: "distinct", all: false } as const;
  const matcher = new RowMatcher(rule, keys, memory, next);
  return columnStage(next, (batch) => matcher.add(batch), { finish: () => matcher.finish() });
}
