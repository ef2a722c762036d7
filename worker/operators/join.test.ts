// Joins of random rows, against loops over all pairs.

import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Batch, batchOfRows, batchRows, makeBatch } from "../../proto/batch/batch.ts";
import type { Column, TextColumn } from "../../proto/batch/column.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import type { JoinType } from "../../proto/plan/logical.ts";
import { float64Type, int32Type, type Schema, utf8Type } from "../../proto/plan/types.ts";
import { fakeClock } from "../../proto/testing/fake-clock.ts";
import { canonicalText } from "../kernels/canonical-text.ts";
import { gatherBatch } from "../kernels/columns/gather.ts";
import { columnOfValues } from "../kernels/testing/arbitrary-columns.ts";
import { ArraySpillFiles, operatorMemoryOf } from "../memory/memory-for-tests.ts";
import type { OperatorMemory } from "../memory/task-memory.ts";
import { joinStage } from "./join.ts";
import type { SidePlace } from "./joining/built-side.ts";
import type { JoinProgram } from "./joining/join-program.ts";
import { KeptSides } from "./joining/kept-sides.ts";
import type { Stage } from "./stage.ts";
import { gathering, rowsOfBatches, runStage } from "./testing/run-stage.ts";

const column = (name: string): Expr => ({ kind: "column", name });
const types: readonly JoinType[] = ["inner", "left", "right", "full", "semi", "anti", "cross"];
const field = (name: string, type: Schema["fields"][number]["type"]) => ({
  name,
  type,
  nullable: true,
});
const leftSchema: Schema = {
  fields: [field("k", int32Type), field("a", float64Type), field("x", utf8Type)],
};
const rightSchema: Schema = {
  fields: [field("k", int32Type), field("b", float64Type), field("x", utf8Type)],
};

type Row = Record<string, unknown>;

const keyKinds = ["int32", "int53", "float64", "int64", "null"] as const;
const side = (own: string) =>
  fc
    .array(
      fc.tuple(
        fc.constantFrom(...keyKinds),
        fc.array(
          fc.tuple(fc.option(fc.integer({ min: 0, max: 4 })), fc.integer({ min: 0, max: 3 })),
          { minLength: 1, maxLength: 6 },
        ),
      ),
      { maxLength: 3 },
    )
    .map((parts) =>
      parts.map(([kind, rows]): Batch => {
        const keys = rows.map(([k]) =>
          kind === "null" || k === null ? null : kind === "int64" ? BigInt(k) : k,
        );
        return makeBatch("record", [
          columnOfValues("k", kind, keys),
          columnOfValues(
            own,
            "float64",
            rows.map(([, v]) => v),
          ),
          columnOfValues(
            "x",
            "utf8",
            rows.map(([, v]) => `${own}${v}`),
          ),
        ]);
      }),
    );

const numberOf = (key: unknown) => (typeof key === "bigint" ? Number(key) : (key ?? null));

function naive(
  left: readonly Row[],
  right: readonly Row[],
  type: JoinType,
  byKey: boolean,
  condition: boolean,
): Row[] {
  const matches = (l: Row, r: Row) =>
    (!byKey || (numberOf(l["k"]) !== null && numberOf(l["k"]) === numberOf(r["k"]))) &&
    (!condition || (l["a"] as number) < (r["b"] as number));
  const joined = (l: Row | undefined, r: Row | undefined): Row => ({
    k: numberOf(byKey ? (l?.["k"] ?? r?.["k"]) : l?.["k"]),
    a: l?.["a"] ?? null,
    x: l?.["x"] ?? null,
    ...(byKey ? {} : { k2: numberOf(r?.["k"]) }),
    b: r?.["b"] ?? null,
    x2: r?.["x"] ?? null,
  });
  if (type === "semi" || type === "anti") {
    return left
      .filter((l) => right.some((r) => matches(l, r)) === (type === "semi"))
      .map((l) => ({ k: numberOf(l["k"]), a: l["a"], x: l["x"] }));
  }
  const out = left.flatMap((l) => {
    const found = right.filter((r) => matches(l, r)).map((r) => joined(l, r));
    return found.length === 0 && (type === "left" || type === "full")
      ? [joined(l, undefined)]
      : found;
  });
  if (type === "right" || type === "full") {
    out.push(
      ...right.filter((r) => !left.some((l) => matches(l, r))).map((r) => joined(undefined, r)),
    );
  }
  return out;
}

const shown = (row: unknown) => {
  const record = row as Row;
  const plain = Object.entries(record).map(([name, value]) => [
    name,
    name.startsWith("k") ? numberOf(value) : (value ?? null),
  ]);
  return canonicalText(Object.fromEntries(plain));
};

