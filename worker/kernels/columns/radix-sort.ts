// Sorts keys of 64 bits with the numbers of their rows, in WebAssembly (see radix-sort.as.ts).

import { assert, EngineError } from "../../../proto/errors.ts";
import { KernelShelf } from "../../../proto/kernels/kept-kernels.ts";
import { wasmBase64 } from "../generated/radix-sort-wasm.ts";

export interface SortKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reach(end: number): number | boolean;
  sort(from: number, other: number, records: number, counts: number): void;
  finish(from: number, records: number, rows: number, runs: number): number;
  encode(at: number, count: number, areDoubles: boolean, flip: boolean): number | boolean;
  decode(from: number, count: number, areDoubles: boolean, flip: boolean, to: number): void;
  keysOf(records: number, count: number, keys: number): void;
  rowsOf(records: number, count: number, rows: number): void;
  begin(cells: number, places: number): void;
  widen(keys: number, count: number): void;
  divideRange(records: number): void;
  count(keys: number, count: number): void;
  assign(records: number): number;
  scatterKeys(keys: number, count: number, to: number): void;
  scatterRecords(keys: number, count: number, row: number, to: number): void;
  sortBuckets(records: number, other: number, counts: number): void;
  sortKeyBuckets(keys: number, other: number, counts: number): void;
}

export const recordBytes = 16;
/** Two places for each record. */
export const radixBytesPerRow = 2 * recordBytes;
/** Counts of all levels of the recursion: each takes at most 8 KiB, and a key has bits for 32 of them. */
const countsBytes = 1024 * 1024;
export const countsAt = 64 * 1024;
/** Behind it there is room for all else. */
export const recordsAt = countsAt + countsBytes;
/** Records of one sort: two places each, in a memory of 4 GiB. */
export const radixRowsMax = 96 * 1024 * 1024;

const shelf = new KernelShelf<SortKernel>(wasmBase64);

export interface SortedRows {
  readonly rows: Int32Array;
  /** Places from where to where keys are equal, for runs longer than one: pairs of start and end. */
  readonly runs: Uint32Array;
  /** Halves of the keys in order, the lower first. */
  readonly keys: Uint32Array | undefined;
}

/** The rows by their keys, `high` and `low` being the halves of each row's; `low` may be absent. Stable. */
export function radixSort(
  rows: Int32Array,
  high: Uint32Array,
  low: Uint32Array | undefined,
  keepsKeys = false,
): SortedRows {
  return withRecords(rows.length, keepsKeys, (records) => {
    for (let i = 0, at = 0; i < rows.length; i++, at += 4) {
      const row = rows[i]!;
      records[at] = low === undefined ? 0 : low[row]!;
      records[at + 1] = high[row]!;
      records[at + 2] = row;
    }
  });
}

function keysOf(records: Uint32Array): Uint32Array {
  const keys = new Uint32Array(records.length / 2);
  for (let from = 0, to = 0; from < records.length; from += 4, to += 2) {
    keys[to] = records[from]!;
    keys[to + 1] = records[from + 1]!;
  }
  return keys;
}

/** The kernel's memory reaches up to `end`, or the sort fails. */
export function reachFor(kernel: SortKernel, end: number, rows: number): void {
  if (kernel.reach(end)) return;
  const message = `the system gives no ${end} bytes for a sort of ${rows} rows; lower --memory`;
  throw new EngineError("MEMORY_EXCEEDED", message, { limitBytes: end });
}

/** A kernel for the caller alone, until given back. */
export function takeSortKernel(rows: number): SortKernel {
  assert(rows <= radixRowsMax, `${rows} rows are too many for one sort`);
  return shelf.take();
}

export function giveSortKernel(kernel: SortKernel): void {
  shelf.give(kernel);
}

/** `fill` writes for each record the low half of its key, the high half, its row, and nothing. */
function withRecords(
  length: number,
  keepsKeys: boolean,
  fill: (records: Uint32Array) => void,
): SortedRows {
  const otherAt = recordsAt + length * recordBytes;
  const kernel = takeSortKernel(length);
  reachFor(kernel, otherAt + length * recordBytes, length);
  fill(new Uint32Array(kernel.memory.buffer, recordsAt, 4 * length));
  kernel.sort(recordsAt, otherAt, length, countsAt);
  // The place of the other records is free by now: rows take a quarter of it, runs at most a quarter.
  const runsAt = otherAt + 4 * length;
  const numbers = kernel.finish(recordsAt, length, otherAt, runsAt);
  const { buffer } = kernel.memory;
  const sorted = {
    rows: new Int32Array(buffer, otherAt, length).slice(),
    runs: new Uint32Array(buffer, runsAt, numbers).slice(),
    keys: keepsKeys ? keysOf(new Uint32Array(buffer, recordsAt, 4 * length)) : undefined,
  };
  giveSortKernel(kernel);
  return sorted;
}
