// Columns of fixed width whose rows a kernel wrote.

import { type Column, decimalWords } from "../../../proto/batch/column.ts";

/** A column as another, of rows that lie at the beginning of a buffer of their own. */
export function withRows(column: Column, buffer: ArrayBuffer, length: number): Column {
  switch (column.type) {
    case "int32":
    case "date":
      return { ...column, length, values: new Int32Array(buffer, 0, length) };
    case "dictionary":
      return { ...column, length, codes: new Int32Array(buffer, 0, length) };
    case "float64":
      return { ...column, length, values: new Float64Array(buffer, 0, length) };
    case "decimal": {
      const words = length * decimalWords(column.precision);
      return { ...column, length, values: new BigInt64Array(buffer, 0, words) };
    }
    default:
      return { ...column, length, values: new BigInt64Array(buffer, 0, length) } as Column;
  }
}
