// Operators on columns that keep, drop, order or repeat rows, against arrays.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchOfRows, makeBatch } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import type { Expr, SortExpr } from "../../proto/plan/expr.ts";
import {
  boolType,
  type DataType,
  dateType,
  decimalType,
  float64Type,
  int32Type,
  int53Type,
  int64Type,
  jsonType,
  listType,
  type Schema,
  utf8Type,
} from "../../proto/plan/types.ts";
import { canonicalText } from "../kernels/canonical-text.ts";
import { slice } from "../kernels/columns/gather.ts";
import { arbitraryColumn, columnOfValues, cutAt } from "../kernels/testing/arbitrary-columns.ts";
import { operatorMemoryOf } from "../memory/memory-for-tests.ts";
import { conformStage } from "./conform.ts";
import { distinctStage } from "./distinct.ts";
import { explodeStage } from "./explode.ts";
import { limitStage } from "./limit.ts";
import { rowMatchStage } from "./row-matches.ts";
import { sampleStage } from "./sample.ts";
import { selectStage } from "./select.ts";
import { sortByStage } from "./sort-by.ts";
import type { Stage } from "./stage.ts";
import { rowsOfBatches, runStage } from "./testing/run-stage.ts";
import { whereStage } from "./where.ts";

const column = (name: string): Expr => ({ kind: "column", name });
const whole = (value: number): Expr => ({ kind: "literal", type: int32Type, text: String(value) });
type Row = Readonly<Record<string, unknown>>;

/** Null and missing are one. */
const textOf = (row: unknown): string =>
  canonicalText(
    Object.fromEntries(Object.entries(row as Row).filter(([, value]) => value !== null)),
  );

/** Rows of closures: keys come and go, and types differ from batch to batch. */
const values = fc.constantFrom<unknown>(1, 2, 0, -0, null, undefined, 2n, "x", "y", true);
const closureRows = fc.array(
  fc.array(
    fc
      .record({ a: values, b: values, c: values }, { requiredKeys: [] })
      .filter((row) => Object.values(row).some((v) => v !== undefined)),
    { minLength: 1, maxLength: 6 },
  ),
  { maxLength: 4 },
);
/** Numbers and bigints of one value are equal in columns, but not for canonical text. */
const keyOf = (row: unknown): string =>
  textOf(
    Object.fromEntries(
      Object.entries(row as Row).map(([name, value]) => [
        name,
        typeof value === "bigint" ? Number(value) : value,
      ]),
    ),
  );

describe("rows by their values", () => {
  test("distinct keeps the first of equal rows, though columns come and go", () => {
    fc.assert(
      fc.property(closureRows, (parts) => {
        const seen = new Set<string>();
        const expected = parts
          .flat()
          .filter((row) => !seen.has(keyOf(row)) && seen.add(keyOf(row)));
        const found = rowsOfBatches(
          runStage((next) => distinctStage({}, operatorMemoryOf(), next), parts.map(batchOfRows)),
        );
        expect(found.map(textOf)).toEqual(expected.map(textOf));
        const some = new Set<string>();
        const first = (row: Row) => keyOf({ a: row["a"] });
        const firsts = parts.flat().filter((row) => !some.has(first(row)) && some.add(first(row)));
        const onA = rowsOfBatches(
          runStage(
            (next) => distinctStage({ on: ["a"] }, operatorMemoryOf(), next),
            parts.map(batchOfRows),
          ),
        );
        expect(onA.map(textOf)).toEqual(firsts.map(textOf));
      }),
      { numRuns: 300 },
    );
  });

  test("rows with more columns than fit one word of tags are told apart", () => {
    const wide = (count: number, last: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, i) => [`c${i}`, i === count - 1 ? last : i]),
      );
    const rows = [wide(3, 1), wide(9, 1), wide(3, 1), wide(20, 1), wide(9, 1), wide(20, 2)];
    const found = runStage(
      (next) => distinctStage({}, operatorMemoryOf(), next),
      rows.map((row) => batchOfRows([row])),
    );
    expect(rowsOfBatches(found)).toEqual([rows[0], rows[1], rows[3], rows[5]]);
  });

  test("intersect and except, once each or one by one", () => {
    const cases = fc.tuple(
      closureRows,
      closureRows,
      fc.constantFrom("intersect" as const, "except" as const),
      fc.boolean(),
    );
    fc.assert(
      fc.property(cases, ([left, right, kind, all]) => {
        const counts = new Map<string, number>();
        for (const row of right.flat()) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1);
        const seen = new Set<string>();
        const expected = left.flat().filter((row) => {
          const key = keyOf(row);
          const count = counts.get(key) ?? 0;
          if (all) {
            if (count > 0) counts.set(key, count - 1);
            return count > 0 === (kind === "intersect");
          }
          if (seen.has(key)) return false;
          seen.add(key);
          return count > 0 === (kind === "intersect");
        });
        const make = (next: Stage) =>
          rowMatchStage({ kind, all, stageId: 1 }, operatorMemoryOf(), next);
        const found = rowsOfBatches(runStage(make, left.map(batchOfRows), right.map(batchOfRows)));
        expect(found.map(textOf)).toEqual(expected.map(textOf));
      }),
      { numRuns: 300 },
    );
  });
});

