// Numbers in order against the order by words, which sorts everything else.

import { describe, expect, test } from "vitest";
import type { Column } from "../../../proto/batch/column.ts";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import { columnOfValues } from "../testing/arbitrary-columns.ts";
import { argsort } from "./argsort.ts";
import { gather } from "./gather.ts";
import { numbersInOrder } from "./sort-numbers.ts";
import { sortSteps } from "./sort-words.ts";

let state = 11;
const next = (): number => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  return state;
};

const rows = 5000;
const make = (kind: string, oneOf: () => unknown): Column =>
  columnOfValues("v", kind, Array.from({ length: rows }, oneOf));

const columns: readonly (readonly [string, Column])[] = [
  ["doubles", make("float64", () => (next() - 2 ** 31) * 2 ** ((next() % 200) - 100))],
  ["few doubles", make("float64", () => (next() % 7) - 3.5)],
  ["infinities", make("float64", () => [1, -1, Infinity, -Infinity, 5e-324][next() % 5])],
  ["whole numbers", make("int53", () => (next() - 2 ** 31) * (next() % 2 ** 21))],
  ["long numbers", make("int64", () => BigInt.asIntN(64, BigInt(next()) * BigInt(next()) * 3n))],
  ["times", make("timestamp", () => new Date(next() * 1000))],
];

describe.each(columns)("%s", (_, column) => {
  test.each(["asc", "desc"] as const)("%s, with rows and alone", (direction) => {
    const wanted = argsort(rows, sortSteps(column, direction, "first"));
    const sorted = numbersInOrder(column, direction, true)!;
    expect(sorted.rows).toEqual(wanted);
    expect(columnValues(sorted.column)).toEqual(columnValues(gather(column, wanted)));
    const alone = numbersInOrder(column, direction, false)!;
    expect(alone.rows).toBeUndefined();
    expect(columnValues(alone.column)).toEqual(columnValues(sorted.column));
  });
});

test("what keys do not tell apart is left to the other order, and so are nulls and few rows", () => {
  const odd = make("float64", () => 1);
  for (const value of [-0, Number.NaN]) {
    const values = [...columnValues(odd)];
    values[777] = value;
    const column = columnOfValues("v", "float64", values);
    expect(numbersInOrder(column, "asc", true)).toBeUndefined();
  }
  const withNull = columnOfValues("v", "int53", [null, ...Array.from({ length: rows }, () => 1)]);
  expect(numbersInOrder(withNull, "asc", true)).toBeUndefined();
  expect(numbersInOrder(columnOfValues("v", "int53", [2, 1]), "asc", true)).toBeUndefined();
});
