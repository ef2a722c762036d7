// Sums that are added in one loop are those that are added one by one, to the last bit.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { DictionaryColumn, TextColumn } from "../../../proto/batch/column.ts";
import type { Expr, NamedAggregate } from "../../../proto/plan/expr.ts";
import { boolType, float64Type, int32Type } from "../../../proto/plan/types.ts";
import { slice } from "../../kernels/columns/gather.ts";
import { arbitraryColumn, columnOfValues, cutAt } from "../../kernels/testing/arbitrary-columns.ts";
import { operatorMemoryOf } from "../../memory/memory-for-tests.ts";
import { aggregateStage } from "../aggregate.ts";
import { rowsOfBatches, runStage } from "../testing/run-stage.ts";

const column = (name: string): Expr => ({ kind: "column", name });
const call = (name: string, ...args: readonly Expr[]): Expr => ({ kind: "call", name, args });
const whole: Expr = { kind: "cast", input: column("w"), to: float64Type, onFailure: "error" };
const three: Expr = { kind: "literal", type: float64Type, text: "3" };
const isTrue: Expr = { kind: "literal", type: boolType, text: "true" };

const exprs: readonly Expr[] = [
  column("w"),
  column("d"),
  whole,
  call("multiply", whole, column("d")),
  call("multiply", whole, whole),
  call("add", call("multiply", column("d"), three), whole),
  column("x"),
  call("multiply", column("d"), call("subtract", three, column("d"))),
  column("l"),
];

/** Sums of numbers as large as these may leave the range of their type; means do not. */
function kindOf(at: number, kinds: readonly string[]): string {
  return at === exprs.length - 1 ? "avg" : kinds[at]!;
}

const tables = fc.integer({ min: 0, max: 40 }).chain((rows) =>
  fc.record({
    columns: fc.tuple(
      arbitraryColumn("k", rows, ["int32"]),
      arbitraryColumn("w", rows, ["int32"]),
      arbitraryColumn("d", rows, ["float64"]),
      arbitraryColumn("x", rows, ["int32", "float64", "decimal", "null"]),
      arbitraryColumn("l", rows, ["int53", "int64"]),
    ),
    cuts: fc.array(fc.nat(), { maxLength: 3 }),
    chosen: fc.uniqueArray(fc.nat({ max: exprs.length - 1 }), { minLength: 2 }),
    kinds: fc.array(fc.constantFrom("sum", "avg"), {
      minLength: exprs.length,
      maxLength: exprs.length,
    }),
  }),
);

test("sums and means of several expressions", () => {
  fc.assert(
    fc.property(tables, ({ columns, cuts, chosen, kinds }) => {
      const batches = cutAt(
        columns.map((own) => own.column),
        cuts,
        slice,
      );
      const found = (more: { readonly filter?: Expr }): unknown => {
        const aggregates = chosen.map(
          (at): NamedAggregate => ({
            name: `a${at}`,
            call: { function: kindOf(at, kinds), args: [exprs[at]!], distinct: false, ...more },
          }),
        );
        const program = { keys: [{ name: "k", expr: column("k") }], aggregates };
        const memory = operatorMemoryOf();
        return rowsOfBatches(
          runStage((next) => aggregateStage({ ...program, phase: "whole" }, memory, next), batches),
        );
      };
      // With a condition each is added by itself.
      expect(found({})).toEqual(found({ filter: isTrue }));
    }),
    { numRuns: 200 },
  );
});

/** Texts of which one is there twice, and one of no row. */
function codedTexts(name: string, rows: number): DictionaryColumn {
  const dictionary = columnOfValues("t", "utf8", ["b", "of no row", "a", "b"]) as TextColumn;
  const codes = Int32Array.from({ length: rows }, (_, row) => [0, 2, 3, 2][row % 4]!);
  const base = { name, length: rows, nulls: "null", validity: undefined } as const;
  return { ...base, type: "dictionary", codes, dictionary };
}

function codesOf(name: string, codes: readonly number[]): DictionaryColumn {
  const dictionary = columnOfValues("t", "utf8", ["a", "b", "c", "d"]) as TextColumn;
  const base = { name, length: codes.length, nulls: "null", validity: undefined } as const;
  return { ...base, type: "dictionary", codes: Int32Array.from(codes), dictionary };
}

test("sums of few groups, whose doubles depend on their order, by numbers and by codes", () => {
  const rows = 200;
  const numbers = Array.from({ length: rows }, (_, row) => ((row * 7919) % 1009) - 500);
  const batch = {
    shape: "record" as const,
    rows,
    columns: [
      columnOfValues(
        "k",
        "int32",
        numbers.map((_, row) => row % 2),
      ),
      codedTexts("t", rows),
      codedTexts("u", rows),
      columnOfValues("w", "int32", numbers),
      columnOfValues(
        "d",
        "float64",
        numbers.map((number) => number * 1e9 + 0.1),
      ),
      columnOfValues(
        "l",
        "int64",
        numbers.map((number) => BigInt(number) * 2n ** 43n + 1n),
      ),
      columnOfValues(
        "s",
        "int64",
        numbers.map((number) => BigInt(number)),
      ),
    ],
  };
  const found = (by: readonly string[], more: { readonly filter?: Expr }): unknown => {
    const of = [0, 1, 3, 5].map((at) => exprs[at]!);
    const calls = [...of, column("l"), column("s")].flatMap((arg) =>
      ["sum", "avg"].map((name) => [name, arg] as const),
    );
    const aggregates = calls.map(
      ([name, arg], at): NamedAggregate => ({
        name: `a${at}`,
        call: { function: name, args: [arg], distinct: false, ...more },
      }),
    );
    const keys = by.map((name) => ({ name, expr: column(name) }));
    const program = { keys, aggregates, phase: "whole" } as const;
    const stage = (batches: Parameters<typeof runStage>[1]) =>
      runStage((next) => aggregateStage(program, operatorMemoryOf(), next), batches);
    const out = rowsOfBatches(stage([batch, batch, batch])) as readonly object[];
    return out.map((row) => Object.entries(row).filter(([name]) => !by.includes(name)));
  };
  const expected = found(["k"], { filter: isTrue });
  for (const by of [["k"], ["t"], ["t", "u"], ["t", "k"], ["k", "t"], ["k", "t", "u"]]) {
    expect(found(by, {})).toEqual(expected);
    expect(found(by, { filter: isTrue })).toEqual(expected);
  }
});

