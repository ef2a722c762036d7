// Sums of ten million doubles by a thousand whole numbers: grouped in each thread, divided by key, grouped again.

import type { Batch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import { aggregateStage } from "../../../worker/operators/aggregate.ts";
import { BatchDivider } from "../../../worker/shuffle/batch-divider.ts";
import { BlockWriter, readBlocks } from "../../../worker/shuffle/block.ts";
import { hashBatches } from "../../../worker/shuffle/partition-batches.ts";
import {
  batchesOf,
  finish,
  floats,
  ints,
  type Kernel,
  memory,
  nextRandom,
  type Shared,
  sharedFloats,
  sharedInts,
  sink,
} from "./kernel.ts";

const column = (name: string) => ({ kind: "column", name }) as const;
const program = {
  keys: [{ name: "k", expr: column("k") }],
  aggregates: [{ name: "s", call: { function: "sum", args: [column("v")], distinct: false } }],
} as const;

/** Of whatever keys: `keys` are those of some rows. Blocks of a shuffle go from thread to thread. */
export function groupSteps(
  shared: Shared,
  rows: number,
  thread: number,
  threads: number,
  keys: (start: number, end: number) => Column,
): readonly (() => void)[] {
  const values = new Float64Array(shared.v!);
  const exchange = new Uint8Array(shared.exchange!);
  const lengths = new Int32Array(shared.lengths!);
  const answers = new Float64Array(shared.answers!);
  const room = exchange.length / (threads * threads);
  const atOf = (from: number, to: number) => Math.floor((from * threads + to) * room) & ~7;
  return [
    () => {
      const writers = Array.from({ length: threads }, () => new BlockWriter());
      const divider = new BatchDivider(threads, (to, batch) => writers[to]!.add(batch));
      const partitionOf = hashBatches({
        kind: "hashColumns",
        keys: [column("k")],
        partitions: threads,
      });
      const divide = sink((batch) => divider.add(batch, partitionOf(batch)));
      const stage = aggregateStage({ ...program, phase: "partial" }, memory(), divide);
      const batches = batchesOf(rows, thread, threads, (start, end) => [
        keys(start, end),
        floats("v", values.subarray(start, end)),
      ]);
      for (const batch of batches) stage.pushBatch(batch);
      finish(stage);
      divider.flush();
      for (const [to, writer] of writers.entries()) {
        let at = atOf(thread, to);
        const start = at;
        for (const piece of writer.seal().pieces) {
          exchange.set(piece, at);
          at += piece.length;
        }
        lengths[thread * threads + to] = at - start;
      }
    },
    () => {
      let groups = 0;
      let sum = 0;
      const add = sink(({ rows: more, columns }: Batch) => {
        const sums = columns[1];
        if (sums?.type !== "float64") throw new Error("sums of doubles are no doubles");
        groups += more;
        for (let i = 0; i < more; i++) sum += sums.values[i]!;
      });
      const stage = aggregateStage({ ...program, phase: "final" }, memory(), add);
      for (let from = 0; from < threads; from++) {
        const at = atOf(from, thread);
        const block = exchange.subarray(at, at + lengths[from * threads + thread]!);
        for (const batch of readBlocks(block)) stage.pushBatch(batch);
      }
      finish(stage);
      answers[thread] = sum + groups;
    },
  ];
}

/** What all kinds of keys need beside them. */
export function groupMemory(rows: number, threads: number, keyBytes: number): Shared {
  return {
    v: sharedFloats(Float64Array.from({ length: rows }, () => nextRandom() % 1000)),
    exchange: new SharedArrayBuffer(4 * (rows * (keyBytes + 16) + 1_000_000)),
    lengths: new SharedArrayBuffer(4 * threads * threads),
    answers: new SharedArrayBuffer(8 * threads),
  };
}

export const groupAnswer = (shared: Shared): number =>
  new Float64Array(shared.answers!).reduce((sum, own) => sum + own, 0);

export const groupQuery = "select sum(s) + count(*) from (select k, sum(v) as s from t group by k)";

export const kernelOf = (rows: number, groups = 1000, aim = 200): Kernel => ({
  aim,
  make: (threads) => ({
    k: sharedInts(Int32Array.from({ length: rows }, () => nextRandom() % groups)),
    ...groupMemory(rows, threads, 4),
  }),
  steps: (shared, thread, threads) => {
    const k = new Int32Array(shared.k!);
    const keys = (start: number, end: number) => ints("k", k.subarray(start, end));
    return groupSteps(shared, rows, thread, threads, keys);
  },
  answer: groupAnswer,
  plain: (shared) => {
    const v = new Float64Array(shared.v!);
    return v.reduce((sum, own) => sum + own, 0) + new Set(new Int32Array(shared.k!)).size;
  },
  duck: {
    tables: [
      {
        name: "t",
        columns: [
          { name: "k", type: "int32", from: "k" },
          { name: "v", type: "float64", from: "v" },
        ],
      },
    ],
    query: groupQuery,
  },
});
