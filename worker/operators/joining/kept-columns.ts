// The columns of the kept side of a join, of which rows are picked for one batch after the other.

import type { Batch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import { gather, gatherOrNull } from "../../kernels/columns/gather.ts";
import { WordPicker } from "../../kernels/columns/word-picker.ts";

type Pickers = Map<Column, WordPicker | undefined>;

export class KeptColumns {
  /** Of those columns that were picked from; undefined where plain loops do it. */
  private readonly pickers: Pickers = new Map();
  /** Of those that were lent, however small they are. */
  private readonly lenders: Pickers = new Map();

  /** Rows of a column of the side, each of which must be there. */
  pick(column: Column, rows: Int32Array): Column {
    return pickerOf(this.pickers, column)?.pick(rows) ?? gather(column, rows);
  }

  /** As `pick`, with any value for a row of -1, and until the column is asked for again. */
  lend(column: Column, rows: Int32Array): Column {
    if (column.length === 0) return gatherOrNull(column, rows);
    return pickerOf(this.lenders, column, 0)?.lend(rows) ?? gatherOrNull(column, rows);
  }

  close(): void {
    for (const pickers of [this.pickers, this.lenders]) {
      for (const picker of pickers.values()) picker?.close();
      pickers.clear();
    }
  }
}

function pickerOf(pickers: Pickers, column: Column, bytesMin?: number): WordPicker | undefined {
  if (!pickers.has(column)) pickers.set(column, WordPicker.open(column, bytesMin));
  return pickers.get(column);
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
