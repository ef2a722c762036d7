// Decides the partition of the rows of a batch: by hash of expressions, evenly, or by ranges of keys.

import type { Batch } from "../../proto/batch/batch.ts";
import { assert } from "../../proto/errors.ts";
import type { SortExpr } from "../../proto/plan/expr.ts";
import type { PartitionerProgram } from "../../proto/plan/program.ts";
import { compareBySteps } from "../kernels/columns/argsort.ts";
import { concat, concatBatches } from "../kernels/columns/concat.ts";
import { hashKeys } from "../kernels/columns/hash-keys.ts";
import { type SortStep, sortSteps } from "../kernels/columns/sort-words.ts";
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
  const stepsOf = (batch: Batch): readonly SortStep[] =>
    keys.flatMap(({ direction, nulls }, key) => {
      // Bounds and rows in one column, so that they are of one type.
      const both = concat(`key ${key + 1} of the sort`, [
        boundKeys![key]!,
        evaluators[key]!(batch),
      ]);
      return sortSteps(both, direction, nulls);
    });
  return (batch) => {
    const out = new Int32Array(batch.rows);
    if (boundKeys === undefined) return out;
    const steps = stepsOf(batch);
    for (let i = 0; i < out.length; i++) {
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
}
