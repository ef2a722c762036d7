// Ranges of rows against the number of bounds that come before each, one by one.

import fc from "fast-check";
import { expect, test } from "vitest";
import { makeBatch } from "../../proto/batch/batch.ts";
import type { SortExpr } from "../../proto/plan/expr.ts";
import { argsort, compareBySteps } from "../kernels/columns/argsort.ts";
import { concat } from "../kernels/columns/concat.ts";
import { gatherBatch } from "../kernels/columns/gather.ts";
import { sortSteps } from "../kernels/columns/sort-words.ts";
import { arbitraryColumn } from "../kernels/testing/arbitrary-columns.ts";
import { rangeBatches } from "./partition-batches.ts";

const kinds = [
  "float64",
  "int32",
  "int53",
  "int64",
  "utf8",
  "binary",
  "timestamp",
  "bool",
  "decimal",
];
const names = ["a", "b"];

const keysOf = fc.array(
  fc.record({
    direction: fc.constantFrom<"asc" | "desc">("asc", "desc"),
    nulls: fc.constantFrom<"first" | "last">("first", "last"),
  }),
  { minLength: 1, maxLength: 2 },
);

test("a row goes behind all bounds that come before it, by one key and by two", () => {
  const cases = fc
    .tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 12 }), keysOf)
    .chain(([rows, bounds, orders]) =>
      fc.record({
        orders: fc.constant(orders),
        bounds: fc.constant(bounds),
        // One column of both, so that rows and bounds are of one type and often equal.
        columns: fc.tuple(
          ...orders.map((_, at) => arbitraryColumn(names[at]!, rows + bounds, kinds)),
        ),
        areWhole: fc.boolean(),
      }),
    );
  fc.assert(
    fc.property(cases, ({ orders, bounds, columns, areWhole }) => {
      const all = columns.map(({ column }) =>
        areWhole && column.type !== "null" ? { ...column, validity: undefined } : column,
      );
      const keys: SortExpr[] = orders.map((order, at) => ({
        expr: { kind: "column", name: names[at]! },
        ...order,
      }));
      const both = makeBatch("record", all);
      const stepsOf = (of: typeof both) =>
        keys.flatMap(({ direction, nulls }, at) => sortSteps(of.columns[at]!, direction, nulls));
      const some = gatherBatch(
        both,
        Int32Array.from({ length: bounds }, (_, row) => row),
      );
      const bound = gatherBatch(some, argsort(bounds, stepsOf(some)));
      const batch = gatherBatch(
        both,
        Int32Array.from({ length: both.rows - bounds }, (_, row) => bounds + row),
      );
      const ranges = rangeBatches(keys, [bound], bounds + 1)(batch);
      const joined = makeBatch(
        "record",
        all.map(({ name }, at) => concat(name, [bound.columns[at]!, batch.columns[at]!])),
      );
      const steps = stepsOf(joined);
      for (let row = 0; row < batch.rows; row++) {
        let before = 0;
        while (before < bounds && compareBySteps(steps, before, bounds + row) < 0) before++;
        expect(ranges[row]).toBe(before);
      }
    }),
    { numRuns: 500 },
  );
});
