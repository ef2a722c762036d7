// The columns of the kept side of a join, of which rows are picked for one batch after the other.

import type { Batch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import { gather, gatherOrNull } from "../../kernels/columns/gather.ts";
import { WordPicker } from "../../kernels/columns/word-picker.ts";

/** Of a batch: a kernel then is quicker than a plain loop also where the column lies in a cache, 1.2 ns a row of 1.8. */
const manyRows = 16_384;

export class KeptColumns {
  /** Of those columns that were picked from by a kernel. */
  private readonly pickers = new Map<Column, WordPicker>();

  /** Rows of a column of the side, each of which must be there. */
  pick(column: Column, rows: Int32Array): Column {
    const picker = this.pickerOf(column, rows.length >= manyRows ? 0 : undefined);
    return picker?.pick(rows) ?? gather(column, rows);
  }

  /** As `pick`, with any value for a row of -1, and until the column is asked for again. */
  lend(column: Column, rows: Int32Array): Column {
    if (column.length === 0) return gatherOrNull(column, rows);
    return this.pickerOf(column, 0)?.lend(rows) ?? gatherOrNull(column, rows);
  }

  /** Undefined where plain loops do it. */
  private pickerOf(column: Column, bytesMin?: number): WordPicker | undefined {
    const picker = this.pickers.get(column) ?? WordPicker.open(column, bytesMin);
    if (picker !== undefined) this.pickers.set(column, picker);
    return picker;
  }

  close(): void {
    for (const picker of this.pickers.values()) picker.close();
    this.pickers.clear();
  }
}

/** Rows of all columns, each of which is picked from this once. */
export function inOrder({ shape, columns }: Batch, order: Int32Array): Batch {
  const picked = columns.map((column) => {
    const picker = WordPicker.open(column);
    const ordered = picker?.pick(order) ?? gather(column, order);
    picker?.close();
    return ordered;
  });
  return { shape, rows: order.length, columns: picked };
}
