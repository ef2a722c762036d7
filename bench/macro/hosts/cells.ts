// Values of rows as cells that all contenders can be compared by.

import type { Cell, Rows } from "../protocol/workload.ts";

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return String(value);
  if (value instanceof Date) return value.toISOString().replace(/T00:00:00\.000Z$/, "");
  return JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? String(inner) : inner));
}

/** Of what a job returned: rows as objects, one row, or one value. */
export function rowsOf(result: unknown): Rows {
  if (result === undefined || result === null) return [];
  const rows = Array.isArray(result) ? result : [result];
  return rows.map((row: unknown) => {
    if (Array.isArray(row)) return row.map(cellOf);
    const isRecord = typeof row === "object" && row !== null && !(row instanceof Date);
    return isRecord ? Object.values(row).map(cellOf) : [cellOf(row)];
  });
}
