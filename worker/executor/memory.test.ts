// Every step that holds rows, on ten times what it may hold: it answers as with plenty of memory, to the byte, and what does
// not fit is written to files. (memory.system.test.ts looks at what a real process takes.)

import { expect, test } from "vitest";
import type { Expr } from "../../proto/plan/expr.ts";
import type { OperatorProgram } from "../../proto/plan/program.ts";
import { utf8Type } from "../../proto/plan/types.ts";
import {
  collect,
  type Functions,
  from,
  own,
  type Stage,
  single,
  TestCluster,
} from "./test-cluster.ts";

const rows = 8192;
/** A number, its text, and the offset of that. */
const rowBytes = 100 + 8 + 4;
const limitBytes = Math.floor((rows * rowBytes) / 10);

const column = (name: string): Expr => ({ kind: "column", name });
const whole = (value: number): Expr => ({
  kind: "literal",
  type: { kind: "int53" },
  text: String(value),
});
const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", name, args });
/** Each number below `rows` once, in an order of no kind. */
const scattered = call("modulo", call("multiply", column("value"), whole(7919)), whole(rows));
const long = call(
  "padStart",
  { kind: "cast", input: scattered, to: utf8Type, onFailure: "error" },
  whole(100),
);
const table: OperatorProgram = {
  ...{ kind: "select", node: 1 },
  columns: [
    { name: "k", expr: scattered },
    { name: "text", expr: long },
  ],
};
const range = (tasks: number) =>
  ({ kind: "range", node: 0, start: 0, end: rows, step: 1, tasks }) as const;

const byK = [{ expr: column("k"), direction: "asc", nulls: "last" }] as const;
const windowOf = { unit: "rows", start: { kind: "unbounded" } } as const;
const rowNumber = {
  ...{ function: "rowNumber", args: [], orderBy: byK },
  partitionBy: [call("modulo", column("k"), whole(rows / 16))],
  frame: { ...windowOf, end: { kind: "offset", rows: 0 } },
} as const;
const count = { function: "count", args: [], distinct: false } as const;
const most = { function: "max", args: [column("text")], distinct: false } as const;

interface Row {
  readonly k: number;
  readonly text: string;
}

/** Nodes from 10 on are functions. */
const functions: Functions = {
  10: ({ k, text }: Row) => [text, k],
  11: (a: number, b: number) => a + b,
  12: ({ k }: Row) => -k,
  13: function* (all: Iterable<Row>) {
    let last = -1;
    for (const { k } of all) last = k;
    yield last;
  },
  14: ({ text }: Row) => ({ text }),
  15: ([text, values]: readonly [string, unknown]) => `${text} ${JSON.stringify(values)}`,
};
const pairs: OperatorProgram = { kind: "map", node: 10 };
const toTexts: OperatorProgram = { kind: "map", node: 15 };

const works: Readonly<Record<string, readonly OperatorProgram[]>> = {
  aggregate: [
    {
      ...{ kind: "aggregate", node: 2, phase: "whole" },
      keys: [{ name: "k", expr: column("k") }],
      aggregates: [
        { name: "n", call: count },
        { name: "most", call: most },
      ],
    },
    // Groups come by table, and so few are in one while there is memory.
    { kind: "sortBy", node: 3, keys: byK },
  ],
  distinct: [{ kind: "distinct", node: 2 }],
  sortBy: [{ kind: "sortBy", node: 2, keys: byK }],
  window: [{ kind: "window", node: 2, windows: [{ name: "place", call: rowNumber }] }],
  reduceByKey: [pairs, { kind: "reduceByKey", node: 11, phase: "final" }],
  groupByKey: [pairs, { kind: "groupByKey", node: 2, sorted: false }, toTexts],
  "sort by a function": [
    { kind: "sort", node: 12, key: { by: { kind: "closure" }, direction: "asc" } },
  ],
  mapPartitions: [{ kind: "mapPartitions", node: 13 }],
  countByValue: [
    { kind: "map", node: 14 },
    { kind: "countByValue", node: 2, phase: "partial" },
    { kind: "countByValue", node: 3, phase: "final" },
  ],
  join: [
    {
      ...{ kind: "join", node: 2, type: "inner", rightNames: [{ from: "text", to: "other" }] },
      on: [{ left: column("k"), right: column("k") }],
      build: { stageId: 0, pipeline: "left" },
    },
  ],
  intersect: [{ kind: "intersect", node: 2, all: false, stageId: 0 }],
  except: [{ kind: "except", node: 2, all: true, stageId: 0 }],
};

/** In so many pieces that none of them spills. */
const input: Stage = {
  ...{ tasks: 32, partitions: 1 },
  program: { source: range(32), operators: [table], sink: single },
};

async function ran(operators: readonly OperatorProgram[], memoryBytes: number) {
  const cluster = new TestCluster(functions, 2, memoryBytes);
  const program = { source: from(0), operators, sink: collect };
  const [result] = await cluster.run([input, { tasks: 1, program, inputs: [own(0)] }]);
  expect(cluster.spills.open).toBe(0);
  return {
    ...{ json: result!.resultJson, rows: result!.rowsOut, digest: result!.digest },
    spilledBytes: cluster.spills.writtenBytes,
    peakBytes: cluster.budget.peakBytes,
  };
}

test.each(Object.entries(works))("%s", async (_, operators) => {
  const plenty = await ran(operators, 2 ** 40);
  const little = await ran(operators, limitBytes);
  expect(plenty.spilledBytes).toBe(0);
  expect(little.digest).toBe(plenty.digest);
  expect(little.json).toBe(plenty.json);
  // What may stay in memory, and as much again: an operator that counts what it holds twice spills before.
  expect(little.spilledBytes).toBeGreaterThan(rows * rowBytes - 2 * limitBytes);
  expect(little.peakBytes).toBeLessThanOrEqual(limitBytes);
});

test("a shuffle", async () => {
  const written = async (memoryBytes: number) => {
    const cluster = new TestCluster(functions, 2, memoryBytes);
    const partitioner = { kind: "hashColumns", keys: [column("text")], partitions: 8 } as const;
    const sink = { kind: "shuffle", partitioner } as const;
    const program = { source: range(1), operators: [table], sink };
    const [result] = await cluster.run([{ tasks: 1, program, partitions: 8 }]);
    return { digest: result!.digest, spilledBytes: cluster.spills.writtenBytes };
  };
  const little = await written(limitBytes);
  expect(little.digest).toBe((await written(2 ** 40)).digest);
  expect(little.spilledBytes).toBeGreaterThan(rows * rowBytes - 2 * limitBytes);
});
