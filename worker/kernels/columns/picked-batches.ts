// Batches end to end, to be picked from in any order: long texts go into the memory of a kernel at once, as one copy.

import type { Batch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import { TextPicker } from "../texts/gather-texts.ts";
import { concatBatches } from "./concat.ts";
import { gather, gatherer, isPlainText, keptBytesMin, pickColumn } from "./gather.ts";

export class PickedBatches {
  /** All rows in order. Its long texts may be read until the first of them are picked. */
  readonly whole: Batch;
  private readonly pickers = new Map<Uint8Array, TextPicker>();

  constructor(batches: readonly Batch[]) {
    this.whole = concatBatches(batches, (rows, bytes) => {
      const picker = bytes < keptBytesMin ? undefined : TextPicker.reserve(rows, bytes);
      const texts = picker?.texts();
      if (picker !== undefined && texts !== undefined) this.pickers.set(texts.values, picker);
      return texts;
    });
  }

  /** As `gather`, for a column of `whole`. */
  gatherer(column: Column): (rows: Int32Array) => Column {
    if (!isPlainText(column)) return gatherer(column);
    const picker = this.pickers.get(column.values);
    if (picker === undefined) return gatherer(column);
    return (rows) =>
      pickColumn(picker, column, rows) ?? gather({ ...column, ...picker.texts() }, rows);
  }

  /** Texts of rows of `whole` with a line feed behind each, where they lie in a kernel and none is null. */
  linesOf(column: Column): ((rows: Int32Array) => Uint8Array | undefined) | undefined {
    if (column.type !== "utf8" || column.validity !== undefined) return undefined;
    const picker = this.pickers.get(column.values);
    return picker && ((rows) => picker.pickLines(rows));
  }

  /** Gives back the kernels. To be called once, after which nothing may be read or picked. */
  close(): void {
    for (const picker of this.pickers.values()) picker.close();
    this.pickers.clear();
  }
}
