// What several steps read: brought to one task where it likely is little, held where it was made otherwise.

import { expect, test } from "vitest";
import type { PlanTargets } from "../../proto/plan/bundle.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import { int64Type } from "../../proto/plan/types.ts";
import { planAction } from "./plan-action.ts";
import { oneInput } from "./plan-inputs.ts";

const text: LogicalNode = { kind: "readText", id: 0, pattern: "file:///in/" };
const called: LogicalNode = { kind: "map", id: 1, input: text };
const countsOf = (input: LogicalNode): LogicalNode => ({ kind: "countByValue", id: 2, input });
const sampled: LogicalNode = { kind: "sample", id: 1, input: text, fraction: 0.001, seed: 1 };
const repartitioned: LogicalNode = {
  ...{ kind: "repartition", id: 2, partitions: 5, input: text },
  by: "even",
};

const mib = 1024 * 1024;
const cut: PlanTargets = { splitBytes: mib, partitionBytes: mib, coalescedBytes: 1 };

/** Tasks of the stages that read what is shared. */
function readersOf(shared: LogicalNode, fileBytes: number): readonly number[] {
  const limited: LogicalNode = { kind: "limit", id: 4, input: shared, rows: 7 };
  const union: LogicalNode = { kind: "union", id: 5, inputs: [shared, limited] };
  const action = { kind: "collect", input: union } as const;
  const files = [{ uri: "file:///in/a.txt", sizeBytes: fileBytes }];
  const { stages } = planAction(action, 0, oneInput(action, files), { targets: cut }).graph;
  return stages
    .filter(({ program }) => program.source.kind === "shuffle" && program.source.node === shared.id)
    .filter(({ label }) => label.startsWith("held"))
    .map(({ taskCount }) => taskCount);
}

test("rows that are likely few are read by one task", () => {
  // A quarter is likely left by groups: 0.75 MiB of three partitions.
  expect(new Set(readersOf(countsOf(text), 3 * mib))).toEqual(new Set([1]));
  expect(new Set(readersOf(countsOf(sampled), 60 * mib))).toEqual(new Set([1]));
});

test("more rows are held by the tasks that made them", () => {
  expect(new Set(readersOf(countsOf(text), 9 * mib))).toEqual(new Set([9]));
});

test("as are those of plans with functions, whose cost bytes do not tell", () => {
  expect(new Set(readersOf(countsOf(called), 3 * mib))).toEqual(new Set([3]));
});

test("and those that the program asked to be in so many partitions", () => {
  expect(new Set(readersOf(repartitioned, mib / 2))).toEqual(new Set([5]));
});

test("and those that could be more than one task is given, however few are likely", () => {
  expect(new Set(readersOf(countsOf(sampled), 90 * mib))).toEqual(new Set([90]));
});

/** Stages that read the file, of rows with a condition that two steps read. */
function scansOf(condition: string, fileBytes: number, calls = false): number {
  const schema = { fields: [{ name: "a", type: int64Type, nullable: false }] };
  const read: LogicalNode = {
    ...{ kind: "readColumns", id: 0, pattern: "file:///in/", format: "parquet" },
    options: { schema },
  };
  const one: Expr = { kind: "literal", type: int64Type, text: "1" };
  const predicate: Expr = {
    ...{ kind: "call", name: condition, args: [{ kind: "column", name: "a" }, one] },
  };
  const where: LogicalNode = { kind: "where", id: 1, input: read, predicate };
  const total: LogicalNode = {
    ...{ kind: "aggregate", id: 2, input: where, keys: [] },
    aggregates: [{ name: "n", call: { function: "count", args: [], distinct: false } }],
  };
  const pairs: LogicalNode = {
    ...{ kind: "join", id: 3, left: where, right: total, type: "cross", on: [], rightNames: [] },
  };
  const input: LogicalNode = calls ? { kind: "map", id: 4, input: pairs } : pairs;
  const action = { kind: "collect", input } as const;
  const files = [{ uri: "file:///in/a.parquet", sizeBytes: fileBytes }];
  const { stages } = planAction(action, 0, oneInput(action, files), { targets: cut }).graph;
  return stages.filter(({ program }) => program.source.kind === "columns").length;
}

test("a scan that likely leaves few rows is read once for all who want them", () => {
  expect(scansOf("eq", 6 * mib)).toBe(1);
});

test("a scan is read again where it leaves most, or much, or is small, or where functions are called", () => {
  expect(scansOf("ne", 6 * mib)).toBe(2);
  expect(scansOf("eq", 60 * mib)).toBe(2);
  expect(scansOf("eq", 2 * mib)).toBe(2);
  expect(scansOf("eq", 6 * mib, true)).toBe(2);
});
