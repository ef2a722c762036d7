// The columns of the kept side of a join, of which rows are picked for one batch after the other.

import type { Batch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import { gather } from "../../kernels/columns/gather.ts";
import { WordPicker } from "../../kernels/columns/word-picker.ts";

export class KeptColumns {
  /** Of those columns that were picked from; undefined where plain loops do it. */
  private readonly pickers = new Map<Column, WordPicker | undefined>();

  /** Rows of a column of the side, each of which must be there. */
  pick(column: Column, rows: Int32Array): Column {
    return this.pickerOf(column)?.pick(rows) ?? gather(column, rows);
  }

  private pickerOf(column: Column): WordPicker | undefined {
    if (!this.pickers.has(column)) this.pickers.set(column, WordPicker.open(column));
    return this.pickers.get(column);
  }

  close(): void {
    for (const picker of this.pickers.values()) picker?.close();
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
