// Sorts by one column of numbers of 64 bits: the numbers go into the sort as they lie in memory, and come out in order.

import type { Column } from "../../../proto/batch/column.ts";
import { radixRowsMax } from "./radix-sort.ts";
import { SortedNumbers } from "./sorted-numbers.ts";

/** Fewer are sorted by comparing them. */
const rowsMin = 256;

export interface NumbersInOrder {
  /** The column from a place in the order to another. */
  column(start: number, end: number): Column;
  /** The rows of these numbers, where other columns are to be picked by them. */
  rows(start: number, end: number): Int32Array;
  /** To be called once, in the end. */
  close(): void;
}

/** The bits of a column of such numbers without nulls; undefined of others. */
export function bitsOf(column: Column): BigInt64Array | undefined {
  if (column.validity !== undefined) return undefined;
  switch (column.type) {
    case "float64":
      return new BigInt64Array(column.values.buffer, column.values.byteOffset, column.length);
    case "int53":
    case "int64":
    case "timestamp":
      return column.values.subarray(0, column.length);
    default:
      return undefined;
  }
}

/**
 * The numbers of parts of one column, which are of one type. Undefined for other types, where some are null, and for
 * doubles with minus zero or NaN among them.
 */
export function numbersInOrder(
  parts: readonly Column[],
  direction: "asc" | "desc",
  wantsRows: boolean,
): NumbersInOrder | undefined {
  const pieces: BigInt64Array[] = [];
  let length = 0;
  for (const part of parts) {
    const bits = bitsOf(part);
    if (bits === undefined) return undefined;
    pieces.push(bits);
    length += bits.length;
  }
  const [first] = parts;
  if (first === undefined || length < rowsMin || length > radixRowsMax) return undefined;
  const areDoubles = first.type === "float64";
  const descending = direction === "desc";
  // As columns are when they are joined.
  const nulls = parts.length === 1 ? first.nulls : "null";
  const sorted = SortedNumbers.of(pieces, { areDoubles, descending, wantsRows });
  if (sorted === undefined) return undefined;
  return {
    column: (start, end) => {
      const bits = sorted.values(start, end);
      const values = areDoubles ? new Float64Array(bits.buffer) : bits;
      return { ...first, nulls, length: end - start, values } as Column;
    },
    rows: (start, end) => sorted.rows(start, end),
    close: () => sorted.close(),
  };
}