describe("rows in order", () => {
  const key = (name: string, direction: "asc" | "desc"): SortExpr => ({
    expr: column(name),
    direction,
    nulls: "first",
  });

  test("sortBy is stable, whatever the cut, and top-k is its beginning", () => {
    const tables = fc
      .integer({ min: 0, max: 50 })
      .chain((rows) =>
        fc.tuple(
          arbitraryColumn("k", rows),
          fc.array(fc.nat(), { maxLength: 4 }),
          fc.nat({ max: 60 }),
        ),
      );
    fc.assert(
      fc.property(tables, ([{ column: keys }, cuts, rowsMax]) => {
        const rows = Array.from({ length: keys.length }, (_, i) => i);
        const batches = cutAt([keys, columnOfValues("i", "int32", rows)], cuts, slice);
        const sorted = (max: number, direction: "asc" | "desc") =>
          rowsOfBatches(
            runStage(
              (next) => sortByStage([key("k", direction)], max, operatorMemoryOf(), next),
              batches,
            ),
          ).map((row) => (row as Row)["i"]);
        const all = sorted(Number.POSITIVE_INFINITY, "asc");
        expect([...all].sort((a, b) => (a as number) - (b as number))).toEqual(rows);
        expect(sorted(rowsMax, "asc")).toEqual(all.slice(0, rowsMax));
      }),
    );
  });

  test("top-k over many batches keeps what it must", () => {
    const batches = Array.from({ length: 40 }, (_, part) =>
      makeBatch("record", [
        columnOfValues(
          "v",
          "float64",
          Array.from({ length: 5000 }, (_, i) => ((part * 5000 + i) * 7919) % 200_003),
        ),
      ]),
    );
    const found = rowsOfBatches(
      runStage((next) => sortByStage([key("v", "desc")], 3, operatorMemoryOf(), next), batches),
    ) as Row[];
    const all = rowsOfBatches(batches).map((row) => (row as Row)["v"] as number);
    all.sort((a, b) => b - a);
    expect(found.map((row) => row["v"])).toEqual(all.slice(0, 3));
  });

  test("mixed types have the order that they have within one batch", () => {
    const rows = [{ v: "x" }, { v: 2 }, { v: null }, { v: 1 }];
    const sorted = (batches: Parameters<typeof runStage>[1]) =>
      rowsOfBatches(
        runStage((next) => sortByStage([key("v", "asc")], 9, operatorMemoryOf(), next), batches),
      );
    const expected = [{ v: null }, { v: 1 }, { v: 2 }, { v: "x" }];
    expect(sorted([batchOfRows(rows)])).toEqual(expected);
    expect(sorted(rows.map((row) => batchOfRows([row])))).toEqual(expected);
  });
});

