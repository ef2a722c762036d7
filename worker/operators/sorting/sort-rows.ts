// The rows of one batch in order, handed out in pieces.

import type { Batch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import type { SortExpr } from "../../../proto/plan/expr.ts";
import { argsortWithKeys } from "../../kernels/columns/argsort.ts";
import { columnOf } from "../../kernels/columns/concat.ts";
import { gather, slice } from "../../kernels/columns/gather.ts";
import { sortedColumn } from "../../kernels/columns/sorted-column.ts";
import { orderOf } from "../evaluate.ts";

export interface SortedBatch {
  readonly rows: number;
  piece(start: number, end: number): Batch;
}

/** Sorts batches by the keys; equal rows keep their order. */
export function batchSorter(keys: readonly SortExpr[]): (batch: Batch) => SortedBatch {
  const stepsOf = orderOf(keys);
  const [first] = keys;
  const name = first?.expr.kind === "column" ? first.expr.name : undefined;
  return (batch) => {
    const sorted = argsortWithKeys(batch.rows, stepsOf(batch));
    let known: Column | undefined;
    if (name !== undefined && sorted.keys !== undefined) {
      known = sortedColumn(columnOf(batch, name), first!.direction, sorted.keys);
    }
    const inOrder = (column: Column, start: number, end: number): Column =>
      known !== undefined && column.name === name
        ? slice(known, start, end)
        : gather(column, sorted.rows.subarray(start, end));
    return {
      rows: batch.rows,
      piece: (start, end) => ({
        shape: batch.shape,
        rows: end - start,
        columns: batch.columns.map((column) => inOrder(column, start, end)),
      }),
    };
  };
}
