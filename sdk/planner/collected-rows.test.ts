// A limit counts for the whole answer, whichever steps stand above it.

import { expect, test } from "vitest";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import { collectedRowsMax } from "./collected-rows.ts";

const rows: LogicalNode = { kind: "range", id: 0, start: 0, end: 9, step: 1 };
const limited = (input: LogicalNode, most: number): LogicalNode => ({
  kind: "limit",
  id: 1,
  rows: most,
  input,
});
const without = (input: LogicalNode): LogicalNode => ({
  ...{ kind: "alter", id: 2, drop: ["m"], rename: [], columns: [] },
  input,
});
const most = (input: LogicalNode) => collectedRowsMax({ kind: "collect", input });

test("a limit below a step that drops a column is seen", () => {
  expect(most(without(limited(rows, 3)))).toBe(3);
});

test("of two limits the smaller one counts", () => {
  expect(most(limited(limited(rows, 3), 5))).toBe(3);
  expect(most(limited(without(limited(rows, 7)), 5))).toBe(5);
});

test("without a limit, and above steps that make more rows, all count", () => {
  expect(most(rows)).toBeUndefined();
  expect(most({ kind: "union", id: 3, inputs: [limited(rows, 3), rows] })).toBeUndefined();
});
