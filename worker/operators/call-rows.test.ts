// Functions called by generated loops see the rows that batches stand for.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Batch, batchOfRows, batchRows, makeBatch } from "../../proto/batch/batch.ts";
import { arbitraryColumn } from "../kernels/testing/arbitrary-columns.ts";
import { callRows } from "./call-rows.ts";
import { cellsBytes, cellsOf } from "./cells.ts";

const cells = cellsOf(new ArrayBuffer(cellsBytes));
const user = { cells, file: () => undefined, partition: 0, locate: () => ({}), labels: [] };

const answers = (closure: (row: unknown) => unknown, batch: Batch) =>
  [...callRows(closure, batch, user, 0)].flat();

test("rows of columns of any types, whole and by field", () => {
  const table = fc
    .integer({ min: 1, max: 20 })
    .chain((rows) =>
      fc
        .array(arbitraryColumn("c", rows), { minLength: 2, maxLength: 6 })
        .map((drawn) => drawn.map(({ column }, at) => ({ ...column, name: `c${at}` }))),
    );
  fc.assert(
    fc.property(table, fc.constantFrom("record", "pair", "scalar"), (columns, shape) => {
      const count = shape === "record" ? columns.length : shape === "pair" ? 2 : 1;
      const batch = makeBatch(shape as Batch["shape"], columns.slice(0, count));
      const rows = batchRows(batch);
      expect(answers((row) => row, batch)).toEqual(rows);
      if (shape !== "record") return;
      const first = (row: unknown) => (row as Record<string, unknown>)["c0"];
      expect(answers(first, batch)).toEqual(rows.map(first));
      const field = (row: unknown) => (row as { c1: unknown }).c1;
      expect(answers(field, batch)).toEqual(rows.map(field));
    }),
  );
});

test("names that are no identifiers, and rows without a key", () => {
  const rows = [{ "a b": 1, "it's": 2 }, { "a b": 3 }, {}];
  expect(answers((row) => row, batchOfRows(rows))).toEqual(rows);
});

test("the row that fails is in the cells", () => {
  const batch = batchOfRows(Array.from({ length: 20_000 }, (_, i) => ({ i })));
  const failing = ({ i }: { i: number }) => {
    if (i === 9000) throw new Error("here");
    return i;
  };
  const run = () => [...callRows(failing as (row: unknown) => unknown, batch, user, 50)];
  expect(run).toThrow("here");
  expect(cells.ints[2]).toBe(9050);
});
