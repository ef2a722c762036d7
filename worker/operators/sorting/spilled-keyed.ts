// Rows with keys that a function answered, more than fit into memory: sorted by the bytes of their keys, ties by those of
// the rows, so that they spill as columns do.

import { type Batch, batchRows, makeBatch } from "../../../proto/batch/batch.ts";
import { buildColumnAs } from "../../../proto/batch/build-column.ts";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import { batchRowsMax, chunkRowsMax } from "../../../proto/limits.ts";
import type { SortKey } from "../../../proto/plan/logical.ts";
import { jsonType } from "../../../proto/plan/types.ts";
import { columnOf } from "../../kernels/columns/concat.ts";
import { recutBatches } from "../../kernels/columns/recut.ts";
import type { OperatorMemory } from "../../memory/task-memory.ts";
import { ExternalSorter } from "./external-sorter.ts";
import { KeyBytes } from "./key-bytes.ts";

// No column of a user has such a name.
const keyName = "\u0000key";
const rowName = "\u0000row";
const valueName = "\u0000value";

export class SpilledKeyed {
  private readonly key: SortKey;
  private readonly rowsMax: number;
  private readonly memory: OperatorMemory;
  private readonly keyBytes = new KeyBytes();
  private readonly rowBytes = new KeyBytes();
  private sorter: ExternalSorter;
  private areColumns: boolean;

  /** `areColumns`: whether rows come with their columns, all alike. */
  constructor(key: SortKey, rowsMax: number, memory: OperatorMemory, areColumns: boolean) {
    this.key = key;
    this.rowsMax = rowsMax;
    this.memory = memory;
    this.areColumns = areColumns;
    this.sorter = this.newSorter();
  }

  private newSorter(): ExternalSorter {
    const { direction } = this.key;
    const { rowsMax } = this;
    // Their own reservation: what was held before has another.
    const memory = this.memory.beside();
    const keys = [
      { expr: { kind: "column", name: keyName }, direction, nulls: "first" },
      { expr: { kind: "column", name: rowName }, direction: "asc", nulls: "first" },
    ] as const;
    return new ExternalSorter({ keys, rowsMax, memory });
  }

  /** `batch`: the columns of the rows; once some come without, all are rows. */
  add(rows: readonly unknown[], keys: readonly unknown[], batch: Batch | undefined): void {
    if (batch === undefined && this.areColumns) this.forgetColumns();
    if (this.areColumns) return this.addBatch(rows, keys, batch!);
    for (let start = 0; start < rows.length; start += chunkRowsMax) {
      const some = rows.slice(start, start + chunkRowsMax);
      const values = buildColumnAs(valueName, jsonType, some, "missing");
      this.addBatch(some, keys.slice(start, start + chunkRowsMax), makeBatch("record", [values]));
    }
  }

  private addBatch(rows: readonly unknown[], keys: readonly unknown[], batch: Batch): void {
    for (let i = 0; i < rows.length; i++) {
      this.keyBytes.add(keys[i]);
      this.rowBytes.add(rows[i]);
    }
    const columns = [this.keyBytes.take(keyName), this.rowBytes.take(rowName)];
    this.sorter.add({ ...batch, columns: [...batch.columns, ...columns] });
    if (this.sorter.rowsHeld > 4 * this.rowsMax + chunkRowsMax) this.sorter.compact();
  }

  /** Sorts what came so far again, as rows. */
  private forgetColumns(): void {
    const before = this.sorter;
    this.sorter = this.newSorter();
    this.areColumns = false;
    for (const batch of before.sorted()) {
      const values = buildColumnAs(valueName, jsonType, batchRows(ownColumns(batch)), "missing");
      const keys = [columnOf(batch, keyName), columnOf(batch, rowName)];
      this.sorter.add(makeBatch("record", [values, ...keys]));
    }
  }

  /** The first rows in order, as columns where these came, else as an array. */
  *sorted(): Iterable<{ readonly batch: Batch } | { readonly rows: readonly unknown[] }> {
    // As long as those of rows that fit.
    const rows = this.areColumns ? batchRowsMax : chunkRowsMax;
    for (const batch of recutBatches(this.sorter.sorted(), rows)) {
      if (this.areColumns) yield { batch: ownColumns(batch) };
      else yield { rows: columnValues(columnOf(batch, valueName)) };
    }
  }
}

function ownColumns(batch: Batch): Batch {
  const columns = batch.columns.filter(({ name }) => name !== keyName && name !== rowName);
  return { ...batch, columns };
}
