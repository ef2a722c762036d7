// What operators tell the ones before them of the columns that they read.

import { expect, test } from "vitest";
import { batchOfRows } from "../../proto/batch/batch.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import { selectStage } from "./select.ts";
import type { Stage } from "./stage.ts";
import { gathering } from "./testing/run-stage.ts";
import { onlyWanted } from "./wanted-columns.ts";
import { whereStage } from "./where.ts";

const column = (name: string): Expr => ({ kind: "column", name });
const rows = [
  { a: 1, b: 2, c: 3 },
  { a: 5, b: 4, c: 6 },
];

test("a condition picks only what is read behind it", () => {
  const end = gathering();
  const less: Expr = { kind: "call", name: "lt", args: [column("a"), column("b")] };
  const seen: string[][] = [];
  const select = selectStage([{ name: "d", expr: column("c") }], end);
  const before: Stage = {
    ...select,
    pushBatch: (batch) => {
      seen.push(batch.columns.map(({ name }) => name));
      select.pushBatch(batch);
    },
  };
  const where = whereStage(less, before);
  expect([select.wants, where.wants]).toEqual([new Set(["c"]), new Set(["c", "a", "b"])]);
  where.pushBatch(batchOfRows(rows));
  expect(seen).toEqual([["c"]]);
  expect(end.batches.map(({ rows: count }) => count)).toEqual([1]);
  // Behind steps of which nothing is known all columns stay.
  expect(whereStage(less, end).wants).toBe(undefined);
});

test("rows keep a column though none is wanted, and values their one", () => {
  const batch = batchOfRows(rows);
  expect(onlyWanted(batch, new Set()).columns.map(({ name }) => name)).toEqual(["a"]);
  expect(onlyWanted(batch, undefined)).toBe(batch);
  const scalars = batchOfRows([1, 2]);
  expect(onlyWanted(scalars, new Set(["a"]))).toBe(scalars);
});
