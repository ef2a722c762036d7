// Sorts keys of 64 bits with the numbers of their rows, in WebAssembly (see radix-sort.as.ts).

import { assert, EngineError } from "../../../proto/errors.ts";
import { instantiate } from "../../../proto/kernels/wasm-module.ts";
import { wasmBase64 } from "../generated/radix-sort-wasm.ts";

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reach(end: number): number | boolean;
  sort(from: number, other: number, records: number, counts: number): void;
  finish(from: number, records: number, rows: number, runs: number): number;
  sortKeys(from: number, other: number, keys: number, counts: number): void;
  encode(at: number, count: number, areDoubles: boolean, flip: boolean): number | boolean;
  decode(at: number, count: number, areDoubles: boolean, flip: boolean): void;
  number(keys: number, count: number, records: number): void;
  divide(records: number, count: number, keys: number, rows: number): void;
}

const recordBytes = 16;
/** Two places for each record. */
export const radixBytesPerRow = 2 * recordBytes;
/** Counts of all levels of the recursion: each takes at most 8 KiB, and a key has bits for 32 of them. */
const countsBytes = 1024 * 1024;
const countsAt = 64 * 1024;
const recordsAt = countsAt + countsBytes;
/** WebAssembly memory never shrinks: a larger one is given up after use. */
const memoryBytesKept = 32 * 1024 * 1024;
/** Records of one sort: two places each, in a memory of 4 GiB. */
export const radixRowsMax = 96 * 1024 * 1024;

let kept: Kernel | undefined;

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

/** A kernel with memory up to `end`, for the caller alone. */
function takeKernel(end: number, rows: number): Kernel {
  assert(rows <= radixRowsMax, `${rows} rows are too many for one sort`);
  const kernel = kept ?? instantiate<Kernel>(wasmBase64);
  kept = undefined;
  if (kernel.reach(end)) return kernel;
  const message = `the system gives no ${end} bytes for a sort of ${rows} rows; lower --memory`;
  throw new EngineError("MEMORY_EXCEEDED", message, { limitBytes: end });
}

function giveKernel(kernel: Kernel): void {
  if (kernel.memory.buffer.byteLength <= memoryBytesKept) kept = kernel;
}

/** `fill` writes for each record the low half of its key, the high half, its row, and nothing. */
function withRecords(
  length: number,
  keepsKeys: boolean,
  fill: (records: Uint32Array) => void,
): SortedRows {
  const otherAt = recordsAt + length * recordBytes;
  const kernel = takeKernel(otherAt + length * recordBytes, length);
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
  giveKernel(kernel);
  return sorted;
}

export interface SortedNumbers {
  /** Their bits, in order. */
  readonly values: BigInt64Array;
  /** Undefined where only the values were asked for. */
  readonly rows: Int32Array | undefined;
}

/**
 * Numbers of 64 bits, given by their bits, in order. Stable. Undefined where doubles hold minus zero or NaN, which keys
 * do not tell from zero and from each other.
 */
export function sortNumbers(
  bits: BigInt64Array,
  areDoubles: boolean,
  descending: boolean,
  wantsRows: boolean,
): SortedNumbers | undefined {
  const { length } = bits;
  const size = wantsRows ? recordBytes : 8;
  const otherAt = recordsAt + length * size;
  const kernel = takeKernel(otherAt + length * size, length);
  const { buffer } = kernel.memory;
  const keysAt = wantsRows ? otherAt : recordsAt;
  new BigInt64Array(buffer, keysAt, length).set(bits);
  if (kernel.encode(keysAt, length, areDoubles, descending)) {
    giveKernel(kernel);
    return undefined;
  }
  let rows: Int32Array | undefined;
  if (wantsRows) {
    kernel.number(keysAt, length, recordsAt);
    kernel.sort(recordsAt, otherAt, length, countsAt);
    const rowsAt = otherAt + 8 * length;
    kernel.divide(recordsAt, length, keysAt, rowsAt);
    rows = new Int32Array(buffer, rowsAt, length).slice();
  } else kernel.sortKeys(recordsAt, otherAt, length, countsAt);
  kernel.decode(keysAt, length, areDoubles, descending);
  const values = new BigInt64Array(buffer, keysAt, length).slice();
  giveKernel(kernel);
  return { values, rows };
}
