// Ten million doubles into order: divided by a bound, exchanged between the threads, sorted in each.

import type { Batch } from "../../../proto/batch/batch.ts";
import { sortByStage } from "../../../worker/operators/sort-by.ts";
import { BatchDivider } from "../../../worker/shuffle/batch-divider.ts";
import { rangeBatches } from "../../../worker/shuffle/partition-batches.ts";
import {
  batchesOf,
  finish,
  floats,
  type Kernel,
  memory,
  nextRandom,
  sharedFloats,
  sink,
} from "./kernel.ts";

const keys = [{ expr: { kind: "column", name: "v" }, direction: "asc", nulls: "first" }] as const;

/** Even parts of numbers from -0.5 to 0.5. */
function boundsOf(threads: number): Batch[] {
  const bounds = Float64Array.from({ length: threads - 1 }, (_, i) => (i + 1) / threads - 0.5);
  const columns = [floats("v", bounds)];
  return threads === 1 ? [] : [{ shape: "record", rows: bounds.length, columns }];
}

const doubles = (values: Float64Array, thread: number, threads: number): Batch[] =>
  batchesOf(values.length, thread, threads, (start, end) => [
    floats("v", values.subarray(start, end)),
  ]);

const lengthAt = (from: number, to: number, threads: number) => from * threads + to;

const duckOf = (rows: number): Kernel["duck"] => ({
  tables: [{ name: "t", columns: [{ name: "v", type: "float64", from: "input" }] }],
  query: "create or replace table sorted as select v from t order by v",
  check: `select v from sorted limit 1 offset ${rows >> 1}`,
});

export const kernelOf = (rows: number): Kernel => ({
  aim: 30,
  make: (threads) => ({
    input: sharedFloats(Float64Array.from({ length: rows }, () => nextRandom() / 2 ** 32 - 0.5)),
    output: new SharedArrayBuffer(8 * rows),
    // A place for each pair of threads, each large enough for all rows of the one that gives.
    exchange: new SharedArrayBuffer(8 * (rows + threads) * threads),
    lengths: new SharedArrayBuffer(4 * threads * threads),
  }),
  steps: (shared, thread, threads) => {
    const input = new Float64Array(shared.input!);
    const output = new Float64Array(shared.output!);
    const exchange = new Float64Array(shared.exchange!);
    const lengths = new Int32Array(shared.lengths!);
    const share = Math.ceil(rows / threads);
    const placeOf = (from: number, to: number) => {
      const at = lengthAt(from, to, threads) * share;
      return exchange.subarray(at, at + share);
    };
    return [
      () => {
        const own = lengths.subarray(thread * threads, (thread + 1) * threads).fill(0);
        const divider = new BatchDivider(threads, (to, batch) => {
          const [column] = batch.columns;
          if (column?.type !== "float64") throw new Error("a column of doubles went astray");
          placeOf(thread, to).set(column.values, own[to]!);
          own[to] = own[to]! + batch.rows;
        });
        const partitionOf = rangeBatches(keys, boundsOf(threads), threads);
        for (const batch of doubles(input, thread, threads)) {
          divider.add(batch, partitionOf(batch));
        }
        divider.flush();
      },
      () => {
        let at = 0;
        for (let from = 0; from < threads; from++) {
          for (let to = 0; to < thread; to++) at += lengths[lengthAt(from, to, threads)]!;
        }
        const stage = sortByStage(
          keys,
          Number.POSITIVE_INFINITY,
          memory(),
          sink((batch) => {
            const [column] = batch.columns;
            if (column?.type !== "float64") throw new Error("a column of doubles went astray");
            output.set(column.values, at);
            at += batch.rows;
          }),
        );
        for (let from = 0; from < threads; from++) {
          const part = placeOf(from, thread).subarray(0, lengths[lengthAt(from, thread, threads)]);
          for (const batch of doubles(part, 0, 1)) stage.pushBatch(batch);
        }
        finish(stage);
      },
    ];
  },
  answer: (shared) => {
    const output = new Float64Array(shared.output!);
    for (let i = 1; i < rows; i++) if (!(output[i - 1]! <= output[i]!)) return Number.NaN;
    return output[rows >> 1]!;
  },
  plain: (shared) => new Float64Array(shared.input!).slice().sort()[rows >> 1]!,
  duck: duckOf(rows),
});
