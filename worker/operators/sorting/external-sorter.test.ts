// Whatever the budget, the same batches come out: those of a sort in memory.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Batch, batchOfRows, batchRows, makeBatch } from "../../../proto/batch/batch.ts";
import type { SortExpr } from "../../../proto/plan/expr.ts";
import { slice } from "../../kernels/columns/gather.ts";
import { arbitraryColumn, cutAt } from "../../kernels/testing/arbitrary-columns.ts";
import { ArraySpillFiles, operatorMemoryOf, taskMemoryOf } from "../../memory/memory-for-tests.ts";
import { ExternalSorter } from "./external-sorter.ts";

const key = (name: string, direction: "asc" | "desc", nulls: "first" | "last"): SortExpr => ({
  expr: { kind: "column", name },
  direction,
  nulls,
});

function sorted(
  batches: readonly Batch[],
  keys: readonly SortExpr[],
  rowsMax: number,
  memory = operatorMemoryOf(),
): Batch[] {
  const sorter = new ExternalSorter({ keys, rowsMax, memory });
  for (const batch of batches) if (batch.rows > 0) sorter.add(batch);
  return [...sorter.sorted()];
}

const numbered = (rows: number) => ({
  name: "n",
  type: "float64" as const,
  length: rows,
  nulls: "null" as const,
  validity: undefined,
  values: Float64Array.from({ length: rows }, (_, i) => i),
});

function doubles(values: Float64Array): Batch[] {
  const batches: Batch[] = [];
  for (let start = 0; start < values.length; start += 1000) {
    const own = values.subarray(start, start + 1000);
    const base = {
      type: "float64",
      length: own.length,
      nulls: "null",
      validity: undefined,
    } as const;
    const order = Float64Array.from(own, (_, i) => start + i);
    batches.push(
      makeBatch("record", [
        { ...base, name: "v", values: own },
        { ...base, name: "n", values: order },
      ]),
    );
  }
  return batches;
}

describe("a sort beyond its memory", () => {
  test("gives the batches of one within it, to the bit", () => {
    const cases = fc.nat(60).chain((rows) =>
      fc.record({
        columns: fc.tuple(...["a", "b", "c"].map((name) => arbitraryColumn(name, rows))),
        cuts: fc.array(fc.nat(60), { maxLength: 6 }),
        direction: fc.constantFrom("asc" as const, "desc" as const),
        nulls: fc.constantFrom("first" as const, "last" as const),
        rowsMax: fc.constantFrom(Number.POSITIVE_INFINITY, 5),
        bytes: fc.integer({ min: 1, max: 6000 }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ columns, cuts, direction, nulls, rowsMax, bytes }) => {
        const all = [...columns.map(({ column }) => column)];
        const batches = cutAt([...all, numbered(all[0]!.length)], cuts, slice);
        const keys = [key("a", direction, nulls), key("b", "asc", "first")];
        const files = new ArraySpillFiles();
        const small = sorted(batches, keys, rowsMax, operatorMemoryOf(bytes, files));
        expect(small).toEqual(sorted(batches, keys, rowsMax));
        expect(files.open).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  test("columns whose type widens on the way are sorted by the wider one", () => {
    const big = 2n ** 53n;
    const ints = makeBatch("record", [
      {
        ...{ name: "v", type: "int64", length: 3, nulls: "null", validity: undefined },
        values: BigInt64Array.of(big + 1n, big, 1n),
      },
      numbered(3),
    ]);
    const batches = [ints, ...doubles(Float64Array.of(0.5, Number(big)))];
    const keys = [key("v", "asc", "first")];
    const found = sorted(batches, keys, Number.POSITIVE_INFINITY, operatorMemoryOf(400));
    expect(found).toEqual(sorted(batches, keys, Number.POSITIVE_INFINITY));
    expect(found.flatMap(batchRows)).toEqual([
      { v: 0.5, n: 0 },
      { v: 1, n: 2 },
      { v: Number(big), n: 0 },
      { v: Number(big), n: 1 },
      { v: Number(big), n: 1 },
    ]);
  });

  test.each([
    ["random", (i: number) => Math.imul(i, 0x9e3779b1) >> 12],
    ["sorted", (i: number) => i],
    ["backwards", (i: number) => -i],
    ["alike", (i: number) => i % 3],
  ])("many runs of %s rows, merged in several passes", (_, valueAt) => {
    const values = Float64Array.from({ length: 60_000 }, (_, i) => valueAt(i));
    const files = new ArraySpillFiles();
    const memory = taskMemoryOf(300_000, files);
    const keys = [key("v", "asc", "first")];
    const operator = memory.operator("sortBy#1");
    const found = sorted(doubles(values), keys, Number.POSITIVE_INFINITY, operator);
    expect(found).toEqual(sorted(doubles(values), keys, Number.POSITIVE_INFINITY));
    expect(memory.spilledBytes).toBeGreaterThan(2 * 60_000 * 24);
    expect(operator.bytes).toBe(0);
  });
});

describe("handing on to a step that takes lines", () => {
  // So many bytes that they are picked in the memory of a kernel.
  const texts = Array.from({ length: 1100 }, (_, row) =>
    String((row * 7919) % 1100).padStart(4000),
  );

  function handedOn(values: readonly unknown[], rowsMax = Number.POSITIVE_INFINITY, memory = 1e9) {
    const keys = [key("value", "desc", "last")];
    const sorter = new ExternalSorter({ keys, rowsMax, memory: operatorMemoryOf(memory) });
    for (let at = 0; at < values.length; at += 300) {
      sorter.add(batchOfRows(values.slice(at, at + 300)));
    }
    const lines: string[] = [];
    const rows: unknown[] = [];
    const next = {
      wantsMore: () => true,
      pushBatch: (batch: Batch) => void rows.push(...batchRows(batch)),
      pushLines: (count: number, bytes: Uint8Array) => {
        const own = Buffer.from(bytes).toString();
        expect(own.split("\n").length - 1).toBe(count);
        lines.push(own);
      },
    };
    for (const _ of sorter.pushSorted(next)) expect(lines.length + rows.length).toBeGreaterThan(0);
    return { lines: lines.join(""), rows };
  }
  const inOrder = texts.toSorted().reverse();

  test("texts alone come as lines, all or the first of them", () => {
    expect(handedOn(texts)).toEqual({
      lines: inOrder.map((each) => `${each}\n`).join(""),
      rows: [],
    });
    const first = inOrder.slice(0, 10).map((each) => `${each}\n`);
    expect(handedOn(texts, 10)).toEqual({ lines: first.join(""), rows: [] });
  });

  test("others come as batches: nulls, few texts, none, and those that do not fit", () => {
    expect(handedOn([...texts, null])).toEqual({ lines: "", rows: [...inOrder, null] });
    expect(handedOn(["a", "b"])).toEqual({ lines: "", rows: ["b", "a"] });
    expect(handedOn([])).toEqual({ lines: "", rows: [] });
    expect(handedOn(texts, undefined, 1e6)).toEqual({ lines: "", rows: inOrder });
  });
});
