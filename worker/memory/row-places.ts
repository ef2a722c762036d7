// Where a row came among all, as a column: rows that went through files come back into their order by it.

import type { Batch } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import type { SortExpr } from "../../proto/plan/expr.ts";

/** No column of a user has such a name. */
export const placeName = "\u0000place";

export function withPlaces(batch: Batch, first: number, name = placeName): Batch {
  const values = new Float64Array(batch.rows);
  for (let i = 0; i < values.length; i++) values[i] = first + i;
  const base = { name, length: batch.rows, nulls: "null", validity: undefined } as const;
  const places: Column = { ...base, type: "float64", values };
  return { ...batch, columns: [...batch.columns, places] };
}

export function withoutPlaces(batch: Batch): Batch {
  const columns = batch.columns.filter(({ name }) => !name.startsWith(placeName));
  return columns.length === batch.columns.length ? batch : { ...batch, columns };
}

export function byPlace(name = placeName): SortExpr {
  return { expr: { kind: "column", name }, direction: "asc", nulls: "last" };
}
