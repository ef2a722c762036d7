// Groups of equal keys, against a map by canonical text.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Column } from "../../../proto/batch/column.ts";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import { canonicalText } from "../canonical-text.ts";
import { arbitraryColumn, columnOfValues, numberKinds } from "../testing/arbitrary-columns.ts";
import { slice } from "./gather.ts";
import { firstRows, GroupIndex, groupRows } from "./group-index.ts";
import { GroupTable } from "./group-table.ts";
import { hashKeyRows, keyRows } from "./key-rows.ts";

/** The number of the group of each row, by order of coming. */
function naiveGroups(columns: readonly Column[], rows: number): number[] {
  const known = new Map<string, number>();
  const values = columns.map(columnValues);
  return Array.from({ length: rows }, (_, row) => {
    const key = canonicalText(values.map((of) => of[row] ?? null));
    if (!known.has(key)) known.set(key, known.size);
    return known.get(key)!;
  });
}

const tables = fc
  .integer({ min: 0, max: 40 })
  .chain((rows) =>
    fc
      .array(arbitraryColumn("c", rows), { minLength: 1, maxLength: 10 })
      .map((columns) => ({ rows, columns: columns.map(({ column }) => column) })),
  );

describe("groups", () => {
  test("equal keys of any types are one group, whatever the cut", () => {
    fc.assert(
      fc.property(tables, fc.nat(), ({ rows, columns }, at) => {
        const index = new GroupIndex();
        const cut = at % (rows + 1);
        const halves = [
          index.add(
            columns.map((column) => slice(column, 0, cut)),
            cut,
          ),
          index.add(
            columns.map((column) => slice(column, cut, rows)),
            rows - cut,
          ),
        ];
        const found = halves.flatMap((half) => Array.from(half));
        expect(found).toEqual(naiveGroups(columns, rows));
        expect(Array.from(index.find(columns, rows))).toEqual(found);
        const first = firstRows(Int32Array.from(found), 0, index.size);
        expect(Array.from(first)).toEqual(
          Array.from({ length: index.size }, (_, group) => found.indexOf(group)),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("numbers of different types are equal when their values are", () => {
    const whole = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(fc.array(whole, { minLength: 1, maxLength: 10 }), (values) => {
        const columns = numberKinds.map((kind) =>
          kind === "decimal"
            ? columnOfValues("c", "wide", values)
            : columnOfValues("c", kind, kind === "int64" ? values.map(BigInt) : values),
        );
        const hashes = columns.map((column) =>
          Array.from(hashKeyRows(keyRows([column], values.length))),
        );
        for (const other of hashes) expect(other).toEqual(hashes[0]);
        const table = new GroupTable();
        const groups = columns.map((column) =>
          Array.from(table.add(keyRows([column], values.length))),
        );
        for (const other of groups) expect(other).toEqual(groups[0]);
      }),
    );
  });

  test("fractions, minus zero, NaN, texts of a dictionary, dates and timestamps", () => {
    const hash = (...columns: Column[]) => Array.from(hashKeyRows(keyRows(columns, 1)));
    expect(hash(columnOfValues("c", "decimal", ["0.50"]))).toEqual(
      hash(columnOfValues("c", "float64", [0.5])),
    );
    expect(hash(columnOfValues("c", "float64", [-0]))).toEqual(
      hash(columnOfValues("c", "int64", [0n])),
    );
    const day = new Date("2300-01-01T00:00:00Z");
    expect(hash(columnOfValues("c", "date", [day]))).toEqual(
      hash(columnOfValues("c", "timestamp", [day])),
    );
    const words = columnOfValues("d", "utf8", ["x", "y"]);
    const coded: Column = {
      ...{ name: "c", length: 1, nulls: "null" as const, validity: undefined },
      ...{ type: "dictionary" as const, codes: Int32Array.of(1), dictionary: words as never },
    };
    expect(hash(coded)).toEqual(hash(columnOfValues("c", "utf8", ["y"])));
    expect(hash(columnOfValues("c", "json", ["y"]))).toEqual(
      hash(columnOfValues("c", "utf8", ["y"])),
    );
    expect(hash(columnOfValues("c", "null", [null]))).toEqual(
      hash(columnOfValues("c", "utf8", [null])),
    );
  });

  test("hashes decide partitions, so they never change", () => {
    const columns = [
      columnOfValues("a", "float64", [1, 0.5, null]),
      columnOfValues("b", "utf8", ["x", null, "long text"]),
    ];
    expect(Array.from(hashKeyRows(keyRows(columns, 3)))).toMatchInlineSnapshot(`
      [
        -131672459,
        484476709,
        -1667294582,
      ]
    `);
  });

  test("dense keys that turn sparse keep their groups", () => {
    const index = new GroupIndex();
    const add = (values: readonly number[]) =>
      Array.from(index.add([columnOfValues("k", "float64", values)], values.length));
    expect(add([5, 3, 5])).toEqual([0, 1, 0]);
    expect(add([-100, 3])).toEqual([2, 1]);
    expect(add([1e9, 5, 0.5])).toEqual([3, 0, 4]);
    expect(add([-100, 1e9, 3])).toEqual([2, 3, 1]);
  });

  test("many groups", () => {
    const rows = 200_000;
    const values = Array.from({ length: rows }, (_, i) => ((i * 7919) % 100_003) * 1.5);
    const index = new GroupIndex();
    const groups = index.add([columnOfValues("k", "float64", values)], rows);
    expect(index.size).toBe(100_003);
    const known = new Map<number, number>();
    let wrong = 0;
    for (const [i, value] of values.entries()) {
      if (!known.has(value)) known.set(value, groups[i]!);
      if (known.get(value) !== groups[i]) wrong++;
    }
    expect(wrong).toBe(0);
  });

  test("many columns with few keys at first, and others later", () => {
    const columns = (values: readonly (number | null)[], asTexts: boolean) =>
      Array.from({ length: 6 }, (_, at) => {
        const own = values.map((value) => (value === null || at > 2 ? value : value % (at + 2)));
        if (!asTexts || at !== 3) return columnOfValues("c", "float64", own);
        return columnOfValues("c", "utf8", own.map(String));
      });
    const few = columns(
      Array.from({ length: 1000 }, (_, row) => (row % 7 === 0 ? null : row % 5)),
      false,
    );
    const many = columns(
      Array.from({ length: 3000 }, (_, row) => (row * 7919) % 2000),
      false,
    );
    const texts = columns(
      Array.from({ length: 500 }, (_, row) => row % 400),
      true,
    );
    const index = new GroupIndex();
    const found = [few, many, texts, few].flatMap((own) =>
      Array.from(index.add(own, own[0]!.length)),
    );
    const all = few.map((_, at) => {
      const values = [few, many, texts, few].flatMap((own) => columnValues(own[at]!));
      return values.map((value) => canonicalText(value ?? null));
    });
    const known = new Map<string, number>();
    const wanted = all[0]!.map((_, row) => {
      const key = all.map((own) => own[row]).join(" ");
      if (!known.has(key)) known.set(key, known.size);
      return known.get(key)!;
    });
    expect(found).toEqual(wanted);
    expect(Array.from(index.find(many, 3000))).toEqual(wanted.slice(1000, 4000));
    index.close();
  });

  test("rows by group keep their order; those of no group are left out", () => {
    const { starts, rows } = groupRows(Int32Array.of(1, -1, 0, 1, 0), 3);
    expect([Array.from(starts), Array.from(rows)]).toEqual([
      [0, 2, 4, 4],
      [2, 4, 0, 3],
    ]);
  });
});
