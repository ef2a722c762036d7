// The rows of one batch in order, handed out in pieces.

import type { Batch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import type { SortExpr } from "../../../proto/plan/expr.ts";
import { argsortWithKeys } from "../../kernels/columns/argsort.ts";
import { batchSignature } from "../../kernels/columns/batch-signature.ts";
import { columnOf } from "../../kernels/columns/concat.ts";
import { slice } from "../../kernels/columns/gather.ts";
import { PickedBatches } from "../../kernels/columns/picked-batches.ts";
import { numbersInOrder } from "../../kernels/columns/sort-numbers.ts";
import { sortedColumn } from "../../kernels/columns/sorted-column.ts";
import { orderOf } from "../evaluate.ts";

export interface SortedBatch {
  readonly rows: number;
  piece(start: number, end: number): Batch;
  /**
   * Of rows that are texts alone, none of them null: a line of each, to be used until the next piece is asked for.
   * Undefined where they are to be had as columns only.
   */
  lines?(start: number, end: number): Uint8Array | undefined;
  /** To be called once, after the last piece. */
  close(): void;
}

interface Order {
  readonly rows: Int32Array;
  /** The column of the first key, in order. */
  readonly known: Column | undefined;
}

/** By one key that is a column of numbers, of batches with the same columns; undefined where that does not say all. */
function sortedByNumbers(
  batches: readonly Batch[],
  [first, ...others]: readonly SortExpr[],
): SortedBatch | undefined {
  if (others.length > 0 || first?.expr.kind !== "column") return undefined;
  const { name } = first.expr;
  const { shape, columns } = batches[0]!;
  const signature = batchSignature(batches[0]!);
  if (batches.some((batch) => batchSignature(batch) !== signature)) return undefined;
  const wantsRows = columns.some((column) => column.name !== name);
  const parts = batches.map((batch) => columnOf(batch, name));
  const numbers = numbersInOrder(parts, first.direction, wantsRows);
  if (numbers === undefined) return undefined;
  const picked = new PickedBatches(
    batches.map((batch) => ({
      ...batch,
      columns: batch.columns.filter((column) => column.name !== name),
    })),
  );
  const picks = picked.whole.columns.map((column) => picked.gatherer(column));
  const place = columns.findIndex((column) => column.name === name);
  return {
    rows: picked.whole.rows,
    piece: (start, end) => {
      const rows = wantsRows ? numbers.rows(start, end) : new Int32Array(0);
      const others = picks.map((pick) => pick(rows));
      return {
        shape,
        rows: end - start,
        columns: others.toSpliced(place, 0, numbers.column(start, end)),
      };
    },
    close: () => {
      numbers.close();
      picked.close();
    },
  };
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
  const sortedBySteps = (batches: readonly Batch[]): SortedBatch => {
    const picked = new PickedBatches(batches);
    const batch = picked.whole;
    const { rows, known } = orderBySteps(batch);
    const pieces = batch.columns.map((column): ((start: number, end: number) => Column) => {
      if (known !== undefined && column.name === name) {
        return (start, end) => slice(known, start, end);
      }
      const pick = picked.gatherer(column);
      return (start, end) => pick(rows.subarray(start, end));
    });
    const lines = batch.shape === "scalar" ? picked.linesOf(batch.columns[0]!) : undefined;
    return {
      rows: batch.rows,
      ...(lines === undefined ? {} : { lines: (start, end) => lines(rows.subarray(start, end)) }),
      piece: (start, end) => ({
        shape: batch.shape,
        rows: end - start,
        columns: pieces.map((pieceOf) => pieceOf(start, end)),
      }),
      close: () => picked.close(),
    };
  };
  return (batches) => sortedByNumbers(batches, keys) ?? sortedBySteps(batches);
}
