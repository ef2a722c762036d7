// Tables from numbers to rows, against a map of lists.

import fc from "fast-check";
import { expect, test } from "vitest";
import { HashedRows } from "./hashed-rows.ts";
import { DirectRows, type RowsByNumber, RowsInOrder, rowsByNumber } from "./rows-by-number.ts";
import type { WholeKeys } from "./whole-keys.ts";

const least = -0x8000_0000;
const greatest = 0x7fff_ffff;
const near = fc.integer({ min: -20, max: 20 });
const numbers = fc.oneof(
  fc.array(near, { maxLength: 40 }),
  fc.array(fc.oneof(near, fc.integer({ min: least, max: greatest })), { maxLength: 40 }),
  fc.array(fc.constantFrom(least, least + 1, 0, greatest - 1, greatest), { maxLength: 8 }),
);

function rowsFound(table: RowsByNumber, wanted: readonly number[]): readonly number[][] {
  const firsts = new Int32Array(wanted.length);
  const found = table.find(Int32Array.from(wanted), firsts);
  expect(found).toBe(firsts.filter((row) => row >= 0).length);
  return [...firsts].map((first) => {
    const rows: number[] = [];
    for (let row = first; row >= 0; row = table.next?.[row] ?? -1) rows.push(row);
    return rows;
  });
}

function expectRows(table: RowsByNumber, { values, outside }: WholeKeys, wanted: number[]): void {
  const rows = new Map<number, number[]>();
  for (const [row, value] of values.entries()) {
    if (outside?.[row] === 1) continue;
    rows.set(value, [...(rows.get(value) ?? []), row]);
  }
  expect(rowsFound(table, wanted)).toEqual(wanted.map((value) => rows.get(value) ?? []));
  expect(table.next === undefined).toBe([...rows.values()].every(({ length }) => length === 1));
}

test("all rows of a number are found in order, and no others", () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(numbers, numbers, fc.boolean(), (kept, others, hasOutside) => {
      const outside = hasOutside
        ? Uint8Array.from(kept, (_, i) => (i % 3 === 0 ? 1 : 0))
        : undefined;
      const keys = { values: Int32Array.from(kept), outside };
      const table = rowsByNumber(keys);
      kinds.add(table.constructor.name);
      const wanted = [...kept, ...others, ...kept.map((value) => (value + 1) | 0)];
      expectRows(table, keys, wanted);
      const rows = kept.filter((_, i) => outside?.[i] !== 1).length;
      expectRows(new HashedRows(keys, rows), keys, wanted);
    }),
    { numRuns: 500 },
  );
  expect(kinds.size).toBe(2);
});

test("numbers that have each one row need no table once the rows are in their order", () => {
  const values = Int32Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 1000) - 300);
  const table = rowsByNumber({ values, outside: undefined }) as DirectRows;
  expect(table).toBeInstanceOf(DirectRows);
  expect([table.isFull, table.min]).toEqual([true, -300]);
  const inOrder = new RowsInOrder(table.min, values.length);
  const wanted = [-301, -300, 0, 699, 700, least, greatest];
  const order = table.places.map((place) => place - 1);
  const own = rowsFound(inOrder, wanted).map((rows) => rows.map((row) => order[row]!));
  expect(own).toEqual(rowsFound(table, wanted));
  const gap = rowsByNumber({ values: Int32Array.of(1, 3), outside: undefined }) as DirectRows;
  const twice = rowsByNumber({ values: Int32Array.of(1, 2, 2), outside: undefined }) as DirectRows;
  expect([gap.isFull, twice.isFull]).toEqual([false, false]);
});
