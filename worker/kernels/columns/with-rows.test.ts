// Rows in a buffer that may be longer than they are.

import { expect, test } from "vitest";
import type { Column } from "../../../proto/batch/column.ts";
import { withRows } from "./with-rows.ts";

const base = { name: "n", length: 0, nulls: "null", validity: undefined } as const;
const words = new BigInt64Array(0);
const rows = 3;

test.each<[string, Column, number]>([
  ["whole numbers", { ...base, type: "int64", values: words }, 3],
  ["doubles", { ...base, type: "float64", values: new Float64Array(0) }, 3],
  ["days", { ...base, type: "date", values: new Int32Array(0) }, 3],
  ["decimals of a word", { ...base, type: "decimal", precision: 15, scale: 2, values: words }, 3],
  ["decimals of two", { ...base, type: "decimal", precision: 38, scale: 2, values: words }, 6],
])("%s have all their values, and no more", (_, column, values) => {
  const made = withRows(column, new ArrayBuffer(128), rows);
  expect([made.length, "values" in made && made.values.length]).toEqual([rows, values]);
});
