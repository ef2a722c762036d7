// A scan that leaves out what joins tell it changes no answer: whatever the type, the kept side, nulls and duplicates.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Batch, batchRows, makeBatch } from "../../../proto/batch/batch.ts";
import type { Expr } from "../../../proto/plan/expr.ts";
import type { JoinType } from "../../../proto/plan/logical.ts";
import { int32Type, type Schema } from "../../../proto/plan/types.ts";
import { columnOf } from "../../kernels/columns/concat.ts";
import { gatherBatch } from "../../kernels/columns/gather.ts";
import { columnOfValues } from "../../kernels/testing/arbitrary-columns.ts";
import { ArraySpillFiles, operatorMemoryOf } from "../../memory/memory-for-tests.ts";
import { joinStage } from "../join.ts";
import { selectStage } from "../select.ts";
import type { Stage } from "../stage.ts";
import { gathering, runStage } from "../testing/run-stage.ts";
import { whereStage } from "../where.ts";
import type { JoinProgram } from "./join-program.ts";

const column = (name: string): Expr => ({ kind: "column", name });
const schemaOf = (...names: string[]): Schema => ({
  fields: names.map((name) => ({ name, type: int32Type, nullable: true })),
});
const types: readonly JoinType[] = ["inner", "left", "right", "full", "semi", "anti", "cross"];
const pipelines = ["left", "right"] as const;

function programOf(type: JoinType, pipeline: "left" | "right", more: Partial<JoinProgram> = {}) {
  const program: JoinProgram = {
    type,
    on: type === "cross" ? [] : [{ left: column("k"), right: column("j") }],
    rightNames: [{ from: "a", to: "a2" }],
    build: { stageId: 1, pipeline },
    leftSchema: schemaOf("k", "a"),
    rightSchema: schemaOf("j", "a"),
    ...more,
  };
  return program;
}

const keyKinds = ["int32", "int53", "int64"] as const;
const far = [2 ** 31, -(2 ** 40), 700_000_000, -5];
const side = (key: string) =>
  fc
    .array(
      fc.tuple(
        fc.constantFrom(...keyKinds),
        fc.array(
          fc.tuple(
            fc.option(fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constantFrom(...far))),
            fc.integer({ min: 0, max: 3 }),
          ),
          { minLength: 1, maxLength: 6 },
        ),
      ),
      { maxLength: 3 },
    )
    .map((parts) =>
      parts.map(([kind, rows]): Batch => {
        const keys = rows.map(([k]) => {
          if (k === null) return null;
          return kind === "int64" ? BigInt(k) : kind === "int32" ? k | 0 : k;
        });
        const numbers = rows.map(([, a]) => a);
        return makeBatch("record", [
          columnOfValues(key, kind, keys),
          columnOfValues("a", "int32", numbers),
        ]);
      }),
    );

/** The stage with a scan before it that leaves out what it is told. */
function scanned(stage: Stage, note: (leftOut: number) => void): Stage {
  const pushBatch = (batch: Batch): void => {
    const wanted = new Uint8Array(batch.rows).fill(1);
    for (const { column: name, run } of stage.keyTests ?? []) {
      const truths = run(columnOf(batch, name));
      if (truths !== undefined) for (let i = 0; i < wanted.length; i++) wanted[i]! &= truths[i]!;
    }
    const rows = Int32Array.from(wanted.keys()).filter((row) => wanted[row] === 1);
    note(batch.rows - rows.length);
    if (rows.length > 0) stage.pushBatch(gatherBatch(batch, rows));
  };
  return { ...stage, pushBatch };
}

const less: Expr = { kind: "call", name: "lt", args: [column("a"), column("a2")] };

describe("rows that a join says nothing comes of", () => {
  test("can be left out of what streams, whatever the join", () => {
    const cases = fc.record({
      left: side("k"),
      right: side("j"),
      type: fc.constantFrom(...types),
      pipeline: fc.constantFrom(...pipelines),
      condition: fc.boolean(),
      budget: fc.constantFrom(undefined, undefined, 700),
    });
    let leftOut = 0;
    fc.assert(
      fc.property(cases, ({ left, right, type, pipeline, condition, budget }) => {
        const program = programOf(type, pipeline, condition ? { condition: less } : {});
        const [streaming, kept] = pipeline === "left" ? [left, right] : [right, left];
        const run = (around: (stage: Stage) => Stage) => {
          const memory = operatorMemoryOf(budget, new ArraySpillFiles());
          return runStage((next) => around(joinStage(program, memory, next)), streaming, kept);
        };
        const answered = (around: (stage: Stage) => Stage): unknown => {
          try {
            return run(around).flatMap(batchRows);
          } catch (thrown) {
            return (thrown as { readonly code?: unknown }).code;
          }
        };
        const note = (rows: number): void => {
          leftOut += rows;
        };
        expect(answered((stage) => scanned(stage, note))).toEqual(answered((stage) => stage));
      }),
      { numRuns: 200 },
    );
    expect(leftOut).toBeGreaterThan(50);
  });

  test("are told of only where a row without a partner is of no use", () => {
    const table = types.flatMap((type) =>
      pipelines.map((pipeline) => {
        const stage = joinStage(programOf(type, pipeline), operatorMemoryOf(), gathering());
        const asked = (stage.keyTests ?? []).map((each) => each.column).join();
        return `${type}, ${pipeline} streams: ${asked || "nothing"}`;
      }),
    );
    expect(table.join("\n")).toBe(
      `inner, left streams: k
inner, right streams: j
left, left streams: nothing
left, right streams: j
right, left streams: k
right, right streams: nothing
full, left streams: nothing
full, right streams: nothing
semi, left streams: k
semi, right streams: j
anti, left streams: nothing
anti, right streams: j
cross, left streams: nothing
cross, right streams: nothing`,
    );
  });

  test("are those of later joins, too, by the names that their columns had, where each row hands on its own", () => {
    const later: Stage = {
      ...gathering(),
      keyTests: ["k", "a", "j", "a2"].map((name) => ({ column: name, run: () => undefined })),
    };
    const table = types.flatMap((type) =>
      pipelines.map((pipeline) => {
        const stage = joinStage(programOf(type, pipeline, { on: [] }), operatorMemoryOf(), later);
        const asked = (stage.keyTests ?? []).map((each) => each.column).join();
        return `${type}, ${pipeline} streams: ${asked || "nothing"}`;
      }),
    );
    expect(table.join("\n")).toBe(
      `inner, left streams: k,a
inner, right streams: j,a
left, left streams: k,a
left, right streams: nothing
right, left streams: nothing
right, right streams: j,a
full, left streams: nothing
full, right streams: nothing
semi, left streams: k,a
semi, right streams: nothing
anti, left streams: k,a
anti, right streams: nothing
cross, left streams: k,a
cross, right streams: j,a`,
    );
    const names = [
      { name: "k", expr: column("before") },
      { name: "a", expr: { kind: "call", name: "add", args: [column("a"), column("a")] } as Expr },
    ];
    const select = selectStage(names, later);
    expect(select.keyTests?.map((each) => each.column)).toEqual(["before"]);
    expect(whereStage(less, later).keyTests).toBe(later.keyTests);
  });

  test("are all, where nothing is kept", () => {
    const stage = joinStage(programOf("inner", "left"), operatorMemoryOf(), gathering());
    const keys = columnOfValues("k", "int32", [1, null, 3]);
    expect(stage.keyTests?.map(({ run }) => run(keys))).toEqual([new Uint8Array(3)]);
  });
});
