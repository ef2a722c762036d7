// Windows over random rows, against a loop over the frame of each row.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeBatch } from "../../proto/batch/batch.ts";
import { RawBatchWriter } from "../../proto/batch/raw-batch.ts";
import type { Expr, FrameBound, NamedWindow, WindowFrame } from "../../proto/plan/expr.ts";
import { float64Type, int32Type } from "../../proto/plan/types.ts";
import { slice } from "../kernels/columns/gather.ts";
import { columnOfValues, cutAt } from "../kernels/testing/arbitrary-columns.ts";
import { ArraySpillFiles, operatorMemoryOf } from "../memory/memory-for-tests.ts";
import type { OperatorMemory } from "../memory/task-memory.ts";
import { rowsOfBatches, runStage } from "./testing/run-stage.ts";
import { windowStage } from "./window.ts";

const column = (name: string): Expr => ({ kind: "column", name });
const whole = (value: number): Expr => ({ kind: "literal", type: int32Type, text: String(value) });
const half: Expr = { kind: "literal", type: float64Type, text: "0.5" };

interface Row {
  readonly p: number | null;
  readonly o: number | null;
  readonly v: number | null;
}

const bounds = fc.oneof(
  fc.constant<FrameBound>({ kind: "unbounded" }),
  fc.integer({ min: -3, max: 3 }).map((rows): FrameBound => ({ kind: "offset", rows })),
);
const frames = fc.record({
  unit: fc.constantFrom("rows" as const, "peers" as const),
  start: bounds,
  end: bounds,
});

const calls: Readonly<Record<string, readonly Expr[]>> = {
  rowNumber: [],
  rank: [],
  denseRank: [],
  percentRank: [],
  ntile: [whole(3)],
  lag: [column("v"), whole(2)],
  lead: [column("v"), whole(1), whole(99)],
  firstValue: [column("v")],
  lastValue: [column("v")],
  sum: [column("v")],
  count: [column("v")],
  min: [column("v")],
  first: [column("v")],
  last: [column("v")],
  countDistinct: [column("v")],
  collectList: [column("v")],
  variance: [column("v")],
  approxQuantile: [column("v"), half],
  median: [column("v")],
};

/** Nulls come first. */
const orderOf = (row: Row) => row.o ?? -1;

/** Of one partition, in order: what the window says at place `i`. */
function naive(rows: readonly Row[], i: number, name: string, frame: WindowFrame): unknown {
  const n = rows.length;
  const peers: Row[][] = [];
  for (const row of rows) {
    const last = peers.at(-1);
    if (last !== undefined && orderOf(last[0]!) === orderOf(row)) last.push(row);
    else peers.push([row]);
  }
  const groupOf = peers.flatMap((group, index) => group.map(() => index));
  const group = groupOf[i]!;
  const inFrame = (at: number): boolean => {
    const distance = frame.unit === "rows" ? at - i : groupOf[at]! - group;
    const { start, end } = frame;
    return (
      (start.kind === "unbounded" || distance >= start.rows) &&
      (end.kind === "unbounded" || distance <= end.rows)
    );
  };
  const framed = rows.filter((_, at) => inFrame(at)).map(({ v }) => v);
  const values = framed.filter((v) => v !== null);
  const sum = values.reduce((a, b) => a + b, 0);
  const mean = sum / values.length;
  const sorted = [...values].sort((a, b) => a - b);
  const before = groupOf.indexOf(group);
  switch (name) {
    case "rowNumber":
      return i + 1;
    case "rank":
      return before + 1;
    case "denseRank":
      return group + 1;
    case "percentRank":
      return n === 1 ? 0 : before / (n - 1);
    case "ntile": {
      const sizes = [0, 1, 2].map((tile) => Math.floor(n / 3) + (tile < n % 3 ? 1 : 0));
      return sizes.flatMap((size, tile) => new Array(size).fill(tile + 1))[i];
    }
    case "lag":
      return i < 2 ? null : rows[i - 2]!.v;
    case "lead":
      return i + 1 < n ? rows[i + 1]!.v : 99;
    case "firstValue":
    case "first":
      return framed[0] ?? null;
    case "lastValue":
    case "last":
      return framed.at(-1) ?? null;
    case "sum":
      return values.length === 0 ? null : sum;
    case "count":
      return values.length;
    case "min":
      return sorted[0] ?? null;
    case "countDistinct":
      return new Set(values).size;
    case "collectList":
      return values;
    case "variance":
      return values.length < 2
        ? null
        : values.reduce((a, v) => a + (v - mean) ** 2, 0) / (values.length - 1);
    default:
      return values.length === 0
        ? null
        : (sorted[(values.length - 1) >> 1]! + sorted[values.length >> 1]!) / 2;
  }
}

