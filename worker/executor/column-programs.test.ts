// Programs on typed columns over several stages, against arrays.
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { Expr, SortExpr } from "../../proto/plan/expr.ts";
import type { OperatorProgram, SinkProgram } from "../../proto/plan/program.ts";
import type { ShuffleInput } from "../../proto/plan/stage.ts";
import { int53Type } from "../../proto/plan/types.ts";
import { canonicalText } from "../kernels/canonical-text.ts";
import {
  collect,
  from,
  lines,
  own,
  readStage,
  reduceStage,
  rowsOf,
  type Stage,
  single,
  TestCluster,
} from "./test-cluster.ts";

const column = (name: string): Expr => ({ kind: "column", name });
const shuffle = (
  partitioner: Extract<SinkProgram, { kind: "shuffle" }>["partitioner"],
): SinkProgram => ({ kind: "shuffle", partitioner });
const hashed = (keys: readonly string[] | "all", partitions: number): SinkProgram =>
  shuffle({ kind: "hashColumns", keys: keys === "all" ? keys : keys.map(column), partitions });
type Row = Readonly<Record<string, unknown>>;

const run = async (stages: readonly Stage[], functions = {}) =>
  rowsOf(await new TestCluster(functions).run(stages));
const byText = (a: unknown, b: unknown) => (canonicalText(a) < canonicalText(b) ? -1 : 1);

const keys = fc.constantFrom<unknown>(1, 2, 3.5, null, "x", "é", 0, -0, true);
const rows = fc.record(
  { k: keys, v: fc.option(fc.integer({ min: -5, max: 5 })) },
  { requiredKeys: ["v"] },
);
const files = fc.array(fc.array(rows, { maxLength: 12 }), { minLength: 1, maxLength: 4 });
const partitionCounts = fc.integer({ min: 1, max: 5 });

type Lines = ReturnType<typeof lines>;

function boundsOf(by: readonly SortExpr[], samplePartition: number, partitions: number): Stage {
  const operators = [{ kind: "sortBounds", node: 1, keys: by, partitions } as const];
  return {
    ...{ tasks: 1, partitions: 1 },
    inputs: [{ stageId: 0, partition: samplePartition, maps: "all" }],
    program: { source: from(0), operators, sink: single },
  };
}

const allBounds: ShuffleInput = { stageId: 1, partition: 0, maps: "all" };
const ranges = (keys: readonly SortExpr[], partitions: number): SinkProgram =>
  shuffle({ kind: "rangeBy", keys, boundsStageId: 1, partitions });

/** Rows are held where they are until the bounds are known. */
function sortHeld(
  rows: Lines,
  keys: readonly SortExpr[],
  partitions: number,
  samplesMax: number,
): Stage[] {
  const held = shuffle({ kind: "holdAndSampleBy", keys, samplePartition: 1, samplesMax });
  return [
    readStage(rows, [], held, 2),
    boundsOf(keys, 1, partitions),
    {
      ...{ tasks: rows.length, partitions },
      inputs: [{ stageId: 0, partition: 0, maps: "own" }, allBounds],
      program: { source: from(0), operators: [], sink: ranges(keys, partitions) },
    },
    reduceStage(2, partitions, [{ kind: "sortBy", node: 1, keys }]),
  ];
}

/** Rows are made once for their samples, and once more. */
function sortReadTwice(
  rows: Lines,
  keys: readonly SortExpr[],
  partitions: number,
  samplesMax: number,
): Stage[] {
  return [
    readStage(rows, [], shuffle({ kind: "sampleBy", keys, samplesMax }), 1),
    boundsOf(keys, 0, partitions),
    { ...readStage(rows, [], ranges(keys, partitions), partitions), inputs: [allBounds] },
    reduceStage(2, partitions, [{ kind: "sortBy", node: 1, keys }]),
  ];
}

