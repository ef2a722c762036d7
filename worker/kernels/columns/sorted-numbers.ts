// Numbers of 64 bits in order, in the memory of the sort's kernel: they go there piece by piece, as they lie in
// batches, and come out piece by piece. New memory costs more than what is done with it.

import { batchRowsMax } from "../../../proto/limits.ts";
import {
  countsAt,
  giveSortKernel,
  reachFor,
  recordBytes,
  recordsAt,
  type SortKernel,
  takeSortKernel,
} from "./radix-sort.ts";

const keyBytes = 8;
const cellsBytes = 256 * 1024;
const placesBytes = 16 * 1024;
const cellsAt = recordsAt;
const placesAt = cellsAt + cellsBytes;
/** Of one piece on its way. */
const pieceAt = placesAt + placesBytes;
const sortedAt = pieceAt + batchRowsMax * keyBytes;

export interface NumbersOrder {
  readonly areDoubles: boolean;
  readonly descending: boolean;
  /** Whether the rows of the numbers are asked for. */
  readonly wantsRows: boolean;
}

function* shortPieces(pieces: readonly BigInt64Array[]): Iterable<BigInt64Array> {
  for (const piece of pieces) {
    for (let start = 0; start < piece.length; start += batchRowsMax) {
      yield piece.subarray(start, start + batchRowsMax);
    }
  }
}

/** Takes each piece into the kernel as keys; false where some are not to be made out of their keys again. */
function takeEach(
  kernel: SortKernel,
  pieces: readonly BigInt64Array[],
  { areDoubles, descending }: NumbersOrder,
  use: (count: number) => void,
): boolean {
  for (const piece of shortPieces(pieces)) {
    new BigInt64Array(kernel.memory.buffer, pieceAt, piece.length).set(piece);
    if (kernel.encode(pieceAt, piece.length, areDoubles, descending)) return false;
    use(piece.length);
  }
  return true;
}

/** Whether all were sorted. */
function sortPieces(
  kernel: SortKernel,
  pieces: readonly BigInt64Array[],
  length: number,
  order: NumbersOrder,
): boolean {
  const size = order.wantsRows ? recordBytes : keyBytes;
  kernel.begin(cellsAt, placesAt);
  if (!takeEach(kernel, pieces, order, (count) => kernel.widen(pieceAt, count))) return false;
  kernel.divideRange(length);
  takeEach(kernel, pieces, order, (count) => kernel.count(pieceAt, count));
  const scratchAt = sortedAt + length * size;
  reachFor(kernel, scratchAt + kernel.assign(length) * size, length);
  let row = 0;
  takeEach(kernel, pieces, order, (count) => {
    if (order.wantsRows) kernel.scatterRecords(pieceAt, count, row, sortedAt);
    else kernel.scatterKeys(pieceAt, count, sortedAt);
    row += count;
  });
  if (order.wantsRows) kernel.sortBuckets(sortedAt, scratchAt, countsAt);
  else kernel.sortKeyBuckets(sortedAt, scratchAt, countsAt);
  return true;
}

export class SortedNumbers {
  private readonly kernel: SortKernel;
  private readonly order: NumbersOrder;

  private constructor(kernel: SortKernel, order: NumbersOrder) {
    this.kernel = kernel;
    this.order = order;
  }

  /**
   * Pieces of numbers, given by their bits, in order. Stable. Undefined where doubles hold minus zero or NaN, which keys
   * do not tell from zero and from each other.
   */
  static of(pieces: readonly BigInt64Array[], order: NumbersOrder): SortedNumbers | undefined {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const kernel = takeSortKernel(length);
    reachFor(kernel, sortedAt, length);
    if (sortPieces(kernel, pieces, length, order)) return new SortedNumbers(kernel, order);
    giveSortKernel(kernel);
    return undefined;
  }

  /** The bits of the numbers from a place in the order to another. */
  values(start: number, end: number): BigInt64Array<ArrayBuffer> {
    const { areDoubles, descending, wantsRows } = this.order;
    const { kernel } = this;
    const out = new BigInt64Array(end - start);
    for (let at = start; at < end; at += batchRowsMax) {
      const count = Math.min(batchRowsMax, end - at);
      let from = sortedAt + at * keyBytes;
      if (wantsRows) {
        kernel.keysOf(sortedAt + at * recordBytes, count, pieceAt);
        from = pieceAt;
      }
      kernel.decode(from, count, areDoubles, descending, pieceAt);
      out.set(new BigInt64Array(kernel.memory.buffer, pieceAt, count), at - start);
    }
    return out;
  }

  /** Their rows, where these were asked for. */
  rows(start: number, end: number): Int32Array {
    const { kernel } = this;
    const out = new Int32Array(end - start);
    for (let at = start; at < end; at += batchRowsMax) {
      const count = Math.min(batchRowsMax, end - at);
      kernel.rowsOf(sortedAt + at * recordBytes, count, pieceAt);
      out.set(new Int32Array(kernel.memory.buffer, pieceAt, count), at - start);
    }
    return out;
  }

  /** Gives back the memory. To be called once, after which nothing may be asked for. */
  close(): void {
    giveSortKernel(this.kernel);
  }
}
