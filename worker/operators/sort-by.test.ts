// What a sort hands on after its input is copies: whoever made the batches may use their memory again.

import fc from "fast-check";
import { expect, test } from "vitest";
import { type Batch, batchOfRows } from "../../proto/batch/batch.ts";
import type { SortExpr } from "../../proto/plan/expr.ts";
import { slice } from "../kernels/columns/gather.ts";
import { arbitraryColumn, cutAt } from "../kernels/testing/arbitrary-columns.ts";
import { ArraySpillFiles, operatorMemoryOf } from "../memory/memory-for-tests.ts";
import type { OperatorMemory } from "../memory/task-memory.ts";
import { sortByStage } from "./sort-by.ts";
import { gathering, rowsOfBatches } from "./testing/run-stage.ts";
import { copiedBatch, spoil } from "./testing/spoiled-batches.ts";

const keys: readonly SortExpr[] = [
  { expr: { kind: "column", name: "a" }, direction: "asc", nulls: "first" },
];

/** What comes out, looked at when all of it is there and what `end` does is done. */
function sortedRows(
  batches: readonly Batch[],
  rowsMax: number,
  memory: OperatorMemory,
  end: (pushed: readonly Batch[]) => void,
): unknown[] {
  const next = gathering();
  const stage = sortByStage(keys, rowsMax, memory, next);
  const pushed = batches.filter(({ rows }) => rows > 0).map(copiedBatch);
  for (const batch of pushed) stage.pushBatch(batch);
  for (const _ of stage.finish());
  expect(stage.handsOnCopies).toBe(true);
  end(pushed);
  return rowsOfBatches(next.batches);
}

test("rows in order are the same once the memory of the batches is used for others", () => {
  const cases = fc.nat(60).chain((rows) =>
    fc.record({
      columns: fc.tuple(...["a", "b", "c"].map((name) => arbitraryColumn(name, rows))),
      cuts: fc.array(fc.nat(60), { maxLength: 6 }),
      rowsMax: fc.constantFrom(Number.POSITIVE_INFINITY, 5),
      bytes: fc.constantFrom(500, 6000, 2 ** 30),
    }),
  );
  fc.assert(
    fc.property(cases, ({ columns, cuts, rowsMax, bytes }) => {
      const all = columns.map(({ column }) => column);
      const batches = cutAt(all, cuts, slice);
      const memory = () => operatorMemoryOf(bytes, new ArraySpillFiles());
      const found = sortedRows(batches, rowsMax, memory(), (pushed) => pushed.forEach(spoil));
      expect(found).toEqual(sortedRows(batches, rowsMax, memory(), () => undefined));
    }),
    { numRuns: 300 },
  );
});

/** Many enough for radix passes, and bytes enough for texts to be picked in the memory of a kernel. */
const manyRows = 600;
const disordered = Array.from({ length: manyRows }, (_, row) => (row * 7919) % manyRows);

type RowOf = (n: number) => Record<string, unknown>;

test.each<[string, RowOf]>([
  ["numbers alone", (n: number) => ({ a: n + 0.5 })],
  ["numbers and others", (n: number) => ({ a: n + 0.5, b: `${n}`, c: n % 2 === 0 })],
  ["long texts alone", (n: number) => ({ a: `${n}`.padStart(4000) })],
  ["long texts by a number", (n: number) => ({ a: n, b: `${n}`.padStart(4000) })],
])("the same of many rows: %s, in one batch and in several", (_, rowOf) => {
  const rows = disordered.map(rowOf);
  const inOrder = disordered.map((__, n) => rowOf(n));
  for (const batchRows of [manyRows, 250]) {
    const batches: Batch[] = [];
    for (let start = 0; start < manyRows; start += batchRows) {
      batches.push(batchOfRows(rows.slice(start, start + batchRows)));
    }
    const memory = operatorMemoryOf(2 ** 30, new ArraySpillFiles());
    const all = Number.POSITIVE_INFINITY;
    const found = sortedRows(batches, all, memory, (pushed) => pushed.forEach(spoil));
    expect(found).toEqual(inOrder);
  }
});
