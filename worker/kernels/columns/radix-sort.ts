// Sorts keys of 64 bits with the numbers of their rows, in WebAssembly (see radix-sort.as.ts).

import { assert, EngineError } from "../../../proto/errors.ts";
import { instantiate } from "../../../proto/kernels/wasm-module.ts";
import { wasmBase64 } from "../generated/radix-sort-wasm.ts";

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reach(end: number): number | boolean;
  sort(from: number, other: number, records: number, counts: number): void;
  finish(from: number, records: number, rows: number, runs: number): number;
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

/** `fill` writes for each record the low half of its key, the high half, its row, and nothing. */
function withRecords(
  length: number,
  keepsKeys: boolean,
  fill: (records: Uint32Array) => void,
): SortedRows {
  assert(length <= radixRowsMax, `${length} rows are too many for one sort`);
  const kernel = kept ?? instantiate<Kernel>(wasmBase64);
  kept = undefined;
  const otherAt = recordsAt + length * recordBytes;
  const end = otherAt + length * recordBytes;
  if (!kernel.reach(end)) {
    const message = `the system gives no ${end} bytes for a sort of ${length} rows; lower --memory`;
    throw new EngineError("MEMORY_EXCEEDED", message, { limitBytes: end });
  }
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
  if (buffer.byteLength <= memoryBytesKept) kept = kernel;
  return sorted;
}
