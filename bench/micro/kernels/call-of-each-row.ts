// A function that nobody looks into, called for each of ten million rows, and the sum of its answers.

import { aggregateStage } from "../../../worker/operators/aggregate.ts";
import { cellsBytes, cellsOf } from "../../../worker/operators/cells.ts";
import { mapStage } from "../../../worker/operators/map.ts";
import {
  batchesOf,
  finish,
  floats,
  ints,
  type Kernel,
  memory,
  nextRandom,
  sharedFloats,
  sharedInts,
  sink,
} from "./kernel.ts";

const program = {
  phase: "whole",
  keys: [],
  aggregates: [
    {
      name: "s",
      call: { function: "sum", args: [{ kind: "column", name: "value" }], distinct: false },
    },
  ],
} as const;

const closure = (row: { v: number; n: number }) => (row.n > 500 ? row.v * row.n : row.v + 1);

export const kernelOf = (rows: number): Kernel => ({
  aim: 20,
  make: (threads) => ({
    v: sharedFloats(Float64Array.from({ length: rows }, () => nextRandom() % 1000)),
    n: sharedInts(Int32Array.from({ length: rows }, () => nextRandom() % 1000)),
    sums: new SharedArrayBuffer(8 * threads),
  }),
  steps: (shared, thread, threads) => {
    const v = new Float64Array(shared.v!);
    const n = new Int32Array(shared.n!);
    const sums = new Float64Array(shared.sums!);
    const cells = cellsOf(new ArrayBuffer(cellsBytes));
    const user = { cells, file: () => undefined, partition: 0, locate: () => ({}), labels: [] };
    return [
      () => {
        const out = sink(({ columns: [sum] }) => {
          if (sum?.type !== "float64") throw new Error("a sum of numbers is no double");
          sums[thread] = sum.values[0]!;
        });
        const last = aggregateStage(program, memory(), out);
        const map = mapStage(closure as (row: unknown) => unknown, 0, user, last);
        for (const batch of batchesOf(rows, thread, threads, (start, end) => [
          floats("v", v.subarray(start, end)),
          ints("n", n.subarray(start, end)),
        ])) {
          map.pushBatch(batch);
        }
        finish(last);
      },
    ];
  },
  answer: (shared) => new Float64Array(shared.sums!).reduce((sum, own) => sum + own, 0),
  plain: (shared) => {
    const [v, n] = [new Float64Array(shared.v!), new Int32Array(shared.n!)];
    return v.reduce((sum, value, row) => sum + closure({ v: value, n: n[row]! }), 0);
  },
  duck: {
    tables: [
      {
        name: "t",
        columns: [
          { name: "v", type: "float64", from: "v" },
          { name: "n", type: "int32", from: "n" },
        ],
      },
    ],
    query: "select sum(case when n > 500 then v * n else v + 1 end) from t",
  },
});
