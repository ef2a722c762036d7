// rankLimit: drops rows that are not among the first of their partition of a window. What is left is still to be
// numbered: a row is only dropped once enough rows before it have come.
//
// As Spark's WindowGroupLimit, but without a sort: the least keys of each partition are kept as numbers.

import type { Batch } from "../../proto/batch/batch.ts";
import { rankLimitBytesMax, rankLimitGivesUp, rankLimitRowsHeld } from "../../proto/limits.ts";
import type { OperatorMemory } from "../memory/task-memory.ts";
import { columnStage, type Stage, wanting } from "./stage.ts";
import { wantedBy } from "./wanted-columns.ts";
import { FirstRows, type RankLimitProgram } from "./windows/first-rows.ts";

/** When the step changes its ways; tests do so sooner. */
export interface RankLimitTuning {
  readonly rowsHeld: number;
  readonly bytesMax: number;
  readonly givesUp: { readonly rows: number; readonly share: number };
}

const usualTuning: RankLimitTuning = {
  rowsHeld: rankLimitRowsHeld,
  bytesMax: rankLimitBytesMax,
  givesUp: rankLimitGivesUp,
};

export function rankLimitStage(
  program: RankLimitProgram,
  memory: OperatorMemory,
  next: Stage,
  { rowsHeld, bytesMax, givesUp }: RankLimitTuning = usualTuning,
): Stage {
  const first = new FirstRows(program, next.wants);
  const ownBytesMax = Math.min(bytesMax, memory.ownBytes);
  let rowsSeen = 0;
  let rowsAfterPicking = 0;
  let passesRows = false;
  function* drain(): Iterable<void> {
    for (const batch of first.take()) {
      if (!next.wantsMore()) break;
      next.pushBatch(batch);
      yield;
    }
    rowsSeen = 0;
    rowsAfterPicking = 0;
    memory.resize(0);
  }
  const pick = (): void => {
    first.pick();
    rowsAfterPicking = first.rows;
  };
  /** Whether nearly all rows are among the first. */
  const hardlyDrops = (): boolean => {
    const isMuch = () => first.rows > rowsSeen * givesUp.share;
    if (rowsSeen < givesUp.rows || !isMuch()) return false;
    pick();
    return isMuch();
  };
  // Bounds of its own come first: how far a budget reaches depends on other tasks, and the rows must not.
  const fits = (most: number): boolean => first.bytes <= most && memory.resize(first.bytes);
  const isFull = (): boolean => {
    if (fits(ownBytesMax)) return false;
    pick();
    return !fits(ownBytesMax / 2);
  };
  const add = (batch: Batch): void => {
    if (passesRows) return next.pushBatch(batch);
    const isAdded = first.add(batch);
    rowsSeen += batch.rows;
    if (first.rows > 2 * rowsAfterPicking + rowsHeld) pick();
    passesRows = !isAdded || hardlyDrops();
    if (passesRows || isFull()) for (const _ of drain());
    if (!isAdded) next.pushBatch(batch);
  };
  const { partitionBy, orderBy } = program;
  const exprs = [...partitionBy, ...orderBy.map(({ expr }) => expr)];
  return columnStage(next, add, {
    ...wanting(next.wants && wantedBy(exprs, next.wants)),
    finish: drain,
  });
}
