// Three conditions on each of ten million rows, and the sum of a product over those that meet them.

import type { Expr } from "../../../proto/plan/expr.ts";
import { float64Type } from "../../../proto/plan/types.ts";
import { aggregateStage } from "../../../worker/operators/aggregate.ts";
import { whereStage } from "../../../worker/operators/where.ts";
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

const column = (name: string): Expr => ({ kind: "column", name });
const number = (text: string): Expr => ({ kind: "literal", type: float64Type, text });
const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", name, args });
const condition = call(
  "and",
  call("and", call("gt", column("a"), number("300")), call("lt", column("b"), number("700"))),
  call("ne", column("b"), number("5")),
);
const product = call("multiply", column("a"), column("b"));
const program = {
  phase: "whole",
  keys: [],
  aggregates: [{ name: "s", call: { function: "sum", args: [product], distinct: false } }],
} as const;

export const kernelOf = (rows: number): Kernel => ({
  aim: 300,
  make: (threads) => ({
    a: sharedFloats(Float64Array.from({ length: rows }, () => nextRandom() % 1000)),
    b: sharedFloats(Float64Array.from({ length: rows }, () => nextRandom() % 1000)),
    sums: new SharedArrayBuffer(8 * threads),
  }),
  steps: (shared, thread, threads) => {
    const [a, b] = [new Float64Array(shared.a!), new Float64Array(shared.b!)];
    const sums = new Float64Array(shared.sums!);
    return [
      () => {
        const out = sink(({ columns: [sum] }) => {
          if (sum?.type !== "float64") throw new Error("a sum of doubles is no double");
          sums[thread] = sum.values[0]!;
        });
        const last = aggregateStage(program, memory(), out);
        const filter = whereStage(condition, last);
        for (const batch of batchesOf(rows, thread, threads, (start, end) => [
          floats("a", a.subarray(start, end)),
          floats("b", b.subarray(start, end)),
        ])) {
          filter.pushBatch(batch);
        }
        finish(last);
      },
    ];
  },
  answer: (shared) => new Float64Array(shared.sums!).reduce((sum, own) => sum + own, 0),
  plain: (shared) => {
    const [a, b] = [new Float64Array(shared.a!), new Float64Array(shared.b!)];
    let sum = 0;
    for (let i = 0; i < rows; i++) {
      if (a[i]! > 300 && b[i]! < 700 && b[i] !== 5) sum += a[i]! * b[i]!;
    }
    return sum;
  },
  duck: {
    tables: [
      {
        name: "t",
        columns: [
          { name: "a", type: "float64", from: "a" },
          { name: "b", type: "float64", from: "b" },
        ],
      },
    ],
    query: "select sum(a * b) from t where a > 300 and b < 700 and b <> 5",
  },
});
