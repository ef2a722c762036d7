// Where few of a file's columns are read, a task gets more of it; where all are, and of small files, tasks stay as they are.

import { expect, test } from "vitest";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import { int64Type } from "../../proto/plan/types.ts";
import { planAction, targetsFor } from "./plan-action.ts";

const mebibyte = 1024 * 1024;
const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
const schema = { fields: names.map((name) => ({ name, type: int64Type, nullable: false })) };

/** Map tasks of sums by so many of eight columns; `beside`: what else the action reads. */
function tasksOf(columns: number, mebibytes: number, calls = false, beside = 0): number {
  const read: LogicalNode = {
    ...{
      kind: "readColumns",
      id: 0,
      pattern: "file:///t/",
      format: "parquet",
      options: { schema },
    },
  };
  const keys = names.slice(0, columns).map((name) => ({ name, expr: { kind: "column", name } }));
  const groups: LogicalNode = {
    ...{ kind: "aggregate", id: 1, input: read, keys: keys as never },
    aggregates: [{ name: "n", call: { function: "count", args: [], distinct: false } }],
  };
  const input: LogicalNode = calls ? { kind: "map", id: 2, input: groups } : groups;
  const files = [{ uri: "file:///t/a.parquet", sizeBytes: mebibytes * mebibyte }];
  const inputs = { files: new Map([[0, files]]), schemas: new Map() };
  const action = { kind: "collect", input } as const;
  const all = [...files, { uri: "file:///t/b.parquet", sizeBytes: beside * mebibyte }];
  const { graph } = planAction(action, 0, inputs, { targets: targetsFor(all, action) });
  return graph.stages[0]!.taskCount;
}

test.each([
  [8, 240, 16],
  [4, 240, 4],
  [2, 240, 4],
  [1, 240, 4],
  [6, 240, 8],
])("%i of eight columns in %i MiB are read by %i tasks", (columns, mebibytes, tasks) => {
  expect(tasksOf(columns, mebibytes)).toBe(tasks);
});

test("a large input is cut by the bytes that are read", () => {
  expect(tasksOf(2, 64 * 1024)).toBe(1024);
  expect(tasksOf(8, 64 * 1024)).toBe(2048);
});

test("a small input is cut as finely as if all of it were read", () => {
  for (const mebibytes of [1, 5, 12, 16]) {
    expect(tasksOf(1, mebibytes)).toBe(tasksOf(8, mebibytes));
  }
});

test("beside a far larger input a file is cut where there is enough of it to read", () => {
  const beside = 300;
  expect(tasksOf(8, 12, false, beside)).toBe(1);
  expect(tasksOf(7, 12, false, beside)).toBe(2);
  expect(tasksOf(7, 19, false, beside)).toBe(4);
  expect(tasksOf(5, 12, false, beside)).toBe(1);
  expect(tasksOf(7, 1, false, beside)).toBe(1);
});

test("where functions are called with rows, bytes do not tell what a task costs", () => {
  expect(tasksOf(2, 240, true)).toBe(tasksOf(8, 240));
});
