// Divided groups come in the same order whatever memory there is: a task that runs again makes the same bytes.

import { expect, test, vi } from "vitest";
import { type Batch, batchRows as batchRowsOf, makeBatch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import type { Expr, NamedAggregate } from "../../../proto/plan/expr.ts";
import { columnOfValues } from "../../kernels/testing/arbitrary-columns.ts";
import { batchBytes } from "../../memory/batch-bytes.ts";
import { ArraySpillFiles, operatorMemoryOf } from "../../memory/memory-for-tests.ts";
import { aggregateStage } from "../aggregate.ts";
import { runStage } from "../testing/run-stage.ts";
import { floatColumn } from "./accumulator.ts";
import { Groups } from "./groups.ts";

const column = (name: string): Expr => ({ kind: "column", name });

const batchRows = 8192;

/** Keys that rise from batch to batch, and in each come in no order. */
function rising(batches: number): Batch[] {
  return Array.from({ length: batches }, (_, at) => {
    const values = new Int32Array(batchRows);
    for (let i = 0; i < batchRows; i++) values[i] = at * 4096 + ((i * 2731) % 8192);
    const base = { name: "k", length: batchRows, nulls: "null", validity: undefined } as const;
    const key: Column = { ...base, type: "int32", values };
    const value = { ...floatColumn(Float64Array.from(values), batchRows, undefined), name: "v" };
    return makeBatch("record", [key, value]);
  });
}

function keysOf(batches: readonly Batch[]): number[] {
  return batches.flatMap(({ columns }) =>
    Array.from((columns[0] as { values: Int32Array }).values),
  );
}

/** The first is added up by a kernel as long as memory lasts, the other by tables. */
const aggregates: readonly NamedAggregate[] = ["sum", "max"].map((name) => ({
  name,
  call: { function: name, args: [column("v")], distinct: false },
}));

test.each(aggregates)(
  "groups with their $name come by division, as the first batch has it",
  (made) => {
    const batches = rising(16);
    const run = (bytes: number, dividedBytesMin: number) => {
      const files = new ArraySpillFiles();
      const memory = operatorMemoryOf(bytes, files);
      const program = { keys: [{ name: "k", expr: column("k") }], aggregates: [made] };
      const tuning = {
        sharesMax: [],
        dividedBytesMin,
        nearBytesMax: 0,
        dividedTextBytesMin: dividedBytesMin,
      };
      const found = runStage(
        (next) => aggregateStage({ ...program, phase: "whole" }, memory, next, tuning),
        batches,
      );
      return { keys: keysOf(found), spills: files.created };
    };
    const usual = run(2 ** 40, 0);
    expect(usual.spills).toBe(0);
    expect(new Set(usual.keys).size).toBe(usual.keys.length);
    const little = run(3_000_000, 0);
    expect(little.spills).toBeGreaterThan(0);
    expect(little.keys).toEqual(usual.keys);
    expect(run(2 ** 40, 500_000).keys).toEqual(usual.keys);
  },
);

test("groups that rows meet shortly after they came stay in one table, up to a thread's own part", () => {
  const run = (batches: readonly Batch[], nearBytesMax: number) => {
    const memory = operatorMemoryOf(2 ** 40, new ArraySpillFiles());
    const program = { keys: [{ name: "k", expr: column("k") }], aggregates };
    const tuning = {
      sharesMax: [],
      dividedBytesMin: 200_000,
      dividedTextBytesMin: 0,
      nearBytesMax,
    };
    const found = runStage(
      (next) => aggregateStage({ ...program, phase: "whole" }, memory, next, tuning),
      batches,
    );
    return { keys: keysOf(found), batches: found.length };
  };
  const batches = rising(16);
  const inOrder = [...new Set(keysOf(batches))];
  const sorted = (keys: readonly number[]) => [...keys].sort((a, b) => a - b);
  expect(run(batches, 2 ** 30).keys).toEqual(inOrder);
  const divided = run(batches, 0);
  expect(divided.keys).not.toEqual(inOrder);
  expect(sorted(divided.keys)).toEqual(sorted(inOrder));
  // Rows that come back to the first groups, and groups that outgrow the bound.
  const back = [...batches, ...batches.slice(0, 1), ...rising(17).slice(16)];
  expect(run(back, 2 ** 30).keys).not.toEqual([...new Set(keysOf(back))]);
  expect(run(batches, 400_000).keys).not.toEqual(inOrder);
});

/** Groups of rows by long texts, in tables that are divided at once. */
function groupedTexts(rows: number, keyOf: (row: number) => number, limitBytes: number) {
  const batches = Array.from({ length: rows / 2000 }, (_, at) => {
    const values = Array.from({ length: 2000 }, (_, i) => at * 2000 + i);
    const texts = values.map((row) => String(keyOf(row)).padStart(100, "0"));
    return makeBatch("record", [
      columnOfValues("k", "utf8", texts),
      columnOfValues("v", "int32", values),
    ]);
  });
  const files = new ArraySpillFiles();
  const keys = [{ name: "k", expr: column("k") }];
  const tuning = { sharesMax: [], dividedBytesMin: 0, nearBytesMax: 0, dividedTextBytesMin: 0 };
  const memory = operatorMemoryOf(limitBytes, files);
  const program = { keys, aggregates: aggregates.slice(1), phase: "whole" } as const;
  const addStates = vi.spyOn(Groups.prototype, "addStates");
  const out = runStage((next) => aggregateStage(program, memory, next, tuning), batches);
  const tabled = addStates.mock.calls.reduce((all, [states]) => all + states.rows, 0);
  addStates.mockRestore();
  const bytes = batches.reduce((all, batch) => all + batchBytes(batch), 0);
  return { rows: out.flatMap(batchRowsOf), files, bytes, tabled };
}

test("rows of groups that hardly any share are written as they come, in blocks of many", () => {
  const keyOf = (row: number) => (row * 7919) % 50_000;
  const all = groupedTexts(50_000, keyOf, 2 ** 40);
  expect(all.files.created).toBe(0);
  expect(all.rows.length).toBe(50_000);
  const { rows, files, bytes, tabled } = groupedTexts(50_000, keyOf, 4 * 1024 * 1024);
  expect(rows).toEqual(all.rows);
  expect(files.writtenBytes).toBeLessThan(1.5 * bytes);
  expect(bytes / files.writes).toBeGreaterThan(4 * 1024);
  // In the end, and until the memory was full.
  expect(tabled).toBeLessThan(1.5 * rows.length);
});

test("rows of groups that many share become these before they are written", () => {
  const keyOf = (row: number) => (row % 5 < 4 ? row % 500 : row);
  const all = groupedTexts(100_000, keyOf, 2 ** 40);
  expect(all.files.created).toBe(0);
  const { rows, files, bytes } = groupedTexts(100_000, keyOf, 6 * 1024 * 1024);
  expect(rows).toEqual(all.rows);
  expect(files.writtenBytes).toBeGreaterThan(0);
  expect(files.writtenBytes).toBeLessThan(0.5 * bytes);
});
