// Groups and the sort behind them: one stage where the groups likely are few, whatever lies between.

import { expect, test } from "vitest";
import type { PlanTargets } from "../../proto/plan/bundle.ts";
import type { Expr, NamedAggregate } from "../../proto/plan/expr.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import { int64Type, type Schema } from "../../proto/plan/types.ts";
import { planAction } from "./plan-action.ts";
import { oneInput } from "./plan-inputs.ts";

const mib = 1024 * 1024;
const targets: PlanTargets = { splitBytes: mib, partitionBytes: mib, coalescedBytes: mib };

const schema: Schema = {
  fields: ["shop", "price"].map((name) => ({ name, type: int64Type, nullable: true })),
};
const read: LogicalNode = {
  ...{ kind: "readColumns", id: 0, format: "parquet", pattern: "file:///in/" },
  options: { schema },
};
const column = (name: string): Expr => ({ kind: "column", name });
const zero: Expr = { kind: "literal", type: int64Type, text: "0" };
const isZero = (name: string): Expr => ({
  ...{ kind: "call", name: "eq" },
  args: [column(name), zero],
});

const totals: readonly NamedAggregate[] = [
  { name: "total", call: { function: "sum", args: [column("price")], distinct: false } },
];
const few: LogicalNode = { kind: "sample", id: 1, input: read, fraction: 0.001, seed: 1 };
const groupsOf = (input: LogicalNode): LogicalNode => ({
  ...{ kind: "aggregate", id: 2, input },
  keys: [{ name: "shop", expr: column("shop") }],
  aggregates: totals,
});
const bySign = (more: readonly NamedAggregate[] = [], name = "gt"): LogicalNode => ({
  ...{ kind: "aggregate", id: 2, input: read },
  keys: [{ name: "shop", expr: { kind: "call", name, args: [column("shop"), zero] } }],
  aggregates: [...totals, ...more],
});
const distinctOf = (input: LogicalNode): LogicalNode => ({ kind: "distinct", id: 2, input });
const wanted = (input: LogicalNode): LogicalNode => ({
  ...{ kind: "where", id: 3, input },
  predicate: isZero("total"),
});
const renamed = (input: LogicalNode): LogicalNode => ({
  ...{ kind: "select", id: 4, input },
  columns: [{ name: "shop", expr: column("shop") }],
});
const sorted = (input: LogicalNode): LogicalNode => ({
  ...{ kind: "sortBy", id: 5, input },
  keys: [{ expr: column("shop"), direction: "asc", nulls: "last" }],
});

/** Tasks of each stage. */
function tasksOf(input: LogicalNode, fileBytes: number, cut = targets): readonly number[] {
  const action = { kind: "collect", input } as const;
  const files = [{ uri: "file:///in/a.parquet", sizeBytes: fileBytes }];
  const { stages } = planAction(action, 0, oneInput(action, files), { targets: cut }).graph;
  return stages.map(({ taskCount }) => taskCount);
}

test("groups that are likely few are made by the task that sorts them", () => {
  // A quarter is likely left: 0.75 MiB of three tasks.
  expect(tasksOf(sorted(groupsOf(read)), 3 * mib)).toEqual([3, 1]);
  expect(tasksOf(sorted(distinctOf(read)), 3 * mib)).toEqual([3, 1]);
  expect(tasksOf(sorted(groupsOf(few)), 60 * mib)).toEqual([60, 1]);
});

test("also by way of their columns and of a condition", () => {
  expect(tasksOf(sorted(renamed(wanted(groupsOf(read)))), 3 * mib)).toEqual([3, 1]);
});

test("more groups are made by several tasks", () => {
  expect(tasksOf(sorted(groupsOf(read)), 9 * mib).slice(0, 2)).toEqual([9, 9]);
});

test("as are those that could be more than one task is given, however few are likely", () => {
  expect(tasksOf(sorted(groupsOf(few)), 90 * mib).slice(0, 2)).toEqual([90, 90]);
});

test("groups that are not sorted, or of which the first are wanted alone, where there is little below them", () => {
  const first = (input: LogicalNode): LogicalNode => ({
    ...{ kind: "limit", id: 6, input: sorted(input), rows: 7 },
  });
  expect(tasksOf(groupsOf(read), 3 * mib)).toEqual([3, 1]);
  expect(tasksOf(groupsOf(few), 16 * mib)).toEqual([16, 1]);
  expect(tasksOf(first(groupsOf(few)), 16 * mib)).toEqual([16, 1]);
  expect(tasksOf(groupsOf(read), 9 * mib)).toEqual([9, 9]);
  expect(tasksOf(groupsOf(few), 17 * mib)).toEqual([17, 17]);
  expect(tasksOf(first(groupsOf(few)), 17 * mib)).toEqual([17, 17, 1]);
});

test("and those that others read too", () => {
  const groups = groupsOf(few);
  const both: LogicalNode = { kind: "union", id: 7, inputs: [sorted(groups), groups] };
  expect(tasksOf(both, 60 * mib).slice(0, 2)).toEqual([60, 60]);
});

test("and those of plans with functions, whose cost bytes do not tell", () => {
  const called: LogicalNode = { kind: "filter", id: 1, input: read };
  expect(tasksOf(sorted(groupsOf(called)), 3 * mib).slice(0, 2)).toEqual([3, 3]);
});

test("and where no small partitions are to be read together", () => {
  const none = { ...targets, coalescedBytes: 0 };
  expect(tasksOf(sorted(groupsOf(read)), 3 * mib, none).slice(0, 2)).toEqual([3, 3]);
});

test("groups whose keys tell that they are few are made by one task, sorted or not, of however much", () => {
  expect(tasksOf(sorted(bySign()), 90 * mib)).toEqual([90, 1]);
  expect(tasksOf(bySign(), 90 * mib)).toEqual([90, 1]);
  const first: LogicalNode = { kind: "limit", id: 6, input: sorted(bySign()), rows: 7 };
  expect(tasksOf(first, 90 * mib)).toEqual([90, 1]);
});

test("but not where functions tell nothing, or where few groups bring along values of all rows", () => {
  expect(tasksOf(bySign([], "add"), 90 * mib)).toEqual([90, 90]);
  for (const of of ["collectList", "median", "countDistinct"]) {
    const call = { function: of, args: [column("price")], distinct: false };
    expect(tasksOf(bySign([{ name: "all", call }]), 90 * mib)).toEqual([90, 90]);
  }
  const call = { function: "sum", args: [column("price")], distinct: true };
  expect(tasksOf(bySign([{ name: "all", call }]), 90 * mib)).toEqual([90, 90]);
});