/** The first row of each key. */
function firstOfKeys(batch: Batch): Batch {
  const keys = rowsOfBatches([batch]).map((row) => numberOf((row as Row)["k"]));
  return gatherBatch(
    batch,
    Int32Array.from(keys.keys()).filter(
      (row) => keys.findIndex((key) => key === keys[row]) === row,
    ),
  );
}

/** Texts as codes into a dictionary of them all. */
function withDictionary(texts: Column): Column {
  const codes = Int32Array.from({ length: texts.length }, (_, row) => row);
  const dictionary = { ...texts, validity: undefined } as TextColumn;
  const { name, length, nulls, validity } = texts;
  return { name, length, nulls, validity, type: "dictionary", codes, dictionary };
}

const less: Expr = { kind: "call", name: "lt", args: [column("a"), column("b")] };
const cases = fc.record({
  left: side("a"),
  right: side("b"),
  type: fc.constantFrom(...types),
  pipeline: fc.constantFrom<"left" | "right">("left", "right"),
  condition: fc.boolean(),
});

function programOf(type: JoinType, pipeline: "left" | "right", condition: boolean): JoinProgram {
  const byKey = type !== "cross";
  return {
    type,
    on: byKey ? [{ left: column("k"), right: column("k") }] : [],
    rightNames: [{ from: "x", to: "x2" }, ...(byKey ? [] : [{ from: "k", to: "k2" }])],
    ...(condition ? { condition: less } : {}),
    build: { stageId: 1, pipeline },
    leftSchema,
    rightSchema,
  };
}