describe("rows one by one", () => {
  const numbers = (from: number, to: number) =>
    makeBatch("record", [
      columnOfValues(
        "v",
        "int32",
        Array.from({ length: to - from }, (_, i) => from + i),
      ),
    ]);

  test("select and where, also of columns that some records lack", () => {
    const batches = [
      batchOfRows([
        { a: 1, b: 2 },
        { a: 3, b: 4 },
      ]),
      batchOfRows([{ b: 6 }]),
    ];
    const sum: Expr = { kind: "call", name: "add", args: [column("a"), column("b")] };
    expect(
      rowsOfBatches(
        runStage(
          (next) =>
            selectStage(
              [
                { name: "s", expr: sum },
                { name: "a", expr: column("a") },
              ],
              next,
            ),
          batches,
        ),
      ),
    ).toEqual([{ s: 3, a: 1 }, { s: 7, a: 3 }, { s: null }]);
    const test: Expr = { kind: "call", name: "gt", args: [column("a"), whole(1)] };
    expect(rowsOfBatches(runStage((next) => whereStage(test, next), batches))).toEqual([
      { a: 3, b: 4 },
    ]);
    const scalars = [batchOfRows([1, 2, 3])];
    const above: Expr = { kind: "call", name: "gt", args: [column("value"), whole(1)] };
    expect(rowsOfBatches(runStage((next) => whereStage(above, next), scalars))).toEqual([2, 3]);
  });

  test("limit with an offset over batches and rows", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 30 }),
        fc.nat({ max: 30 }),
        fc.array(fc.nat({ max: 20 })),
        (rows, offset, cuts) => {
          const all = Array.from({ length: 20 }, (_, i) => ({ v: i }));
          const batches = cutAt(
            [
              columnOfValues(
                "v",
                "int32",
                all.map(({ v }) => v),
              ),
            ],
            cuts,
            slice,
          );
          const make = (next: Parameters<typeof limitStage>[2]) => limitStage(rows, offset, next);
          expect(rowsOfBatches(runStage(make, batches))).toEqual(all.slice(offset, offset + rows));
        },
      ),
    );
  });

  test("sample takes the same rows whatever the cut, other ones for other tasks and seeds", () => {
    const take = (seed: number, task: number, batches: Parameters<typeof runStage>[1]) =>
      rowsOfBatches(runStage((next) => sampleStage(0.3, seed, task, next), batches)).map(
        (row) => (row as Row)["v"],
      );
    const one = take(5, 0, [numbers(0, 20_000)]);
    expect(take(5, 0, [numbers(0, 7), numbers(7, 9000), numbers(9000, 20_000)])).toEqual(one);
    expect(Math.abs(one.length / 20_000 - 0.3)).toBeLessThan(0.02);
    for (const other of [take(6, 0, [numbers(0, 20_000)]), take(5, 1, [numbers(0, 20_000)])]) {
      const both = other.filter((v) => one.includes(v)).length;
      expect(Math.abs(both / 20_000 - 0.09)).toBeLessThan(0.02);
    }
    expect(
      rowsOfBatches(runStage((next) => sampleStage(1, 1, 1, next), [numbers(0, 50)])).length,
    ).toBe(50);
    expect(runStage((next) => sampleStage(0, 1, 1, next), [numbers(0, 50)])).toEqual([]);
  });

  test("explode repeats rows for typed lists and for those of closures", () => {
    const batches = [
      makeBatch("record", [
        columnOfValues("a", "int32", [1, 2, 3]),
        columnOfValues("l", "list", [[0.5, 1.5], null, []]),
      ]),
      batchOfRows([
        { a: 4, l: [7] },
        { a: 5, l: null },
      ]),
      batchOfRows([{ a: 6 }]),
    ];
    const run = (outer: boolean) =>
      rowsOfBatches(runStage((next) => explodeStage("l", outer, next), batches)).map((row) => [
        (row as Row)["a"],
        (row as Row)["l"] ?? null,
      ]);
    expect(run(false)).toEqual([
      [1, 0.5],
      [1, 1.5],
      [4, 7],
    ]);
    expect(run(true)).toEqual([
      [1, 0.5],
      [1, 1.5],
      [2, null],
      [3, null],
      [4, 7],
      [5, null],
      [6, null],
    ]);
    expect(() => runStage((next) => explodeStage("a", false, next), batches)).toThrow(
      "column a holds int32",
    );
  });
});

