// Joins of random rows, against loops over all pairs.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Batch, batchOfRows, makeBatch } from "../../proto/batch/batch.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import type { JoinType } from "../../proto/plan/logical.ts";
import { float64Type, int32Type, type Schema, utf8Type } from "../../proto/plan/types.ts";
import { canonicalText } from "../kernels/canonical-text.ts";
import { columnOfValues } from "../kernels/testing/arbitrary-columns.ts";
import { operatorMemoryOf } from "../memory/memory-for-tests.ts";
import { type JoinProgram, joinStage } from "./join.ts";
import { rowsOfBatches, runStage } from "./testing/run-stage.ts";

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

describe("joins", () => {
  test("have the rows of a loop over all pairs, whichever side is kept", () => {
    const cases = fc.record({
      left: side("a"),
      right: side("b"),
      type: fc.constantFrom(...types),
      pipeline: fc.constantFrom<"left" | "right">("left", "right"),
      condition: fc.boolean(),
    });
    const less: Expr = { kind: "call", name: "lt", args: [column("a"), column("b")] };
    fc.assert(
      fc.property(cases, ({ left, right, type, pipeline, condition }) => {
        const byKey = type !== "cross";
        const program: JoinProgram = {
          type,
          on: byKey ? [{ left: column("k"), right: column("k") }] : [],
          rightNames: [{ from: "x", to: "x2" }, ...(byKey ? [] : [{ from: "k", to: "k2" }])],
          ...(condition ? { condition: less } : {}),
          build: { stageId: 1, pipeline },
          leftSchema,
          rightSchema,
        };
        const [streaming, kept] = pipeline === "left" ? [left, right] : [right, left];
        const found = rowsOfBatches(
          runStage((next) => joinStage(program, operatorMemoryOf(), next), streaming, kept),
        );
        const expected = naive(
          rowsOfBatches(left) as Row[],
          rowsOfBatches(right) as Row[],
          type,
          byKey,
          condition,
        );
        const texts = (rows: readonly unknown[]) =>
          rows.map(shown).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
        expect(texts(found)).toEqual(texts(expected));
      }),
      { numRuns: 500 },
    );
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
