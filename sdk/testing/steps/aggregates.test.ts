// Aggregates of the kit where its answer has to be that of a cluster to the last case.

import { expect, test } from "vitest";
import type { AggregateCall } from "../../../proto/plan/expr.ts";
import { float64Type, type Schema } from "../../../proto/plan/types.ts";
import { aggregated } from "./aggregates.ts";

const schema: Schema = { fields: [{ name: "v", type: float64Type, nullable: true }] };

const half: AggregateCall = {
  function: "approxQuantile",
  args: [
    { kind: "column", name: "v" },
    { kind: "literal", type: float64Type, text: "0.5" },
  ],
  distinct: false,
};

test.each([
  [[1, 2], 1.5],
  [[Number.NEGATIVE_INFINITY, 0.1], 0.1],
  [[0.1, Number.POSITIVE_INFINITY], Number.POSITIVE_INFINITY],
  [[Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY], Number.POSITIVE_INFINITY],
  [[Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, 1], Number.NEGATIVE_INFINITY],
  [[1, Number.NaN], Number.NaN],
])("the median of %j is %d", (values, median) => {
  expect(
    aggregated(
      half,
      values.map((v) => ({ v })),
      schema,
    ),
  ).toBe(median);
});
