// Rows picked by the kernel, against those that a plain loop picks.

import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { type Column, isValid } from "../../../proto/batch/column.ts";
import { batchRowsMax } from "../../../proto/limits.ts";
import { gather } from "./gather.ts";
import { WordPicker } from "./word-picker.ts";

const length = 262_147;
const whole = { name: "c", length, nulls: "null", validity: undefined } as const;
const random = (i: number): number => Math.imul(i + 1, 0x9e3779b1);
const ints = Int32Array.from({ length }, (_, i) => random(i));
const words = new BigInt64Array(new Float64Array(length).fill(0.1).map((v, i) => v * i).buffer);
const validity = Uint8Array.from({ length: (length + 7) >> 3 }, (_, i) => random(i) >>> 24);

const columns: readonly Column[] = [
  { ...whole, type: "int32", values: ints },
  { ...whole, type: "float64", values: new Float64Array(words.buffer) },
  { ...whole, type: "int64", values: words },
  { ...whole, type: "int64", values: words, validity },
];

test("rows are those that a plain loop picks, however many, also where the column is a part of another", () => {
  for (const column of columns) {
    const picker = WordPicker.open(column)!;
    for (const count of [0, 1, 7, 8, 9, 1001, batchRowsMax]) {
      const rows = Int32Array.from({ length: count }, (_, i) => (random(i) >>> 0) % length);
      expect(isDeepStrictEqual(picker.pick(rows), gather(column, rows))).toBe(true);
    }
    picker.close();
  }
  const part: Column = { ...whole, length: length - 1, type: "int32", values: ints.subarray(1) };
  const picker = WordPicker.open(part)!;
  expect(picker.pick(Int32Array.of(0, length - 2))).toEqual(
    gather(part, Int32Array.of(0, length - 2)),
  );
  picker.close();
});

test("a row of -1 is picked as 0, as a null of nullable columns, and from memory that is lent", () => {
  for (const column of columns) {
    const picker = WordPicker.open(column)!;
    const rows = Int32Array.from({ length: 1001 }, (_, i) => (i % 3 === 0 ? -1 : i));
    const found = picker.pick(rows);
    const present = gather(
      column,
      rows.filter((row) => row >= 0),
    );
    const isThere = (_: unknown, at: number) => rows[at]! >= 0;
    const valuesOf = (of: Column) => [...(of as { readonly values: Int32Array }).values];
    const validOf = (of: Column) => Array.from({ length: of.length }, (_, at) => isValid(of, at));
    expect(valuesOf(found).filter(isThere)).toEqual(valuesOf(present));
    expect(valuesOf(found).every((value, at) => rows[at]! >= 0 || Number(value) === 0)).toBe(true);
    expect(validOf(found).filter(isThere)).toEqual(validOf(present));
    if (column.validity !== undefined) expect(isValid(found, 0)).toBe(false);
    expect(isDeepStrictEqual(picker.lend(rows), found)).toBe(true);
    const others = rows.map((row) => row + 1);
    expect(isDeepStrictEqual(picker.lend(others), gather(column, others))).toBe(true);
    picker.close();
  }
});

test("columns that a cache holds, and those of other types, are left to plain loops", () => {
  expect(
    WordPicker.open({ ...columns[0]!, length: 10, ...{ values: ints.subarray(0, 10) } } as Column),
  ).toBe(undefined);
  const bools: Column = { ...whole, type: "bool", values: validity };
  expect(WordPicker.open(bools)).toBe(undefined);
});
