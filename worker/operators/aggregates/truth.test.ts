// What anyTrue and allTrue answer where there is nothing to look at.

import { expect, test } from "vitest";
import type { Column } from "../../../proto/batch/column.ts";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import { truthAccumulator } from "./truth.ts";

const ofNulls: Column = { name: "f", type: "null", length: 0, nulls: "null", validity: undefined };

test.each(["any", "all"] as const)("%sTrue of a column of nulls alone is null", (wanted) => {
  const accumulator = truthAccumulator(wanted);
  accumulator.reserve(1);
  accumulator.add([ofNulls], new Int32Array(0));
  expect([...columnValues(accumulator.result(1))]).toEqual([null]);
});
