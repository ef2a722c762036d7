// Decides the partition of the rows of a batch: by hash of expressions, evenly, or by ranges of keys.

import type { Batch } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import { assert } from "../../proto/errors.ts";
import type { SortExpr } from "../../proto/plan/expr.ts";
import type { PartitionerProgram } from "../../proto/plan/program.ts";
import { compareBySteps } from "../kernels/columns/argsort.ts";
import { concat, concatBatches } from "../kernels/columns/concat.ts";
import { gather } from "../kernels/columns/gather.ts";
import { hashKeys } from "../kernels/columns/hash-keys.ts";
import { type FoundRanges, numberRanges, wordRanges } from "../kernels/columns/number-ranges.ts";
import {
  type FirstWords,
  firstWords,
  type SortStep,
  sortSteps,
} from "../kernels/columns/sort-words.ts";
import { hashWholeRows } from "../kernels/columns/whole-rows.ts";
import { partitionsOf } from "../kernels/stable-hash.ts";
import { evaluator } from "../operators/evaluate.ts";
import type { BatchPartitioner } from "./batch-divider.ts";

type HashColumns = Extract<PartitionerProgram, { readonly kind: "hashColumns" }>;

/** Rows with equal keys meet, whatever the types of their columns; null is a key like others. */
export function hashBatches({ keys, partitions }: HashColumns): BatchPartitioner {
  const evaluators = keys === "all" ? undefined : keys.map(evaluator);
  return (batch) => {
    if (partitions === 1) return new Int32Array(batch.rows);
    const hashes =
      evaluators === undefined
        ? hashWholeRows(batch)
        : hashKeys(
            evaluators.map((evaluate) => evaluate(batch)),
            batch.rows,
          );
    return partitionsOf(hashes, partitions);
  };
}

/** One after the other, beginning with the partition of the task's index. */
export function evenBatches(partitions: number, task: number): BatchPartitioner {
  let next = task % partitions;
  return (batch) => {
    const out = new Int32Array(batch.rows);
    for (let i = 0; i < out.length; i++) {
      out[i] = next;
      next = next + 1 === partitions ? 0 : next + 1;
    }
    return out;
  };
}

/** Ranges by the first 64 bits of the first key, which is all that most rows need; `open`: those that need more. */
function byFirstWords(bounds: FirstWords, rows: FirstWords, isOnlyKey: boolean): FoundRanges {
  const isClear = isOnlyKey && rows.areAll;
  const found = wordRanges(rows, bounds);
  if (found !== undefined) return isClear ? { ...found, open: new Int32Array(0) } : found;
  const count = rows.high.length;
  const boundCount = bounds.high.length;
  const ranges = new Int32Array(count);
  const open = new Int32Array(count);
  let openCount = 0;
  for (let i = 0; i < count; i++) {
    const high = rows.high[i]!;
    const low = rows.low[i]!;
    let first = 0;
    let end = boundCount;
    while (first < end) {
      const middle = (first + end) >> 1;
      const other = bounds.high[middle]!;
      if (other < high || (other === high && bounds.low[middle]! < low)) first = middle + 1;
      else end = middle;
    }
    ranges[i] = first;
    if (isClear || first === boundCount) continue;
    if (bounds.high[first] === high && bounds.low[first] === low) open[openCount++] = i;
  }
  return { ranges, open: open.subarray(0, openCount) };
}

/** A row goes to the range after all bounds that come before it. */
export function rangeBatches(
  keys: readonly SortExpr[],
  boundBatches: readonly Batch[],
  partitions: number,
): BatchPartitioner {
  const evaluators = keys.map(({ expr }) => evaluator(expr));
  const bounds = boundBatches.length === 0 ? undefined : concatBatches(boundBatches);
  const boundCount = bounds?.rows ?? 0;
  assert(boundCount < partitions, `${boundCount} bounds for ${partitions} ranges`);
  const boundKeys = bounds && evaluators.map((evaluate) => evaluate(bounds));
  const [firstKey] = keys;
  const [firstBounds] = boundKeys ?? [];
  const boundWords = firstBounds && firstWords(firstBounds, firstKey!.direction);
  /** By all keys: bounds and rows in one column, so that they are of one type. */
  const compared = (rowKeys: readonly Column[], rows: number): Int32Array => {
    const steps: readonly SortStep[] = keys.flatMap(({ direction, nulls }, key) => {
      const both = concat(`key ${key + 1} of the sort`, [boundKeys![key]!, rowKeys[key]!]);
      return sortSteps(both, direction, nulls);
    });
    const out = new Int32Array(rows);
    for (let i = 0; i < rows; i++) {
      let low = 0;
      let high = boundCount;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (compareBySteps(steps, middle, boundCount + i) < 0) low = middle + 1;
        else high = middle;
      }
      out[i] = low;
    }
    return out;
  };
  const byFirstKey = (column: Column): FoundRanges | undefined => {
    const { direction } = firstKey!;
    const isOnlyKey = keys.length === 1;
    const byNumbers = numberRanges(column, firstBounds!, direction);
    if (byNumbers !== undefined) {
      return isOnlyKey ? { ...byNumbers, open: new Int32Array(0) } : byNumbers;
    }
    const isAlike = boundWords !== undefined && column.type === firstBounds!.type;
    const rowWords = isAlike ? firstWords(column, direction) : undefined;
    return rowWords && byFirstWords(boundWords!, rowWords, isOnlyKey);
  };
  return (batch) => {
    if (firstBounds === undefined) return new Int32Array(batch.rows);
    const rowKeys = evaluators.map((evaluate) => evaluate(batch));
    const found = byFirstKey(rowKeys[0]!);
    if (found === undefined) return compared(rowKeys, batch.rows);
    const { ranges, open } = found;
    if (open.length === 0) return ranges;
    const openKeys = rowKeys.map((column) => gather(column, open));
    const openRanges = compared(openKeys, open.length);
    for (let i = 0; i < open.length; i++) ranges[open[i]!] = openRanges[i]!;
    return ranges;
  };
}