test("sums of whole numbers near the end of their range", () => {
  const most = 2 ** 53 - 1;
  const pieces: readonly (readonly [string, readonly number[]])[] = [
    ["int32", [1, 2]],
    ["int53", [most - 10, -most]],
    ["int32", [100, -100]],
    ["int32", [-200, 200]],
  ];
  const batches = pieces.map(([type, values]) => ({
    shape: "record" as const,
    rows: values.length,
    columns: [
      columnOfValues("k", "int32", [0, 1]),
      columnOfValues("v", type, [...values]),
      columnOfValues("d", "float64", [0.5, -0]),
    ],
  }));
  const aggregates = ["v", "d"].map(
    (name): NamedAggregate => ({
      name,
      call: { function: "sum", args: [column(name)], distinct: false },
    }),
  );
  const program = { keys: [{ name: "k", expr: column("k") }], aggregates, phase: "whole" } as const;
  const found = runStage((next) => aggregateStage(program, operatorMemoryOf(), next), batches);
  expect(rowsOfBatches(found)).toEqual([
    { k: 0, v: most - 109, d: 2 },
    { k: 1, v: 102 - most, d: 0 },
  ]);
  const isBeyond = batches.slice(0, 3);
  expect(() =>
    runStage((next) => aggregateStage(program, operatorMemoryOf(), next), isBeyond),
  ).toThrow("does not fit int53");
});

const over: Expr = call("gt", column("w"), { kind: "literal", type: int32Type, text: "2" });
const isSet = column("b");
const countOf = (name: string, filter?: Expr): NamedAggregate => ({
  name,
  call: { function: "count", args: [], distinct: false, ...(filter && { filter }) },
});
const sumOf = (name: string): NamedAggregate => ({
  name: "sum",
  call: { function: "sum", args: [column(name)], distinct: false },
});

test("rows are counted where a condition is true, beside others and alone, by numbers, texts and codes", () => {
  const row = fc.record({
    k: fc.integer({ min: 0, max: 3 }),
    w: fc.option(fc.integer({ min: 0, max: 5 })),
    b: fc.option(fc.boolean()),
  });
  const lists = [
    [countOf("over", over)],
    [countOf("all"), countOf("over", over), countOf("set", isSet), countOf("again", over)],
    [countOf("set", isSet), sumOf("k"), countOf("none", call("not", isTrue)), countOf("all")],
  ];
  const keys = fc.constantFrom("k", "t", "u");
  fc.assert(
    fc.property(fc.array(row, { maxLength: 60 }), keys, fc.nat(70), (rows, key, cut) => {
      const columns = [
        columnOfValues(
          "k",
          "int32",
          rows.map(({ k }) => k),
        ),
        columnOfValues(
          "t",
          "utf8",
          rows.map(({ k }) => `t${k}`),
        ),
        codesOf(
          "u",
          rows.map(({ k }) => k),
        ),
        columnOfValues(
          "w",
          "int32",
          rows.map(({ w }) => w),
        ),
        columnOfValues(
          "b",
          "bool",
          rows.map(({ b }) => b),
        ),
      ];
      const groups = [...new Set(rows.map(({ k }) => k))];
      const counts = (holds: (of: (typeof rows)[number]) => boolean) =>
        groups.map((group) => rows.filter((of) => of.k === group && holds(of)).length);
      const expected: Readonly<Record<string, readonly number[]>> = {
        over: counts(({ w }) => w !== null && w > 2),
        again: counts(({ w }) => w !== null && w > 2),
        set: counts(({ b }) => b === true),
        all: counts(() => true),
        none: counts(() => false),
        sum: counts(() => true).map((count, at) => count * groups[at]!),
      };
      for (const aggregates of lists) {
        const program = { keys: [{ name: "key", expr: column(key) }], aggregates };
        const batches = cutAt(columns, [cut], slice);
        const stage = { ...program, phase: "whole" } as const;
        const found = rowsOfBatches(
          runStage((next) => aggregateStage(stage, operatorMemoryOf(), next), batches),
        ) as readonly Readonly<Record<string, unknown>>[];
        for (const { name } of aggregates) {
          expect(found.map((of) => of[name])).toEqual(expected[name]);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test("a condition that is none names its type", () => {
  const batch = { shape: "record" as const, rows: 1, columns: [columnOfValues("k", "int32", [1])] };
  const stage = {
    keys: [{ name: "k", expr: column("k") }],
    aggregates: [countOf("n", column("k"))],
    phase: "whole",
  } as const;
  expect(() =>
    runStage((next) => aggregateStage(stage, operatorMemoryOf(), next), [batch]),
  ).toThrow("the condition k is int32, not bool");
});
