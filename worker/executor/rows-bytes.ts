// How many bytes rows of functions take about, looked at for `explain` with `analyze` only.

import { analyzedRowsSampled } from "../../proto/limits.ts";

/** Deeper values count as nothing: they may refer to themselves. */
const levelsMax = 8;

function valueBytes(value: unknown, level: number): number {
  switch (typeof value) {
    case "string":
      return value.length;
    case "number":
    case "bigint":
      return 8;
    case "boolean":
      return 1;
    case "object":
      break;
    default:
      return 0;
  }
  if (value === null || level === levelsMax) return 0;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (value instanceof Date) return 8;
  let bytes = 0;
  for (const part of Object.values(value)) bytes += valueBytes(part, level + 1);
  return bytes;
}

/** As columns would hold their values: names of fields count nothing. By the first rows, where there are more. */
export function rowsBytes(rows: readonly unknown[]): number {
  const sampled = Math.min(rows.length, analyzedRowsSampled);
  let bytes = 0;
  for (let i = 0; i < sampled; i++) bytes += valueBytes(rows[i], 0);
  return sampled === 0 ? 0 : (bytes * rows.length) / sampled;
}
