// Rows with a place each, which come out by place: through files where there are many.

import { makeBatch } from "../../../proto/batch/batch.ts";
import { buildColumnAs } from "../../../proto/batch/build-column.ts";
import type { Column } from "../../../proto/batch/column.ts";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import { chunkRowsMax } from "../../../proto/limits.ts";
import { jsonType } from "../../../proto/plan/types.ts";
import { columnOf } from "../../kernels/columns/concat.ts";
import { byPlace, placeName } from "../../memory/row-places.ts";
import type { OperatorMemory } from "../../memory/task-memory.ts";
import { ExternalSorter } from "../sorting/external-sorter.ts";

export const rowName = "row";

/** Values of any kind, as tagged JSON. */
export function rowColumn(rows: readonly unknown[]): Column {
  return buildColumnAs(rowName, jsonType, rows, "missing");
}

export function placeColumn(places: readonly number[]): Column {
  const values = Float64Array.from(places);
  const base = { name: placeName, length: values.length, nulls: "null" } as const;
  return { ...base, validity: undefined, type: "float64", values };
}

export class PlacedRows {
  private readonly memory: OperatorMemory;
  private readonly sorter: ExternalSorter;
  private rows: unknown[] = [];
  private places: number[] = [];

  constructor(memory: OperatorMemory) {
    this.memory = memory.beside();
    this.sorter = new ExternalSorter({
      keys: [byPlace()],
      rowsMax: Number.POSITIVE_INFINITY,
      memory: this.memory,
    });
  }

  add(row: unknown, place: number): void {
    this.rows.push(row);
    this.places.push(place);
    if (this.rows.length >= chunkRowsMax) this.flush();
  }

  flush(): void {
    if (this.rows.length === 0) return;
    this.sorter.add(makeBatch("record", [rowColumn(this.rows), placeColumn(this.places)]));
    this.rows = [];
    this.places = [];
  }

  /** Writes what is held to files. */
  giveWay(): void {
    this.sorter.giveWay();
  }

  /** Rows of one place in the order in which they were added; nothing is left. */
  *sorted(): Iterable<readonly unknown[]> {
    this.flush();
    for (const batch of this.sorter.sorted()) yield columnValues(columnOf(batch, rowName));
    this.memory.resize(0);
  }
}
