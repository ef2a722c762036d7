// Steps by functions that keep rows as they are keep their columns too: a decimal does not become a text.

import { describe, expect, test } from "vitest";
import { type Batch, makeBatch } from "../../proto/batch/batch.ts";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import { columnType } from "../../proto/batch/column.ts";
import { decimalType, int32Type, typeText } from "../../proto/plan/types.ts";
import { cellsBytes, cellsOf } from "./cells.ts";
import { filterStage } from "./filter.ts";
import { sortStage } from "./sort.ts";
import { keyReader } from "./sort-keys.ts";
import { rowsOfBatches, runStage } from "./testing/run-stage.ts";

const user = {
  cells: cellsOf(new ArrayBuffer(cellsBytes)),
  file: () => undefined,
  partition: 0,
  locate: () => ({}),
  labels: ["the step"],
};

function batchOf(prices: readonly (string | null)[], counts: readonly number[]): Batch {
  return makeBatch("record", [
    buildColumnAs("price", decimalType(9, 2), prices, "null"),
    buildColumnAs("count", int32Type, counts, "null"),
  ]);
}

const batches = [batchOf(["1.50", null], [2, 3]), batchOf([null, "0.25"], [5, 4])];
const typesOf = (found: readonly Batch[]) =>
  new Set(found.flatMap(({ columns }) => columns.map((column) => typeText(columnType(column)))));

describe("columns keep their types", () => {
  test("filter", () => {
    const isWanted = (row: unknown) => (row as { count: number }).count > 2;
    const found = runStage((next) => filterStage(isWanted, 0, user, next), batches);
    expect(typesOf(found)).toEqual(new Set(["decimal(9,2)", "int32"]));
    expect(rowsOfBatches(found)).toEqual([
      { price: null, count: 3 },
      { price: null, count: 5 },
      { price: "0.25", count: 4 },
    ]);
  });

  test.each([2, Number.POSITIVE_INFINITY])("orderBy, the first %d rows", (rowsMax) => {
    const key = { by: { kind: "column", name: "count" }, direction: "desc" } as const;
    const reader = keyReader(key, undefined, 0, user);
    const found = runStage((next) => sortStage(key, rowsMax, reader, next), batches);
    expect(typesOf(found)).toEqual(new Set(["decimal(9,2)", "int32"]));
    const counts = (rowsOfBatches(found) as { count: number }[]).map(({ count }) => count);
    expect(counts).toEqual([5, 4, 3, 2].slice(0, rowsMax));
  });
});