const numbers = fc.option(fc.integer({ min: 0, max: 5 }));
const tables = fc.array(fc.record({ p: numbers, o: numbers, v: numbers }), { maxLength: 40 });

describe("windows", () => {
  test("are what a loop over the frame of each row gives, rows in their order", () => {
    fc.assert(
      fc.property(tables, frames, fc.array(fc.nat(), { maxLength: 3 }), (rows, frame, cuts) => {
        const windows = Object.entries(calls).map(
          ([name, args]): NamedWindow => ({
            name: `w ${name}`,
            call: {
              ...{ function: name, args, partitionBy: [column("p")], frame },
              orderBy: [{ expr: column("o"), direction: "asc", nulls: "first" }],
            },
          }),
        );
        const columns = (["p", "o", "v"] as const).map((name) =>
          columnOfValues(
            name,
            name === "v" ? "float64" : "int32",
            rows.map((row) => row[name]),
          ),
        );
        const found = rowsOfBatches(
          runStage(
            (next) => windowStage(windows, operatorMemoryOf(), next),
            cutAt(columns, cuts, slice),
          ),
        );
        const expected = rows.map((row) => {
          const partition = rows.filter(({ p }) => p === row.p);
          const sorted = [...partition].sort((a, b) => orderOf(a) - orderOf(b));
          const place = sorted.indexOf(row);
          const made = Object.keys(calls).map((name) => [
            `w ${name}`,
            naive(sorted, place, name, frame),
          ]);
          return { ...row, ...(Object.fromEntries(made) as Record<string, unknown>) };
        });
        expect(found.length).toBe(expected.length);
        for (const [i, row] of (found as Record<string, unknown>[]).entries()) {
          for (const [name, value] of Object.entries(expected[i]!)) {
            if (typeof value === "number")
              expect([name, row[name]]).toEqual([name, expect.closeTo(value, 9)]);
            else expect([name, row[name]]).toEqual([name, value]);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("give the same batches whatever they may hold", () => {
    const frame: WindowFrame = {
      unit: "rows",
      start: { kind: "offset", rows: -1 },
      end: { kind: "offset", rows: 0 },
    };
    const window = (name: string, by: readonly string[]): NamedWindow => ({
      name,
      call: {
        ...{ function: "sum", args: [column("v")], partitionBy: by.map(column), frame },
        orderBy: [{ expr: column("o"), direction: "asc", nulls: "first" }],
      },
    });
    // Partitions by one, by the other, by the first again: the columns come as they were asked for.
    const windows = [window("a", ["p"]), window("b", ["o"]), window("c", ["p"])];
    const budgets = fc.integer({ min: 1500, max: 9000 });
    let spilled = 0;
    fc.assert(
      fc.property(tables, budgets, fc.array(fc.nat(), { maxLength: 3 }), (rows, bytes, cuts) => {
        const columns = (["p", "o", "v"] as const).map((name) =>
          columnOfValues(
            name,
            "float64",
            rows.map((row) => row[name]),
          ),
        );
        const files = new ArraySpillFiles();
        const made = (memory: OperatorMemory) =>
          runStage((next) => windowStage(windows, memory, next), cutAt(columns, cuts, slice)).map(
            (batch) => new RawBatchWriter().write(batch),
          );
        let found: unknown;
        try {
          found = made(operatorMemoryOf(bytes, files));
        } catch (thrown) {
          expect((thrown as { readonly code?: unknown }).code).toBe("MEMORY_EXCEEDED");
          return;
        }
        expect(found).toEqual(made(operatorMemoryOf()));
        spilled += files.created;
        expect(files.open).toBe(0);
      }),
      { numRuns: 300 },
    );
    expect(spilled).toBeGreaterThan(10);
  });

  test("a running sum over many rows takes no quadratic time", () => {
    const rows = 100_000;
    const batch = makeBatch("record", [columnOfValues("v", "float64", new Array(rows).fill(1))]);
    const frame: WindowFrame = {
      unit: "rows",
      start: { kind: "unbounded" },
      end: { kind: "offset", rows: 0 },
    };
    const call = { function: "sum", args: [column("v")], partitionBy: [], orderBy: [], frame };
    const found = runStage(
      (next) => windowStage([{ name: "s", call }], operatorMemoryOf(), next),
      [batch],
    );
    const sums = found.flatMap((part) =>
      Array.from((part.columns[1] as { values: Float64Array }).values),
    );
    expect(sums.every((sum, i) => sum === i + 1)).toBe(true);
  });
});
