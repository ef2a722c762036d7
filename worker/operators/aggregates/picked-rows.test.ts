// Conditions before aggregates: rows that are never picked against rows that are.

import fc from "fast-check";
import { expect, test } from "vitest";
import { makeBatch } from "../../../proto/batch/batch.ts";
import type { Expr, NamedAggregate } from "../../../proto/plan/expr.ts";
import { float64Type } from "../../../proto/plan/types.ts";
import { arbitraryColumn } from "../../kernels/testing/arbitrary-columns.ts";
import { operatorMemoryOf } from "../../memory/memory-for-tests.ts";
import { aggregateStage } from "../aggregate.ts";
import type { Stage } from "../stage.ts";
import { rowsOfBatches, runStage } from "../testing/run-stage.ts";
import { whereStage } from "../where.ts";

const column = (name: string): Expr => ({ kind: "column", name });
const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", name, args });
const double = (text: string): Expr => ({ kind: "literal", type: float64Type, text });

const aggregate = (name: string, fn: "sum" | "avg" | "count" | "min", ...args: Expr[]) =>
  ({ name, call: { function: fn, args, distinct: false } }) satisfies NamedAggregate;

const product = call("multiply", column("a"), column("b"));
const aggregates: readonly NamedAggregate[] = [
  aggregate("sum", "sum", product),
  aggregate("plain", "sum", column("a")),
  aggregate("mean", "avg", column("b")),
  aggregate("rows", "count"),
  aggregate("least", "min", column("a")),
];

/** The stage as one that has to be given picked rows. */
function withoutSelections(stage: Stage): Stage {
  const { pushSelected: _, ...others } = stage;
  return others;
}

test("answers are those of picked rows, with keys and without, in one phase and in the first of two", () => {
  const cases = fc.integer({ min: 1, max: 30 }).chain((rows) =>
    fc.record({
      batches: fc.array(
        fc.tuple(
          arbitraryColumn("a", rows, ["float64", "int32"]),
          arbitraryColumn("b", rows, ["float64"]),
        ),
        { minLength: 1, maxLength: 3 },
      ),
      hasKey: fc.boolean(),
      phase: fc.constantFrom<"whole" | "partial">("whole", "partial"),
    }),
  );
  const condition = call("gt", column("b"), double("0"));
  fc.assert(
    fc.property(cases, ({ batches, hasKey, phase }) => {
      const keys = hasKey ? [{ name: "k", expr: column("b") }] : [];
      const run = (change: (stage: Stage) => Stage) =>
        rowsOfBatches(
          runStage(
            (next) => {
              const last = aggregateStage({ phase, keys, aggregates }, operatorMemoryOf(), next);
              const first = whereStage(condition, change(last));
              return { ...first, finish: () => last.finish() };
            },
            batches.map((columns) =>
              makeBatch(
                "record",
                columns.map((drawn) => drawn.column),
              ),
            ),
          ),
        );
      expect(run((stage) => stage)).toEqual(run(withoutSelections));
    }),
    { numRuns: 300 },
  );
});
