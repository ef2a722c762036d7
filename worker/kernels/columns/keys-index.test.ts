// Numbers of keys of many columns, against a map of their texts and the table that this one stands in for.
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { type Column, textColumn } from "../../../proto/batch/column.ts";
import { keysIndexesMax } from "../../../proto/limits.ts";
import { arbitraryColumn, columnOfValues } from "../testing/arbitrary-columns.ts";
import { slice } from "./gather.ts";
import { firstRows, GroupIndex } from "./group-index.ts";
import { GroupTable } from "./group-table.ts";
import { keyRows } from "./key-rows.ts";
import { KeysIndex } from "./keys-index.ts";

const opened: KeysIndex[] = [];

function open(columns: number, bytesMax?: number): KeysIndex {
  const index = KeysIndex.open(columns, bytesMax)!;
  opened.push(index);
  return index;
}

afterEach(() => {
  for (const index of opened.splice(0)) index.close();
});

const tables = fc
  .integer({ min: 0, max: 60 })
  .chain((rows) =>
    fc
      .array(arbitraryColumn("c", rows), { minLength: 1, maxLength: 12 })
      .map((columns) => ({ rows, columns: columns.map(({ column }) => column) })),
  );

const parts = (columns: readonly Column[], start: number, end: number) =>
  columns.map((column) => slice(column, start, end));

test("numbers, new rows and what is found are those of the plain table, whatever the cut", () => {
  fc.assert(
    fc.property(tables, fc.nat(), ({ rows, columns }, at) => {
      const cut = at % (rows + 1);
      const index = open(columns.length);
      const plain = new GroupTable();
      for (const [start, end] of [
        [0, cut],
        [cut, rows],
      ] as const) {
        const own = parts(columns, start, end);
        const before = plain.size;
        const numbers = plain.add(keyRows(own, end - start));
        const added = index.add(own, end - start)!;
        expect(added.numbers).toEqual(numbers);
        expect(added.newRows).toEqual(firstRows(numbers, before, plain.size));
        expect(index.size).toBe(plain.size);
        const all = keyRows(columns, rows);
        expect(index.find(columns, rows)).toEqual(plain.find(all));
        expect(index.asTable().find(all)).toEqual(plain.find(all));
      }
      opened.pop()!.close();
    }),
    { numRuns: 300 },
  );
});

/** Of `rows` rows, `different` of which differ in one of five columns. */
function manyKeys(rows: number, different: number, from = 0): Column[] {
  const number = (row: number) => ((row * 7919) % different) + from;
  const texts = Array.from({ length: rows }, (_, row) => `key ${number(row) % 1000}`);
  const wholes = Array.from({ length: rows }, (_, row) => Math.floor(number(row) / 1000));
  const constant = columnOfValues("c", "float64", new Array(rows).fill(0.5));
  const nulls = columnOfValues("n", "utf8", new Array(rows).fill(null));
  return [
    columnOfValues("t", "utf8", texts),
    constant,
    columnOfValues("w", "float64", wholes),
    nulls,
    constant,
  ];
}

test("tables grow, over many pieces and batches", () => {
  const index = open(5);
  const known = new Map<string, number>();
  let wrong = 0;
  for (const from of [0, 20_000, 50_000]) {
    const rows = 60_000;
    const numbers = index.add(manyKeys(rows, 40_009, from), rows)!.numbers;
    for (let row = 0; row < rows; row++) {
      const key = `${((row * 7919) % 40_009) + from}`;
      if (!known.has(key)) known.set(key, known.size);
      if (known.get(key) !== numbers[row]) wrong++;
    }
  }
  expect([wrong, index.size]).toEqual([0, known.size]);
});

test("where memory ends the rows before are numbered, and a group index goes on without it", () => {
  const index = open(5, 1024 * 1024);
  const rows = 40_000;
  const columns = manyKeys(rows, rows);
  expect(index.add(columns, rows)).toBeUndefined();
  expect(index.size).toBeGreaterThan(1000);
  const numbers = index.asTable().add(keyRows(columns, rows));
  expect(numbers).toEqual(Int32Array.from({ length: rows }, (_, row) => row));
});

test("a key longer than a piece goes to the plain table, with all keys before it", () => {
  const short = manyKeys(10, 10);
  const long = [textColumn("t", Int32Array.of(0, 200_000), new Uint8Array(200_000).fill(97))];
  for (const column of manyKeys(1, 1).slice(1)) long.push(column as never);
  const index = new GroupIndex();
  expect(Array.from(index.add(short, 10))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(Array.from(index.find(long, 1))).toEqual([-1]);
  expect(Array.from(index.add(long, 1))).toEqual([10]);
  expect(Array.from(index.add(short, 10))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(Array.from(index.find(long, 1))).toEqual([10]);
  index.close();
});

test("more tables than may be open number their keys without it", () => {
  const indexes = Array.from({ length: keysIndexesMax + 3 }, () => new GroupIndex());
  for (const index of indexes) {
    const numbers = index.add(manyKeys(500, 100), 500);
    expect([index.size, numbers[99], numbers[100]]).toEqual([100, 99, 0]);
  }
  expect(KeysIndex.open(5)).toBeUndefined();
  for (const index of indexes) index.close();
});