describe("joins", () => {
  test("have the rows of a loop over all pairs, whichever side is kept", () => {
    fc.assert(
      fc.property(cases, ({ left, right, type, pipeline, condition }) => {
        const program = programOf(type, pipeline, condition);
        const [streaming, kept] = pipeline === "left" ? [left, right] : [right, left];
        const found = rowsOfBatches(
          runStage((next) => joinStage(program, operatorMemoryOf(), next), streaming, kept),
        );
        const expected = naive(
          rowsOfBatches(left) as Row[],
          rowsOfBatches(right) as Row[],
          type,
          type !== "cross",
          condition,
        );
        const texts = (rows: readonly unknown[]) =>
          rows.map(shown).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
        expect(texts(found)).toEqual(texts(expected));
      }),
      { numRuns: 500 },
    );
  });

  test("give the same rows in the same batches whatever they may hold", () => {
    const budgets = fc.integer({ min: 1, max: 3000 });
    let spilled = 0;
    fc.assert(
      fc.property(cases, budgets, ({ left, right, type, pipeline, condition }, bytes) => {
        const program = programOf(type, pipeline, condition);
        const [streaming, kept] = pipeline === "left" ? [left, right] : [right, left];
        const files = new ArraySpillFiles();
        const joined = (memory: OperatorMemory) =>
          // Batches of several types come back from a file as the type that holds the values of all.
          runStage((next) => joinStage(program, memory, next), streaming, kept).map((batch) =>
            batchRows(batch).map(shown),
          );
        let found: unknown;
        try {
          found = joined(operatorMemoryOf(bytes, files));
        } catch (thrown) {
          // Where a budget of so few bytes is too small for the rows of one key, it is said.
          expect((thrown as { readonly code?: unknown }).code).toBe("MEMORY_EXCEEDED");
          return;
        }
        expect(found).toEqual(joined(operatorMemoryOf()));
        spilled += files.created;
        expect(files.open).toBe(0);
      }),
      { numRuns: 500 },
    );
    expect(spilled).toBeGreaterThan(10);
  });

  test("give only the columns that are wanted, with the values that they have among all", () => {
    const wanted = fc.subarray(["k", "a", "x", "k2", "b", "x2"]);
    const budgets = fc.constantFrom(undefined, 500);
    fc.assert(
      fc.property(
        cases,
        wanted,
        budgets,
        ({ left, right, type, pipeline, condition }, names, bytes) => {
          const program = programOf(type, pipeline, condition);
          const [streaming, kept] = pipeline === "left" ? [left, right] : [right, left];
          const run = (wants?: ReadonlySet<string>) =>
            runStage(
              (next) => {
                const own = wants === undefined ? next : { ...next, wants };
                return joinStage(program, operatorMemoryOf(bytes, new ArraySpillFiles()), own);
              },
              streaming,
              kept,
            );
          const only = (rows: readonly unknown[]) =>
            rows.map((row) =>
              shown(Object.fromEntries(names.map((name) => [name, (row as Row)[name] ?? null]))),
            );
          let all: readonly Batch[];
          try {
            all = run();
          } catch (thrown) {
            expect((thrown as { readonly code?: unknown }).code).toBe("MEMORY_EXCEEDED");
            return;
          }
          expect(only(rowsOfBatches(run(new Set(names))))).toEqual(only(rowsOfBatches(all)));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("give the same to a step that reads rows where they are", () => {
    let selected = 0;
    const asTexts = ({ shape, columns, rows }: Batch): Batch => {
      const texts = [...rowsOfBatches([{ shape, columns, rows }])].map((row) =>
        numberOf((row as Row)["k"]),
      );
      const key = columnOfValues(
        "k",
        "utf8",
        texts.map((text) => (text === null ? null : String(text))),
      );
      return { shape, rows, columns: [withDictionary(key), ...columns.slice(1)] };
    };
    fc.assert(
      fc.property(cases, fc.boolean(), ({ left, right, pipeline }, isText) => {
        const { leftSchema: _, rightSchema: __, ...program } = programOf("inner", pipeline, false);
        const [first, other] = pipeline === "left" ? [left, right] : [right, left];
        const own = [first, other.slice(0, 1).map(firstOfKeys)];
        const [streaming, kept] = isText ? own.map((side) => side.map(asTexts)) : own;
        const run = (readsSelected: boolean) =>
          runStage(
            (next) => {
              const pushSelected = (batch: Batch, rows: Int32Array): void => {
                if (readsSelected) selected++;
                next.pushBatch(gatherBatch(batch, rows));
              };
              return joinStage(program, operatorMemoryOf(), {
                ...{ ...next, pushSelected, readsSelected },
              });
            },
            streaming!,
            kept!,
          );
        const [found, expected] = [run(true), run(false)].map((batches) =>
          rowsOfBatches(batches).map(shown),
        );
        expect(found).toEqual(expected);
      }),
      { numRuns: 500 },
    );
    expect(selected).toBeGreaterThan(200);
  });

  test("give the same with a side that an earlier task built, which stays as it was", () => {
    let [found, refused] = [0, 0];
    fc.assert(
      fc.property(cases, fc.boolean(), ({ left, right, type, pipeline, condition }, fits) => {
        const program = programOf(type, pipeline, condition);
        const [streaming, kept] = pipeline === "left" ? [left, right] : [right, left];
        const sides = new KeptSides(fakeClock());
        sides.enter("stage");
        const run = (memory: OperatorMemory, place?: SidePlace) => {
          const next = gathering();
          const stage = joinStage(program, memory, next, place);
          const { side } = stage;
          if (side?.known === undefined) {
            for (const batch of kept) side?.pushBatch(batch);
            side?.end?.({ rows: 0, bytes: 0 });
          } else {
            found++;
          }
          for (const batch of streaming) if (batch.rows > 0) stage.pushBatch(batch);
          for (const _ of stage.finish());
          return next.batches.map((batch) => batchRows(batch).map(shown));
        };
        const alone = run(operatorMemoryOf());
        expect(run(operatorMemoryOf(), sides.place("side"))).toEqual(alone);
        expect(run(operatorMemoryOf(), sides.place("side"))).toEqual(alone);
        const held = sides.place("side").find()!.heldBytes;
        if (fits || held < 64 || type === "cross") return;
        refused++;
        const tooLittle: OperatorMemory = {
          ...{ bytes: 0, reachBytes: 0, resize: (bytes) => bytes === 0, demand: () => undefined },
          ...{ heapBytesMax: 0, ownBytes: 0 },
          ...{ createSpillFile: () => files.create(), beside: () => operatorMemoryOf() },
        };
        const files = new ArraySpillFiles();
        joinStage(program, tooLittle, gathering(), sides.place("side"));
        expect(sides.place("side").find()).toBe(undefined);
      }),
      { numRuns: 300 },
    );
    expect(found).toBe(300);
    expect(refused).toBeGreaterThan(20);
  });

  test("a whole number finds its row by itself, whatever type the other side has", () => {
    const keptK = Int32Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1000);
    const kept = makeBatch("record", [
      columnOfValues("k", "int32", [...keptK]),
      columnOfValues("b", "float64", [...keptK]),
    ]);
    for (const type of ["inner", "left", "right", "full", "semi", "anti"] as const) {
      for (const [kind, wanted] of [
        ["int32", [3, 999, 1000, -1, 3]],
        ["float64", [3, 0.5, -0, null, Number.NaN]],
        ["int64", [3n, 2n ** 40n, 0n]],
      ] as const) {
        const probe = makeBatch("record", [
          columnOfValues("k", kind, wanted),
          columnOfValues("a", "float64", wanted.map(Number)),
        ]);
        const run = (rows: Batch) =>
          rowsOfBatches(
            runStage(
              (next) => joinStage(programOf(type, "left", false), operatorMemoryOf(), next),
              [probe],
              [rows],
            ),
          );
        // A second row with a key makes it a join by groups.
        const twice = makeBatch("record", [
          columnOfValues("k", "int32", [...keptK, 500, 500]),
          columnOfValues("b", "float64", [...keptK, -1, -1]),
        ]);
        const isExtra = (row: unknown) => (row as Row)["b"] === -1;
        expect(run(kept)).toEqual(run(twice).filter((row) => !isExtra(row)));
      }
    }
  });

  test("keys that lie far apart find the rows that near ones find, in the same order", () => {
    const random = (i: number) => (Math.imul(i + 1, 0x9e3779b1) >>> 0) / 2 ** 32;
    // Without rows of text what is kept is put into the order of its keys, with them it stays.
    const rows = (own: string, count: number, seed: number, factor: number, isTold: boolean) => {
      const keys = Array.from({ length: count }, (_, i) => Math.floor(2000 * random(seed + 7 * i)));
      const values = keys.map((_, i) => random(seed + 3 * i));
      return makeBatch("record", [
        columnOfValues(
          "k",
          "int32",
          keys.map((key, i) => (i % 50 === 0 ? null : factor * key)),
        ),
        columnOfValues(own, "float64", values),
        ...(isTold ? [columnOfValues("x", "utf8", values.map(String))] : []),
      ]);
    };
    for (const isTold of [true, false]) {
      for (const type of ["inner", "full", "anti"] as const) {
        for (const [pipeline, condition] of [
          ["left", false],
          ["right", true],
        ] as const) {
          const {
            leftSchema: _,
            rightSchema: __,
            ...program
          } = programOf(type, pipeline, condition);
          const run = (factor: number) => {
            const sides = [rows("a", 1500, 1, factor, isTold), rows("b", 1800, 2, factor, isTold)];
            const [streaming, kept] = pipeline === "left" ? sides : [...sides].reverse();
            const next = (sink: Stage) => joinStage(program, operatorMemoryOf(), sink);
            return rowsOfBatches(runStage(next, [streaming!], [kept!])).map((row) => {
              const { k, ...others } = row as Row;
              return [k == null ? null : (k as number) / factor, Object.values(others)];
            });
          };
          const far = run(40);
          expect(far.length).toBeGreaterThan(0);
          expect(isDeepStrictEqual(far, run(1))).toBe(true);
        }
      }
    }
  });

  test("keeps the order of the rows that stream", () => {
    const left = [
      batchOfRows([
        { k: 2, a: 1 },
        { k: 1, a: 2 },
      ]),
      batchOfRows([
        { k: 2, a: 3 },
        { k: null, a: 4 },
      ]),
    ];
    const right = [
      batchOfRows([
        { k: 2, b: "x" },
        { k: 2, b: "y" },
      ]),
    ];
    const program: JoinProgram = {
      ...{ type: "left", on: [{ left: column("k"), right: column("k") }], rightNames: [] },
      build: { stageId: 1, pipeline: "left" },
    };
    expect(
      rowsOfBatches(runStage((next) => joinStage(program, operatorMemoryOf(), next), left, right)),
    ).toEqual([
      { k: 2, a: 1, b: "x" },
      { k: 2, a: 1, b: "y" },
      { k: 1, a: 2, b: null },
      { k: 2, a: 3, b: "x" },
      { k: 2, a: 3, b: "y" },
      { k: null, a: 4, b: null },
    ]);
  });

  test("keys that can never be equal are a mistake", () => {
    const program: JoinProgram = {
      ...{ type: "inner", on: [{ left: column("k"), right: column("k") }], rightNames: [] },
      build: { stageId: 1, pipeline: "left" },
    };
    const run = () =>
      runStage(
        (next) => joinStage(program, operatorMemoryOf(), next),
        [batchOfRows([{ k: 1 }])],
        [batchOfRows([{ k: "x" }])],
      );
    expect(run).toThrow("key 1 of the join is utf8 on one side and float64 on the other");
  });

  test("a json null is a null, also as a key", () => {
    const left = [batchOfRows([{ k: null }, { k: "x" }, {}, { k: 1 }])];
    const program: JoinProgram = {
      ...{ type: "semi", on: [{ left: column("k"), right: column("k") }], rightNames: [] },
      build: { stageId: 1, pipeline: "left" },
    };
    const found = rowsOfBatches(
      runStage((next) => joinStage(program, operatorMemoryOf(), next), left, left),
    );
    expect(found).toEqual([{ k: "x" }, { k: 1 }]);
  });
});
