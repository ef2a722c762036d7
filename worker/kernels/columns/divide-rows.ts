// Rows of a batch by the part that each belongs to, in their order within it.
//
// Picked all at once, into memory that the parts share: one large array costs less than many small ones.

import type { Batch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import { gather, slice } from "./gather.ts";
import { groupRows } from "./group-index.ts";

/** The rows from a place to another of those that are divided. */
type PartOf = (start: number, end: number) => Column;

function partOf(column: Column, rows: Int32Array): PartOf {
  // A slice of lists would be written with the items of all parts.
  if (column.type === "list" || column.type === "struct") {
    return (start, end) => gather(column, rows.subarray(start, end));
  }
  const ordered = gather(column, rows);
  return (start, end) => slice(ordered, start, end);
}

/** Hands out the rows of each part that has some, in order; parts share memory. */
export function* divideRows(
  batch: Batch,
  parts: Int32Array,
  partCount: number,
): Iterable<readonly [part: number, rows: Batch]> {
  const { starts, rows } = groupRows(parts, partCount);
  const columns = batch.columns.map((column) => partOf(column, rows));
  for (let part = 0; part < partCount; part++) {
    const [start, end] = [starts[part]!, starts[part + 1]!];
    if (end === start) continue;
    const own = columns.map((column) => column(start, end));
    yield [part, { shape: batch.shape, rows: end - start, columns: own }];
  }
}
