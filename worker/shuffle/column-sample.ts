// A sample of the rows of a task, as columns: those that the keys of a sort need.

import { type Batch, makeBatch } from "../../proto/batch/batch.ts";
import { columnsOf, type SortExpr } from "../../proto/plan/expr.ts";
import { columnOf } from "../kernels/columns/concat.ts";
import { gatherBatch, rowsFrom } from "../kernels/columns/gather.ts";

interface Sampled {
  readonly batch: Batch;
  /** Number of the first row in units of the stride. */
  readonly first: number;
}

/** Every n-th row, n doubling as rows come: from `samplesMax` to twice as many, the same on every attempt. */
export class ColumnSample {
  private readonly names: readonly string[];
  private readonly samplesMax: number;
  private samples: Sampled[] = [];
  private count = 0;
  private stride = 1;
  private seen = 0;

  constructor(keys: readonly SortExpr[], samplesMax: number) {
    this.names = [...new Set(keys.flatMap(({ expr }) => [...columnsOf(expr)]))];
    this.samplesMax = samplesMax;
  }

  private keysOf(batch: Batch): Batch {
    // Keys of constants alone need no column, but a batch without one has no rows.
    const { names } = this;
    if (names.length === 0) return { ...batch, columns: batch.columns.slice(0, 1) };
    return makeBatch(
      "record",
      names.map((name) => columnOf(batch, name)),
    );
  }

  add(batch: Batch): void {
    const keys = this.keysOf(batch);
    // A piece at a time, so that no more than twice the wanted rows are ever held.
    for (let start = 0; start < batch.rows; ) {
      const offset = (this.stride - (this.seen % this.stride)) % this.stride;
      const room = (2 * this.samplesMax - this.count) * this.stride;
      const end = Math.min(batch.rows, start + room);
      const count = Math.max(0, Math.ceil((end - start - offset) / this.stride));
      if (count > 0) {
        const rows = rowsFrom(0, count).map((at) => start + offset + at * this.stride);
        const first = (this.seen + offset) / this.stride;
        this.samples.push({ batch: gatherBatch(keys, rows), first });
        this.count += count;
      }
      this.seen += end - start;
      start = end;
      if (this.count >= 2 * this.samplesMax) this.thin();
    }
  }

  private thin(): void {
    this.stride *= 2;
    this.count = 0;
    this.samples = this.samples.flatMap(({ batch, first }) => {
      const skip = first % 2;
      const count = Math.max(0, Math.ceil((batch.rows - skip) / 2));
      this.count += count;
      const rows = rowsFrom(0, count).map((at) => skip + 2 * at);
      return count === 0 ? [] : [{ batch: gatherBatch(batch, rows), first: (first + skip) / 2 }];
    });
  }

  take(): readonly Batch[] {
    return this.samples.map(({ batch }) => batch);
  }
}
