// Quantiles where there is nothing between two values.

import { expect, test } from "vitest";
import { digestOf, quantileOf } from "./t-digest.ts";

test.each([
  [[1, 2], 1.5],
  [[Number.NEGATIVE_INFINITY, 0.1], 0.1],
  [[0.1, Number.POSITIVE_INFINITY], Number.POSITIVE_INFINITY],
  [[Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY], Number.POSITIVE_INFINITY],
  [[Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, 1], Number.NEGATIVE_INFINITY],
  [[1, Number.NaN], Number.NaN],
])("the median of %j is %d", (values, median) => {
  const digest = digestOf(Float64Array.from(values), new Float64Array(values.length).fill(1));
  expect(quantileOf(digest, 0.5)).toBe(median);
});
