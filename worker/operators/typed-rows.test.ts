// Steps by functions that keep rows as they are keep their columns too: a decimal does not become a text.

import { describe, expect, test } from "vitest";
import { type Batch, makeBatch } from "../../proto/batch/batch.ts";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import { columnType } from "../../proto/batch/column.ts";
import { decimalType, int32Type, utf8Type } from "../../proto/plan/types.ts";
import { operatorMemoryOf } from "../memory/memory-for-tests.ts";
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

/** Whether items of the lists may be null shows by their values, and makes no other type. */
const tags = { kind: "list", item: { name: "item", type: utf8Type, nullable: true } } as const;

function batchOf(prices: readonly (string | null)[], counts: readonly number[]): Batch {
  const items = counts.map((count) => [count > 4 ? null : "a"]);
  return makeBatch("record", [
    buildColumnAs("price", decimalType(9, 2), prices, "null"),
    buildColumnAs("count", int32Type, counts, "null"),
    buildColumnAs("tags", tags, items, "null"),
  ]);
}

const batches = [batchOf(["1.50", null], [2, 3]), batchOf([null, "0.25"], [5, 4])];
const typesOf = (found: readonly Batch[]) =>
  new Set(found.flatMap(({ columns }) => columns.map((column) => columnType(column).kind)));

describe("columns keep their types", () => {
  test("filter", () => {
    const isWanted = (row: unknown) => (row as { count: number }).count > 2;
    const found = runStage((next) => filterStage(isWanted, 0, user, next), batches);
    expect(typesOf(found)).toEqual(new Set(["decimal", "int32", "list"]));
    expect(rowsOfBatches(found)).toEqual([
      { price: null, count: 3, tags: ["a"] },
      { price: null, count: 5, tags: [null] },
      { price: "0.25", count: 4, tags: ["a"] },
    ]);
  });

  test.each([2, Number.POSITIVE_INFINITY])("orderBy, the first %d rows", (rowsMax) => {
    const key = { by: { kind: "column", name: "count" }, direction: "desc" } as const;
    const reader = keyReader(key, undefined, 0, user);
    const found = runStage(
      (next) => sortStage(key, rowsMax, reader, operatorMemoryOf(), next),
      batches,
    );
    expect(typesOf(found)).toEqual(new Set(["decimal", "int32", "list"]));
    const counts = (rowsOfBatches(found) as { count: number }[]).map(({ count }) => count);
    expect(counts).toEqual([5, 4, 3, 2].slice(0, rowsMax));
  });
});
