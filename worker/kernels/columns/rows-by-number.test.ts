// Tables from numbers to rows, against a map of lists.

import fc from "fast-check";
import { expect, test } from "vitest";
import { HashedRows } from "./hashed-rows.ts";
import { RankedRows } from "./ranked-rows.ts";
import {
  DirectRows,
  type RowsByNumber,
  RowsInOrder,
  rangeOf,
  rowsByNumber,
} from "./rows-by-number.ts";
import type { WholeKeys } from "./whole-keys.ts";

const least = -0x8000_0000;
const greatest = 0x7fff_ffff;
const near = fc.integer({ min: -20, max: 20 });
const numbers = fc.oneof(
  fc.array(near, { maxLength: 40 }),
  fc.array(fc.oneof(near, fc.integer({ min: least, max: greatest })), { maxLength: 40 }),
  fc.array(fc.constantFrom(least, least + 1, 0, greatest - 1, greatest), { maxLength: 8 }),
);

/** Rows of the table as rows that came, for each number. */
function rowsFound(table: RowsByNumber, wanted: readonly number[]): readonly number[][] {
  const firsts = new Int32Array(wanted.length);
  const values = Int32Array.from(wanted);
  const found = table.find(values, firsts);
  expect(found).toBe(firsts.filter((row) => row >= 0).length);
  const ownRow = (row: number): number => table.order?.[row] ?? row;
  const pairs = table.pairsOf?.({ values, outside: undefined });
  return [...firsts].map((first, at) => {
    if (table.isUnique) return first < 0 ? [] : [ownRow(first)];
    const rows: number[] = [];
    for (let row = first; row >= 0; row = table.next?.[row] ?? -1) rows.push(row);
    if (pairs === undefined) return rows.map(ownRow);
    expect(rows.length).toBe(first < 0 ? 0 : 1);
    const own = [...pairs.kept].filter((_, i) => pairs.probe[i] === at);
    if (first >= 0) expect(own[0]).toBe(first);
    return own.map(ownRow);
  });
}

function expectRows(table: RowsByNumber, { values, outside }: WholeKeys, wanted: number[]): void {
  const rows = new Map<number, number[]>();
  for (const [row, value] of values.entries()) {
    if (outside?.[row] === 1) continue;
    rows.set(value, [...(rows.get(value) ?? []), row]);
  }
  expect(rowsFound(table, wanted)).toEqual(wanted.map((value) => rows.get(value) ?? []));
  expect(table.isUnique).toBe([...rows.values()].every(({ length }) => length === 1));
  const { order } = table;
  if (order !== undefined) expect([...order].sort((a, b) => a - b)).toEqual([...values.keys()]);
}

const outsideOf = (count: number) => Uint8Array.from({ length: count }, (_, i) => +(i % 3 === 0));

test("all rows of a number are found in order, and no others", () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(numbers, numbers, fc.boolean(), (kept, others, hasOutside) => {
      const outside = hasOutside ? outsideOf(kept.length) : undefined;
      const keys = { values: Int32Array.from(kept), outside };
      const wanted = [...kept, ...others, ...kept.map((value) => (value + 1) | 0)];
      for (const reorder of ["never", "whereFull", "always"] as const) {
        const table = rowsByNumber(keys, reorder);
        kinds.add(table.constructor.name);
        expectRows(table, keys, wanted);
        table.close?.();
      }
      const rows = kept.filter((_, i) => outside?.[i] !== 1).length;
      expectRows(new HashedRows(keys, rows), keys, wanted);
    }),
    { numRuns: 300 },
  );
  expect([...kinds].sort()).toEqual(["DirectRows", "HashedRows", "RowsInOrder"]);
});

const ranged = fc.array(
  fc.oneof(fc.integer({ min: -40, max: 40 }), fc.constantFrom(least, greatest)),
  { maxLength: 60 },
);

test("ranks within a range find the same, whatever rows are put in their order", () => {
  fc.assert(
    fc.property(
      ranged,
      ranged,
      fc.boolean(),
      fc.boolean(),
      (own, others, hasOutside, mayReorder) => {
        const kept = own.filter((value) => Math.abs(value) <= 40);
        const outside = hasOutside ? outsideOf(kept.length) : undefined;
        const keys = { values: Int32Array.from(kept), outside };
        const range = rangeOf(keys);
        const table = RankedRows.of(keys, range, mayReorder)!;
        expectRows(table, keys, [...kept, ...others]);
        expectRows(table, keys, [...others, ...kept]);
        table.close();
      },
    ),
    { numRuns: 300 },
  );
});

test("ranks leave out rows that are looked for without a number", () => {
  const keys = { values: Int32Array.of(7, 5, 7), outside: undefined };
  const table = RankedRows.of(keys, rangeOf(keys), true)!;
  const values = Int32Array.of(7, 7, 5);
  const pairs = table.pairsOf({ values, outside: Uint8Array.of(0, 1, 0) })!;
  expect([[...pairs.probe], [...pairs.kept].map((row) => table.order![row])]).toEqual([
    [0, 0, 2],
    [0, 2, 1],
  ]);
  table.close();
});

test("numbers over all of a range, and many rows of one, take more than a small kernel has", () => {
  const values = Int32Array.from({ length: 120_000 }, (_, i) =>
    i % 2 === 0 ? 5 : Math.imul(i, 7919) % 1_000_000,
  );
  const keys = { values, outside: undefined };
  const table = rowsByNumber(keys, "always");
  expect(table).toBeInstanceOf(RankedRows);
  const wanted = Int32Array.from({ length: 10 }, () => 5);
  const pairs = table.pairsOf!({ values: wanted, outside: undefined })!;
  const fives = [...values.keys()].filter((row) => values[row] === 5);
  expect(pairs.kept.length).toBe(10 * fives.length);
  expect([...pairs.kept.subarray(0, fives.length)].map((row) => table.order![row])).toEqual(fives);
  table.close?.();
});

test("numbers that have each one row need no table once the rows are in their order", () => {
  for (const count of [1000, 100_000]) {
    const values = Int32Array.from({ length: count }, (_, i) => ((i * 7919) % count) - 300);
    const keys = { values, outside: undefined };
    const table = rowsByNumber(keys, "whereFull");
    expect(table).toBeInstanceOf(RowsInOrder);
    const wanted = [-301, -300, 0, count - 301, count - 300, least, greatest];
    const own = rowsByNumber(keys, "never");
    expect(own.order).toBe(undefined);
    expect(rowsFound(table, wanted)).toEqual(rowsFound(own, wanted));
    own.close?.();
  }
  const kindOf = (...values: number[]) =>
    rowsByNumber({ values: Int32Array.from(values), outside: undefined }, "always");
  expect(kindOf(1, 3)).toBeInstanceOf(DirectRows);
  expect(kindOf(1, 2, 2)).toBeInstanceOf(DirectRows);
});
