// The rows of one batch in order, handed out in pieces.

import type { Batch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import type { SortExpr } from "../../../proto/plan/expr.ts";
import { argsortWithKeys } from "../../kernels/columns/argsort.ts";
import { columnOf } from "../../kernels/columns/concat.ts";
import { slice } from "../../kernels/columns/gather.ts";
import { PickedBatches } from "../../kernels/columns/picked-batches.ts";
import { numbersInOrder } from "../../kernels/columns/sort-numbers.ts";
import { sortedColumn } from "../../kernels/columns/sorted-column.ts";
import { orderOf } from "../evaluate.ts";

export interface SortedBatch {
  readonly rows: number;
  piece(start: number, end: number): Batch;
  /** To be called once, after the last piece. */
  close(): void;
}

interface Order {
  /** Undefined where there is no column but the known one. */
  readonly rows: Int32Array | undefined;
  /** The column of the first key, in order. */
  readonly known: Column | undefined;
}

/** The order by one key that is a column of numbers; undefined where that does not say all. */
function orderOfNumbers(batch: Batch, [first, ...others]: readonly SortExpr[]): Order | undefined {
  if (others.length > 0 || first?.expr.kind !== "column") return undefined;
  const { name } = first.expr;
  const wantsRows = batch.columns.some((column) => column.name !== name);
  const sorted = numbersInOrder(columnOf(batch, name), first.direction, wantsRows);
  return sorted && { rows: sorted.rows, known: sorted.column };
}

/** Sorts all rows of batches by the keys; equal rows keep their order. */
export function batchSorter(keys: readonly SortExpr[]): (batches: readonly Batch[]) => SortedBatch {
  const stepsOf = orderOf(keys);
  const [first] = keys;
  const name = first?.expr.kind === "column" ? first.expr.name : undefined;
  const orderBySteps = (batch: Batch): Order => {
    const { rows, keys: sortedKeys } = argsortWithKeys(batch.rows, stepsOf(batch));
    if (name === undefined || sortedKeys === undefined) return { rows, known: undefined };
    return { rows, known: sortedColumn(columnOf(batch, name), first!.direction, sortedKeys) };
  };
  return (batches) => {
    const picked = new PickedBatches(batches);
    const batch = picked.whole;
    const { rows, known } = orderOfNumbers(batch, keys) ?? orderBySteps(batch);
    const pieces = batch.columns.map((column): ((start: number, end: number) => Column) => {
      if (known !== undefined && column.name === name) {
        return (start, end) => slice(known, start, end);
      }
      const pick = picked.gatherer(column);
      return (start, end) => pick(rows!.subarray(start, end));
    });
    return {
      rows: batch.rows,
      piece: (start, end) => ({
        shape: batch.shape,
        rows: end - start,
        columns: pieces.map((pieceOf) => pieceOf(start, end)),
      }),
      close: () => picked.close(),
    };
  };
}
