// Aggregates of random rows, against arrays grouped by hand: in one phase, in two, and however rows are cut.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Batch } from "../../proto/batch/batch.ts";
import { batchOfRows, makeBatch } from "../../proto/batch/batch.ts";
import { decimalText } from "../../proto/batch/decimal.ts";
import type { AggregateCall, Expr, NamedAggregate } from "../../proto/plan/expr.ts";
import { boolType, type DataType, float64Type } from "../../proto/plan/types.ts";
import { canonicalText } from "../kernels/canonical-text.ts";
import { slice } from "../kernels/columns/gather.ts";
import {
  arbitraryColumn,
  columnOfValues,
  cutAt,
  kinds,
} from "../kernels/testing/arbitrary-columns.ts";
import { ArraySpillFiles, operatorMemoryOf } from "../memory/memory-for-tests.ts";
import { BlockWriter, readBlocks } from "../shuffle/block.ts";
import { aggregateStage } from "./aggregate.ts";
import { compareValues } from "./order.ts";
import type { Stage } from "./stage.ts";
import { rowsOfBatches, runStage } from "./testing/run-stage.ts";

const column = (name: string): Expr => ({ kind: "column", name });
const call = (name: string, ...args: Expr[]): AggregateCall => ({
  function: name,
  args,
  distinct: false,
});
const half: Expr = { kind: "literal", type: float64Type, text: "0.5" };

type Row = Readonly<Record<string, unknown>>;

function throughShuffle(batches: readonly Batch[]): Batch[] {
  const writer = new BlockWriter();
  for (const batch of batches) writer.add(batch);
  return readBlocks(new Uint8Array(Buffer.concat([...writer.seal().pieces])));
}

type Phases = 1 | 2 | "passing" | "divided" | "spilled";

/** Groups come by division then. */
const isDivided = (phases: Phases) => phases === "divided" || phases === "spilled";

/**
 * In one phase; or in two, each half of the batches by a task of its own, through the bytes of a shuffle; or with tasks
 * that after their first batch pass on each row as a group, or that divide their groups after it, the last with hardly
 * any memory.
 */
function aggregate(
  batches: readonly Batch[],
  keys: readonly string[],
  aggregates: readonly NamedAggregate[],
  phases: Phases,
): Row[] {
  const program = { keys: keys.map((name) => ({ name, expr: column(name) })), aggregates };
  const tuning = {
    sharesMax: phases === "passing" ? [{ rows: 1, share: 0 }] : [],
    dividedBytesMin: isDivided(phases) ? 0 : 2 ** 40,
    nearBytesMax: 0,
    dividedTextBytesMin: isDivided(phases) ? 0 : 2 ** 40,
  };
  const run = (phase: "whole" | "partial" | "final", input: readonly Batch[]) => {
    const memory = operatorMemoryOf(phases === "spilled" && keys.length > 0 ? 4_000_000 : 2 ** 40);
    const stage = (next: Stage) => aggregateStage({ ...program, phase }, memory, next, tuning);
    const out = runStage(stage, input);
    expect(memory.bytes).toBe(0);
    return out;
  };
  if (phases === 1) return rowsOfBatches(run("whole", batches)) as Row[];
  const middle = batches.length >> 1;
  const partial = [batches.slice(0, middle), batches.slice(middle)].flatMap((part) =>
    run("partial", part),
  );
  return rowsOfBatches(run("final", throughShuffle(partial))) as Row[];
}

const aggregates: readonly NamedAggregate[] = [
  { name: "rows", call: call("count") },
  { name: "values", call: call("count", column("v")) },
  { name: "different", call: call("countDistinct", column("v")) },
  { name: "about", call: call("approxCountDistinct", column("v")) },
  { name: "first", call: call("first", column("v")) },
  { name: "last", call: call("last", column("v")) },
  { name: "min", call: call("min", column("v")) },
  { name: "max", call: call("max", column("v")) },
  { name: "list", call: call("collectList", column("v")) },
  { name: "distinctList", call: { ...call("collectList", column("v")), distinct: true } },
  { name: "chosen", call: { ...call("count", column("v")), filter: column("f") } },
  { name: "any", call: call("anyTrue", column("f")) },
  { name: "all", call: call("allTrue", column("f")) },
];

