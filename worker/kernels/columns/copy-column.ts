// All rows of a column in memory of its own: what `gather` makes of them, by copies of whole arrays.

import type { Column, TextColumn } from "../../../proto/batch/column.ts";
import { bitBytes } from "./bits.ts";
import { allRows, gather } from "./gather.ts";

/** A `slice` of a Buffer would share its memory. */
function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}

function copyText(column: TextColumn): TextColumn {
  const { offsets, values, length } = column;
  const first = offsets[0]!;
  const own = offsets.slice(0, length + 1);
  if (first !== 0) for (let i = 0; i <= length; i++) own[i] = own[i]! - first;
  return { ...column, offsets: own, values: copyBytes(values, first, offsets[length]!) };
}

/** A dictionary stays that of the column. */
export function copyColumn(column: Column): Column {
  const { length } = column;
  const validity = column.validity && copyBytes(column.validity, 0, bitBytes(length));
  switch (column.type) {
    case "int32":
    case "date":
      return { ...column, validity, values: column.values.slice(0, length) };
    case "float64":
      return { ...column, validity, values: column.values.slice(0, length) };
    case "int53":
    case "int64":
    case "timestamp":
      return { ...column, validity, values: column.values.slice(0, length) };
    case "dictionary":
      return { ...column, validity, codes: column.codes.slice(0, length) };
    case "utf8":
    case "json":
    case "binary":
      return { ...copyText(column), validity };
    default:
      return gather(column, allRows(length));
  }
}
