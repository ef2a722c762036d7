// What a kernel's file says of itself, and what several of them share.

import type { Batch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import { keepKernels } from "../../../proto/kernels/kept-kernels.ts";
import { batchRowsMax } from "../../../proto/limits.ts";
import { operatorMemoryOf } from "../../../worker/memory/memory-for-tests.ts";
import type { Stage } from "../../../worker/operators/stage.ts";

/** Memory that all threads and the main thread see, by name. */
export type Shared = Readonly<Record<string, SharedArrayBuffer>>;

export interface Kernel {
  /** M rows per second that two threads are to reach; MB where bytes are counted. */
  readonly aim: number;
  /** Shared memory whose bytes are counted instead of rows. */
  readonly counted?: string;
  /** Makes the input once, in the main thread. */
  make(threads: number): Shared;
  /** The steps of one run in one thread; each begins when all threads have ended the one before. */
  steps(shared: Shared, thread: number, threads: number): readonly (() => void | Promise<void>)[];
  /** What came out, to be compared; NaN where it is wrong in itself. */
  answer(shared: Shared): number;
  /** The same by a plain loop. */
  plain(shared: Shared): number;
  /** The same for DuckDB: `load` fills its tables from the shared input, `query` answers one number. */
  readonly duck: {
    readonly tables: readonly DuckTable[];
    /** Shared memory that is written to a file, which the query calls `$file`. */
    readonly file?: string;
    /** To run once the tables are there. */
    readonly prepare?: string;
    readonly query: string;
    /** Of what the query made, where that is not its own answer. */
    readonly check?: string;
  };
}

/** Columns of shared memory by name. */
export interface DuckTable {
  readonly name: string;
  readonly columns: readonly {
    readonly name: string;
    readonly type: "int32" | "float64";
    /** Name of the shared memory. */
    readonly from: string;
  }[];
}

let state = 12_345;

/** A whole number below 2^32; the same ones in every run. */
export function nextRandom(): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}

export function sharedFloats(values: Float64Array): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(values.byteLength);
  new Float64Array(memory).set(values);
  return memory;
}

export function sharedInts(values: Int32Array): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(values.byteLength);
  new Int32Array(memory).set(values);
  return memory;
}

const base = (name: string, length: number) =>
  ({ name, length, nulls: "null", validity: undefined }) as const;

export function floats(name: string, values: Float64Array): Column {
  return { ...base(name, values.length), type: "float64", values };
}

export function ints(name: string, values: Int32Array): Column {
  return { ...base(name, values.length), type: "int32", values };
}

/** The rows of a thread's share as batches. */
export function batchesOf(
  rows: number,
  thread: number,
  threads: number,
  columnsAt: (start: number, end: number) => readonly Column[],
): Batch[] {
  const batches: Batch[] = [];
  const last = Math.floor((rows * (thread + 1)) / threads);
  for (let start = Math.floor((rows * thread) / threads); start < last; ) {
    const end = Math.min(start + batchRowsMax, last);
    batches.push({ shape: "record", rows: end - start, columns: columnsAt(start, end) });
    start = end;
  }
  return batches;
}

/** Memory without a bound that matters, for the kernels of the thread too. */
export function memory() {
  keepKernels(Number.MAX_SAFE_INTEGER);
  return operatorMemoryOf();
}

/** The end of a pipeline. */
export function sink(pushBatch: (batch: Batch) => void): Stage {
  return {
    push: () => undefined,
    pushBatch,
    wantsMore: () => true,
    finish: () => [],
    takesSmall: false,
  };
}

export function finish(stage: Stage): void {
  for (const _ of stage.finish());
}
