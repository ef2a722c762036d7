// Programs of several stages against naive twins.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SortKey } from "../../proto/plan/logical.ts";
import { compareValues } from "../operators/order.ts";
import {
  count,
  from,
  hashTo,
  lines,
  readStage,
  reduce,
  reduceStage,
  rowsOf,
  type Stage,
  single,
  TestCluster,
  text,
} from "./test-cluster.ts";

const byJson = (a: unknown, b: unknown) => {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  return left < right ? -1 : left > right ? 1 : 0;
};

const anyRow = fc.oneof(
  fc.constantFrom("1", "a", "ab", "é", "😀", 1, 2, 0, true, false, null),
  fc.constantFrom({ a: 1, b: 2 }, { b: 2, a: 1 }, [1, "x"], []),
);
const someFiles = fc.array(fc.array(anyRow, { maxLength: 20 }), { minLength: 1, maxLength: 4 });

describe("programs of several stages", () => {
  test("words are counted over files and partitions", async () => {
    const cluster = new TestCluster({ 1: (line: string) => line.split(" ") });
    const files = ["a b a\nc\n", "b b", ""];
    const operators = [{ kind: "flatMap", node: 1 } as const, count("partial")];
    const sink = hashTo("value", 3);
    const map = { tasks: 3, files, partitions: 3, program: { source: text, operators, sink } };
    const results = await cluster.run([map, reduceStage(0, 3, [count("final")])]);
    expect(rowsOf(results).sort(byJson)).toEqual([
      { value: "a", count: 2 },
      { value: "b", count: 3 },
      { value: "c", count: 1 },
    ]);
    expect(results.map((result) => result.rowsOut).reduce((a, b) => a + b)).toBe(3);
  });

  test("values of any type are counted as a naive count says", async () => {
    await fc.assert(
      fc.asyncProperty(someFiles, fc.integer({ min: 1, max: 5 }), async (files, partitions) => {
        const map = readStage(
          lines(files),
          [count("partial")],
          hashTo("value", partitions),
          partitions,
        );
        const results = await new TestCluster().run([
          map,
          reduceStage(0, partitions, [count("final")]),
        ]);
        const naive = new Map<string, number>();
        for (const row of files.flat()) {
          const plain =
            row !== null && typeof row === "object" && "a" in row ? { a: 1, b: 2 } : row;
          const key = JSON.stringify(plain);
          naive.set(key, (naive.get(key) ?? 0) + 1);
        }
        const found = rowsOf(results) as { value: unknown; count: number }[];
        expect(found.length).toBe(naive.size);
        for (const { value, count: times } of found) {
          const isRecord = value !== null && typeof value === "object" && "a" in value;
          expect(naive.get(JSON.stringify(isRecord ? { a: 1, b: 2 } : value))).toBe(times);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("pairs are reduced by key as a naive reduce says", async () => {
    const pairs = fc.array(fc.array(fc.tuple(anyRow, fc.integer()), { maxLength: 20 }), {
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(pairs, async (files) => {
        const cluster = new TestCluster({ 2: (a: number, b: number) => a + b });
        const results = await cluster.run([
          readStage(lines(files), [reduce("partial")], hashTo("key", 2), 2),
          reduceStage(0, 2, [reduce("final")]),
        ]);
        const naive = new Map<string, number>();
        const keyOf = (key: unknown) =>
          key !== null && typeof key === "object" && "a" in key ? "record" : JSON.stringify(key);
        for (const [key, value] of files.flat()) {
          naive.set(keyOf(key), (naive.get(keyOf(key)) ?? 0) + value);
        }
        const found = rowsOf(results) as [unknown, number][];
        expect(new Map(found.map(([key, value]) => [keyOf(key), value]))).toEqual(naive);
        expect(found.length).toBe(naive.size);
      }),
      { numRuns: 50 },
    );
  });

  test("a sort over sampled ranges is the sort of everything", async () => {
    const rows = fc.array(fc.array(fc.oneof(anyRow, fc.double(), fc.string()), { maxLength: 40 }), {
      minLength: 1,
      maxLength: 4,
    });
    const cases = fc.tuple(rows, fc.constantFrom("asc", "desc"), fc.integer({ min: 2, max: 4 }));
    await fc.assert(
      fc.asyncProperty(cases, async ([files, direction, partitions]) => {
        const key: SortKey = { by: { kind: "column", name: "value" }, direction };
        const tasks = files.length;
        const held = { samplePartition: 1, samplesMax: 2 };
        const hold = { kind: "holdAndSample", node: 1, key, ...held } as const;
        const bounds: Stage = {
          tasks: 1,
          partitions: 1,
          inputs: [{ stageId: 0, partition: 1, maps: "all" }],
          program: {
            source: from(0),
            operators: [{ kind: "rangeBounds", node: 1, key, partitions }],
            sink: single,
          },
        };
        const range = { kind: "range", node: 1, key, boundsStageId: 1, partitions } as const;
        const divide: Stage = {
          tasks,
          partitions,
          inputs: [
            { stageId: 0, partition: 0, maps: "own" },
            { stageId: 1, partition: 0, maps: "all" },
          ],
          program: {
            source: from(0),
            operators: [],
            sink: { kind: "shuffle", partitioner: range },
          },
        };
        const results = await new TestCluster().run([
          readStage(lines(files), [], { kind: "shuffle", partitioner: hold }, 2),
          bounds,
          divide,
          reduceStage(2, partitions, [{ kind: "sort", node: 1, key }]),
        ]);
        const all = JSON.parse(JSON.stringify(files.flat())) as unknown[];
        const keyOf = (row: unknown) => {
          if (Array.isArray(row)) return row.length === 2 ? row[1] : row;
          return row !== null && typeof row === "object" ? undefined : row;
        };
        const sign = direction === "asc" ? 1 : -1;
        const sorted = [...all].sort(
          (a, b) => sign * compareValues(keyOf(a), keyOf(b)) || compareValues(a, b),
        );
        expect(rowsOf(results)).toEqual(sorted);
      }),
      { numRuns: 60 },
    );
  });

  test("the first rows by a closure's key", async () => {
    const cluster = new TestCluster({ 1: (row: number) => -row });
    const key: SortKey = { by: { kind: "closure" }, direction: "desc" };
    const top = { kind: "sort", node: 1, key, rowsMax: 3 } as const;
    const files = lines([Array.from({ length: 30_000 }, (_, i) => (i * 7919) % 30_011), [-5]]);
    const results = await cluster.run([
      readStage(files, [top], single, 1),
      reduceStage(0, 1, [top, { kind: "limit", node: 3, rows: 2 }]),
    ]);
    expect(rowsOf(results)).toEqual([-5, 0]);
  });

  test("equal inputs give equal bytes, also of blocks", async () => {
    const files = lines([
      ["a", 1, "b"],
      [{ x: 1 }, "a"],
    ]);
    const stage = readStage(files, [count("partial")], hashTo("value", 2), 2);
    const one = new TestCluster();
    const two = new TestCluster();
    const digests = [await one.run([stage]), await two.run([stage])].map((results) =>
      results.map((result) => result.digest),
    );
    expect(digests[0]).toEqual(digests[1]);
    expect(one.files.map((files_) => files_.all)).toEqual(two.files.map((files_) => files_.all));
  });
});