/** Decimals are text in rows, but numbers in the order. */
function compareOf(kind: string, a: unknown, b: unknown): number {
  if (kind !== "decimal" && kind !== "wide") return compareValues(a, b);
  const [left, right] = [a, b].map((text) => BigInt(String(text).replace(".", "")));
  return left! < right! ? -1 : left! > right! ? 1 : 0;
}

function unique(values: readonly unknown[]): unknown[] {
  const seen = new Set<string>();
  return values.filter((value) => {
    const text = canonicalText(value);
    return seen.has(text) ? false : seen.add(text);
  });
}

function naive(rows: readonly Row[], kind: string): Row {
  const values = rows.map(({ v }) => v ?? null).filter((v) => v !== null);
  const flags = rows.map(({ f }) => f ?? null).filter((f) => f !== null);
  const sorted = [...values].sort((a, b) => compareOf(kind, a, b));
  return {
    rows: rows.length,
    values: values.length,
    different: unique(values).length,
    first: rows[0]?.["v"] ?? null,
    last: rows.at(-1)?.["v"] ?? null,
    min: sorted[0] ?? null,
    max: sorted.at(-1) ?? null,
    list: values,
    distinctList: unique(values),
    chosen: rows.filter(({ v, f }) => f === true && (v ?? null) !== null).length,
    any: flags.length === 0 ? null : flags.includes(true),
    all: flags.length === 0 ? null : !flags.includes(false),
  };
}

/** Null and missing are one; so are 0 and -0, of which a group keeps one. */
const plain = (value: unknown): string => canonicalText(value ?? null);

const tables = fc.integer({ min: 0, max: 30 }).chain((rows) =>
  fc.record({
    key: arbitraryColumn("k", rows),
    value: arbitraryColumn(
      "v",
      rows,
      kinds.filter((kind) => kind !== "list"),
    ),
    flag: arbitraryColumn("f", rows, ["bool"]),
    cuts: fc.array(fc.nat(), { maxLength: 4 }),
  }),
);

