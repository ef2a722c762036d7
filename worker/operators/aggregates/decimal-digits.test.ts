// Sums of decimals that come as doubles are those of the same decimals as columns, however large they become.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Batch, makeBatch } from "../../../proto/batch/batch.ts";
import { buildColumnAs } from "../../../proto/batch/build-column.ts";
import { decimalText } from "../../../proto/batch/decimal.ts";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import type { AggregateCall, Expr } from "../../../proto/plan/expr.ts";
import { type DataType, decimalType } from "../../../proto/plan/types.ts";
import { Groups } from "./groups.ts";

const column = (name: string): Expr => ({ kind: "column", name });
const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", name, args });
const sum = (arg: Expr, of = "sum"): AggregateCall => ({
  function: of,
  args: [arg],
  distinct: false,
});

interface Row {
  readonly group: number;
  readonly a: bigint;
  readonly b: bigint;
}

const digits = (most: bigint) =>
  fc.oneof(fc.bigInt({ min: -most, max: most }), fc.constantFrom(most, -most, 0n));
const small = fc.record({
  group: fc.integer({ min: 0, max: 3 }),
  a: digits(10n ** 15n - 1n),
  b: digits(999n),
});
const wide = fc.record({ ...{ group: fc.constant(0), b: digits(9n) }, a: digits(10n ** 30n - 1n) });

function batchOf(rows: readonly Row[], type: Extract<DataType, { kind: "decimal" }>): Batch {
  const decimals = (
    name: string,
    of: DataType & { scale: number },
    digitsOf: (row: Row) => bigint,
  ) =>
    buildColumnAs(
      name,
      of,
      rows.map((row) => decimalText(digitsOf(row), of.scale)),
      "null",
    );
  const three = decimalType(3, 1) as Extract<DataType, { kind: "decimal" }>;
  return makeBatch("record", [
    buildColumnAs(
      "group",
      { kind: "int32" },
      rows.map((row) => row.group),
      "null",
    ),
    decimals("a", type, (row) => row.a),
    decimals("b", three, (row) => row.b),
  ]);
}

test("sums and means of decimals and of products are exact in whichever form they are added", () => {
  const groupsOfRows = fc.array(
    fc.array(fc.oneof({ weight: 9, arbitrary: small }, { weight: 1, arbitrary: wide }), {
      maxLength: 40,
    }),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(groupsOfRows, (batches) => {
      const groups = new Groups(
        {
          keys: [{ name: "group", expr: column("group") }],
          aggregates: [
            { name: "a", call: sum(column("a")) },
            { name: "product", call: sum(call("multiply", column("a"), column("b"))) },
            { name: "mean", call: sum(column("b"), "avg") },
          ],
        },
        "last",
      );
      const byGroup = new Map<number, { a: bigint; product: bigint; b: bigint; rows: number }>();
      for (const rows of batches) {
        const isWide = rows.some(({ a }) => a >= 10n ** 15n || a <= -(10n ** 15n));
        const type = decimalType(isWide ? 30 : 15, 2) as Extract<DataType, { kind: "decimal" }>;
        groups.addRows(batchOf(rows, type));
        for (const { group, a, b } of rows) {
          const all = byGroup.get(group) ?? { a: 0n, product: 0n, b: 0n, rows: 0 };
          all.a += a;
          all.product += a * b;
          all.b += b;
          all.rows++;
          byGroup.set(group, all);
        }
      }
      const [keys, sums, products, means] = groups.takeResults().columns.map(columnValues);
      expect(keys).toEqual([...byGroup.keys()]);
      for (const [row, { a, product, b, rows }] of [...byGroup.values()].entries()) {
        expect(sums![row]).toBe(decimalText(a, 2));
        expect(products![row]).toBe(decimalText(product, 3));
        expect(means![row]).toBeCloseTo(Number(b) / 10 / rows, 9);
      }
    }),
    { numRuns: 200 },
  );
});

test("a sum goes on past 2^53 without losing a digit", () => {
  const most = 10n ** 15n - 1n;
  const rows = Array.from({ length: 1000 }, (): Row => ({ group: 0, a: most, b: 0n }));
  const groups = new Groups(
    { keys: [], aggregates: [{ name: "a", call: sum(column("a")) }] },
    "last",
  );
  const type = decimalType(15, 2) as Extract<DataType, { kind: "decimal" }>;
  for (let i = 0; i < 30; i++) groups.addRows(batchOf(rows, type));
  expect(columnValues(groups.takeResults().columns[0]!)).toEqual([decimalText(30_000n * most, 2)]);
});

const literal = (type: DataType, text: string): Expr => ({ kind: "literal", type, text });

/** a × (1 - b) and c - a, of a with two digits after the point, b with one, and whole numbers c. */
const discounted = call(
  "multiply",
  column("a"),
  call("subtract", literal(decimalType(1, 0), "1"), column("b")),
);
const apart = call("subtract", column("c"), column("a"));

/** Sums by group of two batches or more, of rows whose numbers are functions of their index. */
function sumsOfRows(rows: number, aOf: (row: number) => bigint, cOf: (row: number) => number) {
  const keys = [{ name: "group", expr: column("group") }];
  const groups = new Groups(
    {
      keys,
      aggregates: [
        { name: "discounted", call: sum(discounted) },
        { name: "apart", call: sum(apart) },
        { name: "c", call: sum(column("c")) },
        { name: "mean", call: sum(column("c"), "avg") },
        { name: "rows", call: { function: "count", args: [], distinct: false } },
      ],
    },
    "last",
  );
  const wanted = Array.from({ length: 3 }, () => ({ discounted: 0n, apart: 0n, c: 0n, rows: 0 }));
  const type = decimalType(15, 2) as Extract<DataType, { kind: "decimal" }>;
  for (let from = 0; from < 2 * rows; from += rows) {
    const own = Array.from({ length: rows }, (_, at): Row & { c: number } => {
      const row = from + at;
      return { group: row % 3, a: aOf(row), b: BigInt(row % 1000), c: cOf(row) };
    });
    const numbers = own.map(({ c }) => c);
    const batch = batchOf(own, type);
    const c = buildColumnAs("c", { kind: "int53" }, numbers, "null");
    groups.addRows(makeBatch("record", [...batch.columns, c]));
    for (const row of own) {
      const all = wanted[row.group]!;
      all.discounted += row.a * (10n - row.b);
      all.apart += BigInt(row.c) * 100n - row.a;
      all.c += BigInt(row.c);
      all.rows++;
    }
  }
  const found = groups.takeResults().columns.slice(1).map(columnValues);
  for (const [row, all] of wanted.entries()) {
    expect(found.map((values) => values[row])).toEqual([
      decimalText(all.discounted, 3),
      decimalText(all.apart, 2),
      ...[Number(all.c), Number(all.c) / all.rows, all.rows],
    ]);
  }
}

test("sums of formulas of decimals and whole numbers of both signs", () => {
  sumsOfRows(
    100,
    (row) => BigInt((row * 7919) % 100_003) - 50_000n,
    (row) => ((row * 31) % 1000) - 500,
  );
});

test("sums that need room within a batch, and values too large for any", () => {
  // So far from zero that some ten thousand of them are more than 2^52.
  sumsOfRows(
    20_000,
    (row) => 200_000_000n + BigInt(row),
    (row) => row * 4_000_000,
  );
  sumsOfRows(
    200,
    (row) => 10n ** 15n - 1n - BigInt(row),
    (row) => row - 2 ** 31,
  );
});
