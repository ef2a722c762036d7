// Answers agree up to a tolerance, and nothing else.

import { expect, test } from "vitest";
import { differenceOf } from "./compare-answers.ts";

test.each([
  ["equal rows", [[1, "a"]], [[1, "a"]], {}],
  ["rows in another order", [[2], [1]], [[1], [2]], {}],
  ["decimals as text", [["12.50"]], [[12.5]], {}],
  ["sums in another order", [[0.1 + 0.2]], [[0.3]], {}],
  ["what the row's tolerance allows", [[100.4]], [[100]], { tolerance: 0.01 }],
  ["nulls", [[null]], [[null]], {}],
])("%s are the same", (_, got, expected, answer) => {
  expect(differenceOf(got, expected, answer)).toBeUndefined();
});

test.each([
  ["a missing row", [[1]], [[1], [2]], {}, "1 rows, not 2"],
  ["a missing column", [[1]], [[1, 2]], {}, "row 1 is [1], not [1,2]"],
  ["another number", [[1.001]], [[1]], {}, "row 1 is [1.001], not [1]"],
  ["another text", [["a"]], [["b"]], {}, 'row 1 is ["a"], not ["b"]'],
  ["null for zero", [[null]], [[0]], {}, "row 1 is [null], not [0]"],
  [
    "another order where it counts",
    [[2], [1]],
    [[1], [2]],
    { ordered: true },
    "row 1 is [2], not [1]",
  ],
])("%s is told", (_, got, expected, answer, told) => {
  expect(differenceOf(got, expected, answer)).toBe(told);
});