test("a list that is exploded alone gives what it gives beside another column", () => {
  const all = columnOfValues("l", "list", [[1, 2], [], [3], [4, 5, 6], null, [7]]);
  const exploded = (columns: readonly Column[], outer: boolean) => {
    const batches = [makeBatch("record", columns)];
    return rowsOfBatches(runStage((next) => explodeStage("l", outer, next), batches)).map(
      (row) => (row as Row)["l"] ?? null,
    );
  };
  for (let start = 0; start < 6; start++) {
    for (let end = start; end <= 6; end++) {
      const list = slice(all, start, end);
      const beside = columnOfValues("a", "int32", new Array(end - start).fill(1));
      for (const outer of [false, true]) {
        expect(exploded([list], outer)).toEqual(exploded([list, beside], outer));
      }
    }
  }
});

describe("conform", () => {
  const conform = (type: DataType, value: unknown, nullable = false) => {
    const schema: Schema = { fields: [{ name: "v", type, nullable }] };
    const batches = [batchOfRows([{ v: value, more: 1 }])];
    return (
      rowsOfBatches(
        runStage((next) => conformStage(schema, "conform#3", 2, next), batches),
      )[0] as Row
    )["v"];
  };
  const day = new Date("2024-02-29T00:00:00Z");

  test("converts what the type can hold", () => {
    expect(conform(int32Type, 5)).toBe(5);
    expect(conform(int53Type, 5n)).toBe(5);
    expect(conform(int64Type, 5)).toBe(5n);
    expect(conform(float64Type, 5n)).toBe(5);
    expect(conform(decimalType(5, 2), 1.5)).toBe("1.50");
    expect(conform(decimalType(5, 2), "1.5")).toBe("1.50");
    expect(conform(dateType, day)).toEqual(day);
    expect(conform(listType(int32Type), [1, 2])).toEqual([1, 2]);
    expect(conform(jsonType, { a: [1] })).toEqual({ a: [1] });
    expect(conform(utf8Type, null, true)).toBe(null);
    const struct: DataType = {
      kind: "struct",
      fields: [{ name: "x", type: boolType, nullable: true }],
    };
    expect(conform(struct, { x: true, y: 1 })).toEqual({ x: true });
  });

  test("refuses what it cannot, by column, value and row", () => {
    const wrong: readonly (readonly [DataType, unknown])[] = [
      [int32Type, 1.5],
      [int32Type, 2 ** 31],
      [int64Type, 2 ** 60],
      [float64Type, 2n ** 53n + 1n],
      [utf8Type, 1],
      [boolType, 1],
      [decimalType(3, 2), 12.5],
      [dateType, new Date(1)],
      [listType(int32Type), ["x"]],
      [utf8Type, null],
    ];
    for (const [type, value] of wrong) {
      expect(() => conform(type, value)).toThrow(/column v: .* does not fit v: /);
    }
    const schema: Schema = { fields: [{ name: "v", type: int32Type, nullable: false }] };
    const batches = [batchOfRows([{ v: 1 }]), batchOfRows([{ v: 2 }, { v: "x" }])];
    expect(() => runStage((next) => conformStage(schema, "conform#3", 2, next), batches)).toThrow(
      expect.objectContaining({
        code: "INPUT_MALFORMED",
        details: { operator: "conform#3", partition: 2, row: 2 },
      }),
    );
    expect(() =>
      runStage((next) => conformStage(schema, "conform#3", 2, next), [batchOfRows([5])]),
    ).toThrow("the rows hold float64 where objects with the keys v belong");
  });
});
