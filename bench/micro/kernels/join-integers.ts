// Ten million rows, each with its partner among a million by a whole number, and the sum of a product of both.

import { joinStage } from "../../../worker/operators/join.ts";
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

const column = (name: string) => ({ kind: "column", name }) as const;
const program = {
  type: "inner",
  on: [{ left: column("k"), right: column("k") }],
  rightNames: [],
  build: { stageId: 1, pipeline: "left" },
} as const;

const duck: Kernel["duck"] = {
  tables: [
    {
      name: "t",
      columns: [
        { name: "k", type: "int32", from: "k" },
        { name: "v", type: "float64", from: "v" },
      ],
    },
    {
      name: "u",
      columns: [
        { name: "k", type: "int32", from: "keptK" },
        { name: "w", type: "float64", from: "w" },
      ],
    },
  ],
  query: "select sum(v * w) from t join u using (k)",
};

function sumOfProducts(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** A million keys from 0 on, each once. */
export const kernelOf = (rows: number): Kernel => joinKernel(rows, 100, (number) => number);

/** `keyOf` makes keys of the numbers from 0 on. */
export const joinKernel = (
  rows: number,
  aim: number,
  keyOf: (number: number) => number,
  kept = rows / 10,
): Kernel => ({
  aim,
  make: (threads) => ({
    k: sharedInts(Int32Array.from({ length: rows }, () => keyOf(nextRandom() % kept))),
    v: sharedFloats(Float64Array.from({ length: rows }, () => nextRandom() % 1000)),
    keptK: sharedInts(Int32Array.from({ length: kept }, (_, i) => keyOf((i * 7919) % kept))),
    w: sharedFloats(Float64Array.from({ length: kept }, () => nextRandom() % 1000)),
    sums: new SharedArrayBuffer(8 * threads),
  }),
  steps: (shared, thread, threads) => {
    const [k, keptK] = [new Int32Array(shared.k!), new Int32Array(shared.keptK!)];
    const [v, w] = [new Float64Array(shared.v!), new Float64Array(shared.w!)];
    const sums = new Float64Array(shared.sums!);
    return [
      () => {
        let sum = 0;
        const end = sink(({ columns }) => {
          const left = columns.find(({ name }) => name === "v");
          const right = columns.find(({ name }) => name === "w");
          if (left?.type !== "float64" || right?.type !== "float64") throw new Error("no doubles");
          sum += sumOfProducts(left.values, right.values);
        });
        // As the aggregate says that comes next in a plan.
        const stage = joinStage(program, memory(), { ...end, wants: new Set(["v", "w"]) });
        // Every task keeps the whole small side, as in a broadcast join.
        stage.side!.pushBatch({
          ...{ shape: "record", rows: kept },
          columns: [ints("k", keptK), floats("w", w)],
        });
        for (const batch of batchesOf(rows, thread, threads, (start, end) => [
          ints("k", k.subarray(start, end)),
          floats("v", v.subarray(start, end)),
        ])) {
          stage.pushBatch(batch);
        }
        finish(stage);
        sums[thread] = sum;
      },
    ];
  },
  answer: (shared) => new Float64Array(shared.sums!).reduce((sum, own) => sum + own, 0),
  plain: (shared) => {
    const [k, keptK] = [new Int32Array(shared.k!), new Int32Array(shared.keptK!)];
    const [v, w] = [new Float64Array(shared.v!), new Float64Array(shared.w!)];
    const byKey = new Map(Array.from(keptK, (key, row) => [key, w[row]!]));
    return v.reduce((sum, value, row) => sum + value * byKey.get(k[row]!)!, 0);
  },
  duck,
});
