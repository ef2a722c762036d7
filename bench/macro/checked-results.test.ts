// Published results are results; what lacks a field is told by its kind and the field.

import { join } from "node:path";
import { expect, test } from "vitest";
import { checkResults } from "./checked-results.ts";
import { projectFolder } from "./places.ts";
import { type Line, readResults, resultsOf } from "./protocol/results.ts";
import { someResults } from "./report/testing/some-results.ts";

const check = (...lines: readonly object[]) => checkResults(resultsOf(lines as readonly Line[]));
const published = () => readResults(join(projectFolder(), "bench/results/results.jsonl"));

test("published results and those that reports are tested with have all that is counted on", () => {
  checkResults(published());
  checkResults(someResults([]));
});

test("a line that lacks something is told", () => {
  expect(() => check({ kind: "run" })).toThrow(
    "a line of the kind run has no startedAt, which is a text",
  );
  const { header, results, kernels } = published();
  const own = { ...results[0] };
  expect(() => check({ ...header, threads: "2" })).toThrow("run has no threads, which is a number");
  expect(() => check(header, { ...own, row: undefined })).toThrow("result has no row");
  expect(() => check(header, { ...own, outcome: null })).toThrow("result has no outcome");
  expect(() => check(header, { ...own, outcome: {} })).toThrow("has an outcome of no kind");
  const measured = { kind: "measured", tookMs: [], peakBytes: 1 };
  expect(() => check(header, { ...own, outcome: measured })).toThrow(
    "a line of the kind result has an outcome that has no tookMs, which is a list of numbers",
  );
  expect(() => check(header, { ...kernels[0], aim: null })).toThrow("kernel has no aim");
  check(header, { kind: "of later results" });
});
