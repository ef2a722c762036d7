// Numbers in order against the order by words, which sorts everything else.

import { describe, expect, test } from "vitest";
import type { Column } from "../../../proto/batch/column.ts";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import { columnOfValues } from "../testing/arbitrary-columns.ts";
import { argsort } from "./argsort.ts";
import { gather, slice } from "./gather.ts";
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
  ["doubles of a few exponents", make("float64", () => next() / 2 ** 32 - 0.5)],
  ["one double far off", make("float64", () => (next() % 999 === 0 ? 1e300 : next()))],
  ["infinities", make("float64", () => [1, -1, Infinity, -Infinity, 5e-324][next() % 5])],
  ["whole numbers", make("int53", () => (next() - 2 ** 31) * (next() % 2 ** 21))],
  ["long numbers", make("int64", () => BigInt.asIntN(64, BigInt(next()) * BigInt(next()) * 3n))],
  ["equal numbers", make("int64", () => -7n)],
  ["both ends", make("int64", () => [2n ** 63n - 1n, -(2n ** 63n), 0n, -1n][next() % 4])],
  ["times", make("timestamp", () => new Date(next() * 1000))],
];

/** All of them, asked for in pieces. */
function inOrder(parts: readonly Column[], direction: "asc" | "desc", wantsRows: boolean) {
  const sorted = numbersInOrder(parts, direction, wantsRows)!;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const found = { values: [] as unknown[], rows: [] as number[] };
  for (let start = 0; start < length; start += 777) {
    const end = Math.min(start + 777, length);
    found.values.push(...columnValues(sorted.column(start, end)));
    if (wantsRows) found.rows.push(...sorted.rows(start, end));
  }
  sorted.close();
  return found;
}

describe.each(columns)("%s", (_, column) => {
  test.each(["asc", "desc"] as const)(
    "%s, with rows and alone, whole and in parts",
    (direction) => {
      const wanted = argsort(rows, sortSteps(column, direction, "first"));
      const values = columnValues(gather(column, wanted));
      const parts = [slice(column, 0, 1), slice(column, 1, 3000), slice(column, 3000, rows)];
      for (const own of [[column], parts]) {
        expect(inOrder(own, direction, true)).toEqual({ values, rows: [...wanted] });
        expect(inOrder(own, direction, false)).toEqual({ values, rows: [] });
      }
    },
  );
});

const bytesOf = ({ buffer, byteOffset, byteLength }: Float64Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

test("as many numbers as fill all buckets, whose exponents differ little", () => {
  const values = Float64Array.from({ length: 300_000 }, () => next() / 2 ** 32 - 0.5);
  const base = { name: "v", length: values.length, nulls: "null", validity: undefined } as const;
  const sorted = numbersInOrder([{ ...base, type: "float64", values }], "asc", false)!;
  const found = sorted.column(0, values.length);
  sorted.close();
  if (found.type !== "float64") throw new Error("a column of doubles went astray");
  expect(Buffer.compare(bytesOf(found.values), bytesOf(values.slice().sort()))).toBe(0);
});

test("what keys do not tell apart is left to the other order, and so are nulls and few rows", () => {
  const odd = make("float64", () => 1);
  for (const value of [-0, Number.NaN]) {
    const values = [...columnValues(odd)];
    values[777] = value;
    const column = columnOfValues("v", "float64", values);
    expect(numbersInOrder([column], "asc", true)).toBeUndefined();
  }
  const withNull = columnOfValues("v", "int53", [null, ...Array.from({ length: rows }, () => 1)]);
  expect(numbersInOrder([withNull], "asc", true)).toBeUndefined();
  expect(numbersInOrder([columnOfValues("v", "int53", [2, 1])], "asc", true)).toBeUndefined();
});
