// Rows by those equal to them: the same batches whatever may be held, against what plenty of memory makes of them.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Batch, makeBatch } from "../../../proto/batch/batch.ts";
import { RawBatchWriter } from "../../../proto/batch/raw-batch.ts";
import { slice } from "../../kernels/columns/gather.ts";
import { arbitraryColumn, cutAt } from "../../kernels/testing/arbitrary-columns.ts";
import { ArraySpillFiles, operatorMemoryOf } from "../../memory/memory-for-tests.ts";
import type { OperatorMemory } from "../../memory/task-memory.ts";
import { distinctStage } from "../distinct.ts";
import { rowMatchStage } from "../row-matches.ts";
import type { Stage } from "../stage.ts";
import { rowsOfBatches, runStage } from "../testing/run-stage.ts";

const cuts = fc.array(fc.nat(), { maxLength: 8 });
/** Few values of each column, so that rows meet, cut into batches. */
const input = fc
  .integer({ min: 1, max: 120 })
  .chain((rows) =>
    fc.tuple(
      arbitraryColumn("a", rows, ["int32", "utf8", "bool", "json"]),
      arbitraryColumn("b", rows, ["int32", "float64", "utf8"]),
      cuts,
    ),
  )
  .map(([a, b, places]) => cutAt([a.column, b.column], places, slice))
  .map((batches) => batches.filter(({ rows }) => rows > 0));
const inputs = fc.array(input, { minLength: 1, maxLength: 3 }).map((parts) => parts.flat());

/** As a shuffle would write them. */
const bytesOf = (batches: readonly Batch[]) =>
  batches.map((batch) => Buffer.concat([...new RawBatchWriter().write(batch)]));

type Make = (memory: OperatorMemory, next: Stage) => Stage;

/** Answers how many files were needed. */
function expectSame(
  make: Make,
  budget: number,
  left: readonly Batch[],
  right: readonly Batch[] = [],
) {
  const files = new ArraySpillFiles();
  const of = (memory: OperatorMemory) => runStage((next) => make(memory, next), left, right);
  let found: Batch[];
  try {
    found = of(operatorMemoryOf(budget, files));
  } catch (thrown) {
    // Where a budget of so few bytes is too small for the rows of one hash, it is said.
    expect((thrown as { readonly code?: unknown }).code).toBe("MEMORY_EXCEEDED");
    return 0;
  }
  expect(bytesOf(found)).toEqual(bytesOf(of(operatorMemoryOf())));
  expect(files.open).toBe(0);
  return files.created;
}

describe("rows by those equal to them, in little memory", () => {
  test("distinct", () => {
    const names = fc.constantFrom(undefined, ["a"], ["b", "a"], []);
    let spilled = 0;
    fc.assert(
      fc.property(inputs, names, fc.integer({ min: 3000, max: 40_000 }), (left, on, budget) => {
        const program = on === undefined ? {} : { on };
        spilled += expectSame((memory, next) => distinctStage(program, memory, next), budget, left);
      }),
      { numRuns: 60 },
    );
    expect(spilled).toBeGreaterThan(20);
  });

  test("intersect and except, once each or one by one", () => {
    const kinds = fc.constantFrom("intersect" as const, "except" as const);
    let spilled = 0;
    fc.assert(
      fc.property(
        ...[inputs, inputs, kinds, fc.boolean(), fc.integer({ min: 3000, max: 40_000 })],
        (left, right, kind, all, budget) => {
          const match = { kind, all, stageId: 1 } as const;
          const make: Make = (memory, next) => rowMatchStage(match, memory, next);
          spilled += expectSame(make, budget, left, right);
        },
      ),
      { numRuns: 60 },
    );
    expect(spilled).toBeGreaterThan(20);
  });

  test("other rows that went into files are forgotten where no row asks for them", () => {
    const numbers = (first: number, rows: number): Batch => {
      const values = Int32Array.from({ length: rows }, (_, row) => first + row);
      const column = { name: "a", type: "int32", length: rows, nulls: "null", values } as const;
      return makeBatch("record", [{ ...column, validity: undefined }]);
    };
    const match = { kind: "intersect", all: false, stageId: 1 } as const;
    const make: Make = (memory, next) => rowMatchStage(match, memory, next);
    const others = [numbers(0, 1), numbers(1, 45), numbers(46, 45)];
    expect(expectSame(make, 3000, [numbers(0, 1)], others)).toBeGreaterThan(0);
  });

  test("a first distinct leaves to the last what it does not remember", () => {
    const shares = [{ rows: 20, share: 0.5 }];
    fc.assert(
      fc.property(inputs, fc.integer({ min: 1, max: 20_000 }), (left, budget) => {
        const partial = runStage(
          (next) => distinctStage({ isPartial: true }, operatorMemoryOf(budget), next, shares),
          left,
        );
        const last = (batches: readonly Batch[]) =>
          rowsOfBatches(runStage((next) => distinctStage({}, operatorMemoryOf(), next), batches));
        expect(last(partial)).toEqual(last(left));
      }),
      { numRuns: 100 },
    );
  });
});
