// Ranges of a sort by a column of numbers of 64 bits, by the kernel that divides rows.

import type { Column } from "../../../proto/batch/column.ts";
import { copyOfInts, withDivideKernel } from "./divide-kernel.ts";
import { bitsOf } from "./sort-numbers.ts";

/** Fewer rows are not worth a call of the kernel. */
const kernelRowsMin = 512;

export interface FoundRanges {
  /** How many bounds come before each row. */
  readonly ranges: Int32Array;
  /** Rows that equal the bound which comes next. */
  readonly open: Int32Array;
}

/**
 * By bounds in the order of the sort. Undefined for few rows, for other types, and where some are null.
 */
export function numberRanges(
  column: Column,
  bounds: Column,
  direction: "asc" | "desc",
): FoundRanges | undefined {
  const values = bitsOf(column);
  const boundValues = bitsOf(bounds);
  if (values === undefined || boundValues === undefined || column.type !== bounds.type) {
    return undefined;
  }
  const rows = values.length;
  if (rows < kernelRowsMin || boundValues.length === 0) return undefined;
  const areDoubles = column.type === "float64";
  const flip = direction === "desc";
  const lengths = [8 * rows, 8 * boundValues.length, 4 * rows];
  return withDivideKernel(lengths, (kernel, [valuesAt, boundsAt, rangesAt]) => {
    const { buffer } = kernel.memory;
    new BigInt64Array(buffer, valuesAt, rows).set(values);
    new BigInt64Array(buffer, boundsAt, boundValues.length).set(boundValues);
    kernel.keysOf(boundsAt!, boundValues.length, areDoubles, flip);
    const count = boundValues.length;
    const equal = kernel.ranges(valuesAt!, rows, areDoubles, flip, boundsAt!, count, rangesAt!);
    const ranges = copyOfInts(kernel, rangesAt!, rows);
    const open = new Int32Array(equal);
    for (let row = 0, next = 0; next < equal; row++) {
      if (ranges[row]! >= 0) continue;
      ranges[row] = ranges[row]! & 0x7fff_ffff;
      open[next++] = row;
    }
    return { ranges, open };
  });
}