describe("programs on columns", () => {
  test("rows of closures aggregate by key over any partitions", async () => {
    await fc.assert(
      fc.asyncProperty(files, partitionCounts, async (parts, partitions) => {
        const sum = { function: "sum", args: [column("v")], distinct: false };
        const aggregate = (phase: "partial" | "final"): OperatorProgram => ({
          ...{ kind: "aggregate", node: 1, phase },
          keys: [{ name: "k", expr: column("k") }],
          aggregates: [{ name: "s", call: sum }],
        });
        const map = readStage(
          lines(parts),
          [aggregate("partial")],
          hashed(["k"], partitions),
          partitions,
        );
        const found = await run([map, reduceStage(0, partitions, [aggregate("final")])]);
        const sums = new Map<string, { k: unknown; s: number | null }>();
        for (const { k = null, v } of parts.flat() as { k?: unknown; v: number | null }[]) {
          const key = canonicalText(k);
          const state = sums.get(key) ?? { k: Object.is(k, -0) ? 0 : k, s: null };
          if (v !== null) state.s = (state.s ?? 0) + v;
          sums.set(key, state);
        }
        const plain = (found as Row[]).map((row) => ({ k: row["k"] ?? null, s: row["s"] ?? null }));
        expect(plain.sort(byText)).toEqual([...sums.values()].sort(byText));
      }),
    );
  });

  test("whole rows meet, though some batches lack a column", async () => {
    await fc.assert(
      fc.asyncProperty(files, partitionCounts, async (parts, partitions) => {
        const distinct: OperatorProgram = { kind: "distinct", node: 1 };
        const map = readStage(lines(parts), [distinct], hashed("all", partitions), partitions);
        const found = await run([map, reduceStage(0, partitions, [distinct])]);
        const textOf = (row: unknown) =>
          canonicalText(
            Object.entries(row as Row)
              .filter(([, value]) => value !== null)
              .sort(byText),
          );
        expect(found.map(textOf).sort()).toEqual([...new Set(parts.flat().map(textOf))].sort());
      }),
    );
  });

  test("a sort over sampled ranges of columns is the sort of everything", async () => {
    const numbers = fc.array(
      fc.array(
        fc.record({ a: fc.option(fc.integer({ min: 0, max: 9 })), b: fc.nat({ max: 99 }) }),
        { maxLength: 30 },
      ),
      { minLength: 1, maxLength: 4 },
    );
    const directions = fc.constantFrom<"asc" | "desc">("asc", "desc");
    await fc.assert(
      fc.asyncProperty(
        numbers,
        partitionCounts,
        directions,
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        async (parts, partitions, direction, samplesMax, readsTwice) => {
          const by: SortExpr[] = [
            { expr: column("a"), direction, nulls: "last" },
            { expr: column("b"), direction: "asc", nulls: "first" },
          ];
          const rows = lines(parts);
          const stages = readsTwice
            ? sortReadTwice(rows, by, partitions, samplesMax)
            : sortHeld(rows, by, partitions, samplesMax);
          const expected = parts.flat().sort((x, y) => {
            if (x.a === null || y.a === null)
              return x.a === y.a ? x.b - y.b : x.a === null ? 1 : -1;
            return (direction === "asc" ? x.a - y.a : y.a - x.a) || x.b - y.b;
          });
          const found = (await run(stages)) as Row[];
          expect(found.map((row) => ({ a: row["a"] ?? null, b: row["b"] }))).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("rows are spread evenly, or by a function", async () => {
    const parts = [Array.from({ length: 10 }, (_, i) => i), [10, 11]];
    const even = readStage(lines(parts), [], shuffle({ kind: "even", partitions: 3 }), 3);
    const results = await new TestCluster().run([even, reduceStage(0, 3, [])]);
    expect(results.map(({ rowsOut }) => rowsOut)).toEqual([4, 4, 4]);
    const chosen = readStage(
      lines(parts),
      [],
      shuffle({ kind: "closure", node: 1, partitions: 3 }),
      3,
    );
    const functions = { 1: (n: number) => -n };
    const by = await new TestCluster(functions).run([chosen, reduceStage(0, 3, [])]);
    expect(by.map((result) => rowsOf([result]))).toEqual([
      [0, 3, 6, 9],
      [2, 5, 8, 11],
      [1, 4, 7, 10],
    ]);
    await expect(new TestCluster({ 1: () => 0.5 }).run([chosen])).rejects.toMatchObject({
      ...{ code: "VALUE_UNSUPPORTED" },
      details: { operator: "repartition#1", row: 0 },
    });
  });

  test("a join reads its second input first", async () => {
    const left = [
      [
        { k: 1, a: "x" },
        { k: 2, a: "y" },
      ],
      [{ k: 3, a: "z" }],
    ];
    const right = [
      [
        { k: 3, b: 30 },
        { k: 1, b: 10 },
      ],
    ];
    const join: OperatorProgram = {
      ...{ kind: "join", node: 1, type: "left", rightNames: [] },
      on: [{ left: column("k"), right: column("k") }],
      build: { stageId: 1, pipeline: "left" },
    };
    const stages: Stage[] = [
      readStage(lines(left), [], hashed(["k"], 2), 2),
      readStage(lines(right), [], hashed(["k"], 2), 2),
      { ...reduceStage(0, 2, [join]), inputs: [own(0), own(1)] },
    ];
    const found = (await run(stages)) as Row[];
    expect(found.map((row) => ({ ...row, b: row["b"] ?? null })).sort(byText)).toEqual(
      [
        { k: 1, a: "x", b: 10 },
        { k: 2, a: "y", b: null },
        { k: 3, a: "z", b: 30 },
      ].sort(byText),
    );
  });

  test("a side that is sent whole is read once by the tasks of a stage that run in one place", async () => {
    const side = [[3, 1, 1].map((k, at) => ({ k, b: at }))];
    const join: OperatorProgram = {
      ...{ kind: "join", node: 1, type: "inner", rightNames: [] },
      on: [{ left: column("k"), right: column("k") }],
      build: { stageId: 0, pipeline: "left" },
    };
    const measure = async (tasks: number) => {
      const left = Array.from({ length: tasks }, (_, k) => [{ k, a: k }]);
      const cluster = new TestCluster();
      const reads = cluster.files.map((files) => vi.spyOn(files, "read"));
      const joined = readStage(lines(left), [join], collect);
      const results = await cluster.run([
        readStage(lines(side), [], single, 1),
        { ...joined, inputs: [{ stageId: 0, partition: 0, maps: "all" }] },
      ]);
      return { results, reads: reads.reduce((sum, { mock }) => sum + mock.calls.length, 0) };
    };
    const [few, many] = [await measure(2), await measure(8)];
    expect(few.reads).toBeGreaterThan(0);
    expect(many.reads).toBe(few.reads);
    // Counted as if each had read it.
    expect(new Set(many.results.map(({ rowsIn }) => rowsIn))).toEqual(new Set([4]));
    expect(new Set(many.results.map(({ bytesIn }) => bytesIn)).size).toBe(1);
    expect(rowsOf(many.results)).toEqual([
      { k: 1, a: 1, b: 1 },
      { k: 1, a: 1, b: 2 },
      { k: 3, a: 3, b: 0 },
    ]);
  });

  test("values, ranges, and a union of branches with steps of their own", async () => {
    const schema = { fields: [{ name: "v", type: int53Type, nullable: false }] };
    const values = { kind: "values", node: 1, rowsJson: '[{"v":1},{"v":2}]', schema } as const;
    const range = { kind: "range", node: 2, start: 10, end: -3, step: -4, tasks: 3 } as const;
    const inner = {
      kind: "branches",
      node: 3,
      branches: [
        { firstTask: 0, tasks: 1, source: values, operators: [] },
        { firstTask: 1, tasks: 3, source: range, operators: [{ kind: "limit", node: 4, rows: 1 }] },
      ],
    } as const;
    const outer = {
      kind: "branches",
      node: 5,
      branches: [
        { firstTask: 0, tasks: 1, source: range, operators: [] },
        { firstTask: 1, tasks: 4, source: inner, operators: [{ kind: "map", node: 6 }] },
      ],
    } as const;
    const program = {
      source: outer,
      operators: [{ kind: "map", node: 7 } as const],
      sink: collect,
    };
    const functions = { 6: (row: unknown) => ({ inner: row }), 7: (row: unknown) => [row] };
    const results = await new TestCluster(functions).run([{ tasks: 5, program }]);
    expect(results.map((result) => rowsOf([result]))).toEqual([
      [[10]],
      [[{ inner: { v: 1 } }], [{ inner: { v: 2 } }]],
      [[{ inner: 10 }]],
      [[{ inner: 6 }]],
      [[{ inner: 2 }]],
    ]);
  });

  test("an aggregate without keys answers one row of no rows", async () => {
    const count = { function: "count", args: [], distinct: false };
    const sum = { function: "sum", args: [column("v")], distinct: false };
    const aggregates = [
      { name: "n", call: count },
      { name: "s", call: sum },
    ];
    const aggregate = { kind: "aggregate", node: 1, keys: [], aggregates } as const;
    for (const phases of [["whole"], ["partial", "final"]] as const) {
      const operators = phases.map((phase): OperatorProgram => ({ ...aggregate, phase }));
      const map = readStage(["", ""], operators.slice(0, -1), single, 1);
      expect(await run([map, reduceStage(0, 1, operators.slice(-1))])).toEqual([{ n: 0, s: null }]);
    }
  });
});
