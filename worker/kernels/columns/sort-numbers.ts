// Sorts by one column of numbers of 64 bits: the numbers go into the sort as they lie in memory, and come out in order.

import type { Column } from "../../../proto/batch/column.ts";
import { radixRowsMax, sortNumbers } from "./radix-sort.ts";

/** Fewer are sorted by comparing them. */
const rowsMin = 256;

export interface NumbersInOrder {
  readonly column: Column;
  /** The row of each number; undefined where no other column is to be picked by them. */
  readonly rows: Int32Array | undefined;
}

/** Undefined for other columns, where some are null, and for doubles with minus zero or NaN among them. */
export function numbersInOrder(
  column: Column,
  direction: "asc" | "desc",
  wantsRows: boolean,
): NumbersInOrder | undefined {
  const { length, validity } = column;
  if (validity !== undefined || length < rowsMin || length > radixRowsMax) return undefined;
  const descending = direction === "desc";
  switch (column.type) {
    case "float64": {
      const { buffer, byteOffset } = column.values;
      const bits = new BigInt64Array(buffer, byteOffset, length);
      const sorted = sortNumbers(bits, true, descending, wantsRows);
      if (sorted === undefined) return undefined;
      return {
        column: { ...column, values: new Float64Array(sorted.values.buffer) },
        rows: sorted.rows,
      };
    }
    case "int53":
    case "int64":
    case "timestamp": {
      const bits = column.values.subarray(0, length);
      const sorted = sortNumbers(bits, false, descending, wantsRows);
      return sorted && { column: { ...column, values: sorted.values }, rows: sorted.rows };
    }
    default:
      return undefined;
  }
}