describe("aggregates", () => {
  test("are those of the rows of each group, whatever the cut and the phases", () => {
    fc.assert(
      fc.property(
        tables,
        fc.constantFrom<Phases>(1, 2, "passing", "divided", "spilled"),
        fc.boolean(),
        ({ key, value, flag, cuts }, phases, keyed) => {
          const batches = cutAt([key.column, value.column, flag.column], cuts, slice);
          const keys = keyed ? ["k"] : [];
          const found = aggregate(batches, keys, aggregates, phases);
          const rows = rowsOfBatches(batches) as Row[];
          const groups = new Map<string, Row[]>();
          if (!keyed) groups.set("", []);
          for (const row of rows) {
            const text = keyed ? plain(row["k"]) : "";
            groups.set(text, [...(groups.get(text) ?? []), row]);
          }
          const foundKeys = found.map((row) => (keyed ? plain(row["k"]) : ""));
          const expectedKeys = [...groups.keys()];
          if (isDivided(phases)) for (const list of [foundKeys, expectedKeys]) list.sort();
          expect(foundKeys).toEqual(expectedKeys);
          for (const row of found) {
            const expected = naive(groups.get(keyed ? plain(row["k"]) : "")!, value.kind);
            const { about, different } = row as Record<string, number>;
            expect(Math.abs(about! - different!)).toBeLessThanOrEqual(1 + different! / 10);
            for (const { name } of aggregates.filter((one) => one.name !== "about")) {
              expect(`${name} ${plain(row[name])}`).toBe(`${name} ${plain(expected[name])}`);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  }, 60_000);

  const close = (found: unknown, expected: number | null) => {
    if (expected === null || found === null) expect(found ?? null).toBe(expected);
    else expect(Number(found)).toBeCloseTo(expected, 6);
  };

  test("sums, means, variances and quantiles of numbers of any types", () => {
    const program: NamedAggregate[] = [
      { name: "sum", call: call("sum", column("v")) },
      { name: "avg", call: call("avg", column("v")) },
      { name: "variance", call: call("variance", column("v")) },
      { name: "stddev", call: call("stddev", column("v")) },
      { name: "median", call: call("approxQuantile", column("v"), half) },
      { name: "middle", call: call("median", column("v")) },
      { name: "quarter", call: call("quantile", column("v"), { ...half, text: "0.25" } as Expr) },
      { name: "distinct", call: { ...call("sum", column("v")), distinct: true } },
      { name: "min", call: call("min", column("v")) },
      { name: "max", call: call("max", column("v")) },
      { name: "rows", call: call("count") },
    ];
    /** On the line between the two around it. */
    const quantile = (sorted: readonly number[], share: number): number => {
      const place = share * (sorted.length - 1);
      const [low, high] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
      return low + (high - low) * (place - Math.floor(place));
    };
    const value = fc.option(fc.integer({ min: -1000, max: 1000 }));
    const part = fc.tuple(
      fc.constantFrom("int32", "int53", "int64", "float64", "decimal", "null"),
      fc.array(fc.tuple(fc.nat({ max: 3 }), value), { maxLength: 12 }),
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 4 }),
        fc.constantFrom<Phases>(1, 2, "passing", "divided", "spilled"),
        fc.constantFrom(["k"], []),
        (parts, phases, keys) => {
          const rows: { k: number; v: number | null }[] = [];
          const batches = parts.map(([kind, pairs]) => {
            const values = pairs.map(([, v]) => (kind === "null" ? null : v));
            for (const [i, [k]] of pairs.entries()) rows.push({ k, v: values[i]! });
            const own = kind === "int64" ? values.map((v) => (v === null ? v : BigInt(v))) : values;
            return makeBatch("record", [
              columnOfValues(
                "k",
                "int32",
                pairs.map(([k]) => k),
              ),
              columnOfValues("v", kind, own),
            ]);
          });
          for (const row of aggregate(batches, keys, program, phases)) {
            const all = rows.filter(({ k }) => keys.length === 0 || k === row["k"]);
            const own = all.filter(({ v }) => v !== null).map(({ v }) => v!);
            const n = own.length;
            const sum = own.reduce((a, b) => a + b, 0);
            const mean = sum / n;
            const squares = own.reduce((a, v) => a + (v - mean) ** 2, 0);
            const sorted = [...own].sort((a, b) => a - b);
            close(row["sum"], n === 0 ? null : sum);
            close(row["avg"], n === 0 ? null : mean);
            close(row["variance"], n < 2 ? null : squares / (n - 1));
            close(row["stddev"], n < 2 ? null : Math.sqrt(squares / (n - 1)));
            for (const name of ["median", "middle"]) {
              close(row[name], n === 0 ? null : quantile(sorted, 0.5));
            }
            close(row["quarter"], n === 0 ? null : quantile(sorted, 0.25));
            close(row["distinct"], n === 0 ? null : [...new Set(own)].reduce((a, b) => a + b, 0));
            close(row["min"], sorted[0] ?? null);
            close(row["max"], sorted.at(-1) ?? null);
            expect(row["rows"]).toBe(all.length);
          }
        },
      ),
    );
  });

  const sum = (kind: string, values: readonly unknown[]) => {
    const batch = makeBatch("record", [columnOfValues("v", kind, values)]);
    return aggregate([batch], [], [{ name: "sum", call: call("sum", column("v")) }], 1)[0]!["sum"];
  };

  test("whole sums are exact or refused", () => {
    expect(sum("int64", [2n ** 62n, 2n ** 62n - 1n])).toBe(2n ** 63n - 1n);
    expect(sum("int64", [-(2n ** 62n), -(2n ** 62n)])).toBe(-(2n ** 63n));
    expect(() => sum("int64", [2n ** 62n, 2n ** 62n])).toThrow("does not fit int64");
    expect(() => sum("int64", [-(2n ** 63n), -1n])).toThrow("does not fit int64");
    expect(sum("int53", [2 ** 53 - 2, 1])).toBe(2 ** 53 - 1);
    expect(() => sum("int53", [2 ** 53 - 1, 1])).toThrow("does not fit int53");
    expect(sum("decimal", ["0.10", "0.20", "-99999999.99"])).toBe("-99999999.69");
    expect(sum("wide", ["9999999999999999999999.0001", "0.0002"])).toBe(
      "9999999999999999999999.0003",
    );
    expect(() => sum("utf8", ["x"])).toThrow("sums need numbers");
  });

  test("sums of any order are the exact total, or refused where that does not fit", () => {
    const limits = { int53: 2n ** 53n, int64: 2n ** 63n, wide: 10n ** 38n } as const;
    const near = (limit: bigint) => [limit - 1n, limit / 2n, 1n, 0n, -1n, -limit / 2n, 1n - limit];
    const kind = fc.constantFrom("int53", "int64", "wide");
    const drawn = kind.chain((of) =>
      fc.tuple(
        fc.constant(of),
        fc.array(fc.array(fc.constantFrom(...near(limits[of])), { maxLength: 6 }), {
          maxLength: 5,
        }),
        fc.constantFrom<Phases>(1, 2, "passing", "divided", "spilled"),
      ),
    );
    fc.assert(
      fc.property(drawn, ([of, parts, phases]) => {
        const shown = (value: bigint) => {
          if (of !== "wide") return of === "int53" ? Number(value) : value;
          return decimalText(value, 4);
        };
        const batches = parts.map((part) =>
          makeBatch("record", [columnOfValues("v", of, part.map(shown))]),
        );
        const program = [{ name: "sum", call: call("sum", column("v")) }];
        const run = () => aggregate(batches, [], program, phases)[0]!["sum"];
        const values = parts.flat();
        const total = values.reduce((a, b) => a + b, 0n);
        const isLowest = of === "int64" && total === -limits.int64;
        if ((total >= limits[of] || total <= -limits[of]) && !isLowest) {
          expect(run).toThrow(`sum(v) is ${of === "wide" ? decimalText(total, 4) : total}`);
        } else expect(run()).toStrictEqual(values.length === 0 ? null : shown(total));
      }),
      { numRuns: 500 },
    );
  });

  test("a sum that grows wider keeps what had left the narrower type", () => {
    const parts: [string, unknown[]][] = [
      ["int53", [2 ** 53 - 1, 2 ** 53 - 1, 2 ** 53 - 1]],
      ["int64", [2n ** 63n - 1n, 2n ** 63n - 1n]],
      ["decimal", ["0.25"]],
    ];
    const batches = parts.map(([kind, values]) =>
      makeBatch("record", [columnOfValues("v", kind, values)]),
    );
    const program = [{ name: "sum", call: call("sum", column("v")) }];
    const total = 3n * (2n ** 53n - 1n) + 2n * (2n ** 63n - 1n);
    for (const phases of [1, 2, "passing", "divided", "spilled"] as const) {
      const [row] = aggregate(batches, [], program, phases);
      expect(row!["sum"]).toBe(`${total}.25`);
    }
  });

  test("sums of many decimals of one word stay exact", () => {
    const rows = 3_000_000;
    const values = new BigInt64Array(rows).fill(-999_999_999_999_999_999n);
    const base = { name: "v", length: rows, nulls: "null", validity: undefined } as const;
    const batch = makeBatch("record", [
      { ...base, type: "decimal", precision: 18, scale: 2, values },
    ]);
    const [row] = aggregate([batch], [], [{ name: "sum", call: call("sum", column("v")) }], 1);
    expect(row!["sum"]).toBe("-29999999999999999970000.00");
  });

  test("the approximations keep their promises on many values, in one phase and two", () => {
    const rows = 200_000;
    const batches = Array.from({ length: 4 }, (_, part) => {
      const values = Array.from(
        { length: rows / 4 },
        (_, i) => ((part * (rows / 4) + i) * 7919) % 120_011,
      );
      return makeBatch("record", [columnOfValues("v", "float64", values)]);
    });
    const program = [0.001, 0.25, 0.5, 0.999].map((q, i) => ({
      name: `q${i}`,
      call: call("approxQuantile", column("v"), { ...half, text: String(q) } as Expr),
    }));
    for (const phases of [1, 2] as const) {
      const [row] = aggregate(
        batches,
        [],
        [...program, { name: "n", call: call("approxCountDistinct", column("v")) }],
        phases,
      );
      expect(Math.abs((row!["n"] as number) - 120_011) / 120_011).toBeLessThan(0.05);
      for (const [i, q] of [0.001, 0.25, 0.5, 0.999].entries()) {
        expect(Math.abs((row![`q${i}`] as number) / 120_011 - q)).toBeLessThan(0.003);
      }
    }
  });

  test("keys named like states, keys of closure rows of several types", () => {
    const batches = [
      batchOfRows([
        { $0: 1, v: 1 },
        { $0: null, v: 2 },
      ]),
      batchOfRows([{ v: 3 }, { $0: 1, v: null }]),
    ];
    expect(
      aggregate(batches, ["$0"], [{ name: "sum", call: call("sum", column("v")) }], 2),
    ).toEqual([
      { $0: 1, sum: 1 },
      { $0: null, sum: 5 },
    ]);
  });

  test("groups of ten times the memory are those of all memory, in the same order", () => {
    const batches = Array.from({ length: 5 }, (_, part) => {
      const keys = Array.from({ length: 4000 }, (_, i) => (part * 7 + i * 13) % 15_000);
      return makeBatch("record", [
        columnOfValues("k", "int32", keys),
        columnOfValues(
          "t",
          "utf8",
          keys.map((key) => `key ${key % 500}`),
        ),
        columnOfValues(
          "v",
          "float64",
          keys.map((key) => key / 2),
        ),
      ]);
    });
    const aggregates: NamedAggregate[] = [
      { name: "rows", call: call("count") },
      { name: "sum", call: call("sum", column("v")) },
      { name: "max", call: call("max", column("t")) },
    ];
    const keys = ["k", "t"].map((name) => ({ name, expr: column(name) }));
    const run = (limitBytes: number) => {
      const files = new ArraySpillFiles();
      const memory = operatorMemoryOf(limitBytes, files);
      const program = { keys, aggregates, phase: "whole" } as const;
      const tuning = { sharesMax: [], dividedBytesMin: 0, nearBytesMax: 0, dividedTextBytesMin: 0 };
      const out = runStage((next) => aggregateStage(program, memory, next, tuning), batches);
      return { rows: rowsOfBatches(out), files };
    };
    const all = run(2 ** 40);
    const few = run(3_000_000);
    expect(all.files.created).toBe(0);
    expect(few.files).toMatchObject({ created: 1, open: 0 });
    expect(few.rows.length).toBeGreaterThan(10_000);
    expect(few.rows).toEqual(all.rows);
    const least = run(1_000_000);
    expect(least.rows.map(canonicalText).sort()).toEqual(all.rows.map(canonicalText).sort());
  });
});

test("literals that read alike and are of different types are different arguments", () => {
  const nullOf = (type: DataType): Expr => ({ kind: "literal", type, text: null });
  const aggregates = [
    { name: "first", call: call("first", nullOf(float64Type)) },
    { name: "all", call: call("allTrue", nullOf(boolType)) },
  ];
  for (const phases of [1, 2] as const) {
    const rows = aggregate([batchOfRows([{ k: 1 }])], ["k"], aggregates, phases);
    expect(rows).toEqual([{ k: 1, first: null, all: null }]);
  }
});
