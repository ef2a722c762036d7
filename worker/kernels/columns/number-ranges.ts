// Ranges of a sort by numbers of 64 bits, or by the first 64 bits of other keys, by the kernel that divides rows.

import type { Column } from "../../../proto/batch/column.ts";
import { copyOfInts, withDivideKernel } from "./divide-kernel.ts";
import { bitsOf } from "./sort-numbers.ts";
import type { FirstWords } from "./sort-words.ts";

/** Fewer rows are not worth a call of the kernel. */
const kernelRowsMin = 512;

export interface FoundRanges {
  /** How many bounds come before each row. */
  readonly ranges: Int32Array;
  /** Rows that equal the bound which comes next. */
  readonly open: Int32Array;
}

/** Numbers of 64 bits that lie in the kernel's memory once `put` was called. */
interface Keys {
  readonly count: number;
  readonly put: (into: BigInt64Array) => void;
}

interface KeyKind {
  readonly areDoubles: boolean;
  /** For a descending order. */
  readonly flip: boolean;
}

function findRanges(rows: Keys, bounds: Keys, { areDoubles, flip }: KeyKind) {
  const { count } = rows;
  if (count < kernelRowsMin || bounds.count === 0) return undefined;
  const lengths = [8 * count, 8 * bounds.count, 4 * count];
  return withDivideKernel(lengths, (kernel, [valuesAt, boundsAt, rangesAt]): FoundRanges => {
    const { buffer } = kernel.memory;
    rows.put(new BigInt64Array(buffer, valuesAt, count));
    bounds.put(new BigInt64Array(buffer, boundsAt, bounds.count));
    kernel.keysOf(boundsAt!, bounds.count, areDoubles, flip);
    const equal = kernel.ranges(
      ...([valuesAt!, count, areDoubles, flip] as const),
      ...([boundsAt!, bounds.count, rangesAt!] as const),
    );
    const ranges = copyOfInts(kernel, rangesAt!, count);
    const open = new Int32Array(equal);
    for (let row = 0, next = 0; next < equal; row++) {
      if (ranges[row]! >= 0) continue;
      ranges[row] = ranges[row]! & 0x7fff_ffff;
      open[next++] = row;
    }
    return { ranges, open };
  });
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
  const keys = (bits: BigInt64Array): Keys => ({
    count: bits.length,
    put: (into) => into.set(bits),
  });
  const kind = { areDoubles: column.type === "float64", flip: direction === "desc" };
  return findRanges(keys(values), keys(boundValues), kind);
}

/** By words that are in the order of the sort already, and bounds likewise. Undefined for few rows. */
export function wordRanges(rows: FirstWords, bounds: FirstWords): FoundRanges | undefined {
  const keys = ({ high, low }: FirstWords): Keys => ({
    count: high.length,
    put: ({ buffer, byteOffset }) => {
      const words = new Uint32Array(buffer, byteOffset, 2 * high.length);
      for (let i = 0; i < high.length; i++) {
        words[2 * i] = low[i]!;
        // The kernel takes them for numbers with a sign.
        words[2 * i + 1] = high[i]! ^ 0x8000_0000;
      }
    },
  });
  return findRanges(keys(rows), keys(bounds), { areDoubles: false, flip: false });
}
