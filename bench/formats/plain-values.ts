// Values of columns as DuckDB's JSON says them: what two readers of a file are compared by.

import type { Batch } from "../../proto/batch/batch.ts";
import { type Column, isValid } from "../../proto/batch/column.ts";
import { columnValues } from "../../proto/batch/decode-column.ts";
import type { DataType, Schema } from "../../proto/plan/types.ts";

function plain(value: unknown, type: DataType): unknown {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case "int64":
      return String(value);
    case "binary":
      return Buffer.from(value as Uint8Array)
        .toString("hex")
        .toUpperCase();
    case "list":
      return (value as unknown[]).map((item) => plain(item, type.item.type));
    case "struct":
      return Object.fromEntries(
        type.fields.map((field) => [
          field.name,
          plain((value as Record<string, unknown>)[field.name], field.type),
        ]),
      );
    default:
      return value;
  }
}

/** Days and microseconds as they are stored: a Date could not hold them all. */
function plainColumn(column: Column, type: DataType): unknown[] {
  if (column.type === "date" || column.type === "timestamp") {
    const text = column.type === "timestamp" ? String : (value: number | bigint) => value;
    return Array.from({ length: column.length }, (_, index) =>
      isValid(column, index) ? text(column.values[index]!) : null,
    );
  }
  return columnValues(column).map((value) => plain(value, type));
}

export function plainBatchRows(batches: readonly Batch[], schema: Schema): unknown[] {
  return batches.flatMap((batch) => {
    const columns = schema.fields.map(({ type }, index) =>
      plainColumn(batch.columns[index]!, type),
    );
    return Array.from({ length: batch.rows }, (_, row) =>
      Object.fromEntries(schema.fields.map(({ name }, index) => [name, columns[index]![row]])),
    );
  });
}
