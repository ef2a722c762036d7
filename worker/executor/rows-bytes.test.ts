// The size of rows of functions: that of their values, by the first of many.

import { expect, test } from "vitest";
import { analyzedRowsSampled } from "../../proto/limits.ts";
import { rowsBytes } from "./rows-bytes.ts";

test.each<{ name: string; row: unknown; bytes: number }>([
  { name: "text", row: "word", bytes: 4 },
  { name: "a number", row: 1, bytes: 8 },
  { name: "a bigint", row: 2n, bytes: 8 },
  { name: "a boolean", row: true, bytes: 1 },
  { name: "null", row: null, bytes: 0 },
  { name: "a date", row: new Date(0), bytes: 8 },
  { name: "bytes", row: new Uint8Array(5), bytes: 5 },
  { name: "a record", row: { key: "ab", list: [1, 2] }, bytes: 18 },
  { name: "a pair", row: ["key", 1], bytes: 11 },
])("$name", ({ row, bytes }) => {
  expect(rowsBytes([row, row])).toBe(2 * bytes);
});

test("many rows are told by the first ones, and none are nothing", () => {
  const rows = Array.from({ length: 4 * analyzedRowsSampled }, () => "word");
  expect(rowsBytes(rows)).toBe(4 * rows.length);
  expect(rowsBytes([])).toBe(0);
});

test("a row that refers to itself has an end", () => {
  const row: Record<string, unknown> = { a: 1 };
  row.self = row;
  expect(rowsBytes([row])).toBe(8 * 8);
});
