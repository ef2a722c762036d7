// Counts of more texts than fit: the same counts, and what does not fit in files.

import { expect, test } from "vitest";
import { makeBatch } from "../../proto/batch/batch.ts";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import { int53Type, utf8Type } from "../../proto/plan/types.ts";
import { ArraySpillFiles, taskMemoryOf } from "../memory/memory-for-tests.ts";
import { countFinalStage, countPartialStage } from "./count-by-value.ts";
import { rowsOfBatches, runStage } from "./testing/run-stage.ts";

const mebibyte = 1024 * 1024;
const texts = 40_000;
const textOf = (at: number): string => String((at * 7919) % texts).padStart(100, "0");

/** Each text twice, a text of the first half a third time. */
const batches = [texts, texts, texts / 2].flatMap((rows) =>
  [0, rows / 2].map((first) => {
    const values = Array.from({ length: rows / 2 }, (_, at) => textOf(first + at));
    return makeBatch("record", [
      buildColumnAs("value", utf8Type, values, "null"),
      buildColumnAs("count", int53Type, values.fill("1").map(Number), "null"),
    ]);
  }),
);

function totals(limitBytes: number) {
  const files = new ArraySpillFiles();
  const memory = taskMemoryOf(limitBytes, files).operator("countByValue#1");
  const found = rowsOfBatches(runStage((next) => countFinalStage(memory, next), batches));
  expect(files.open).toBe(0);
  return { found: found as { value: string; count: number }[], bytes: files.writtenBytes };
}

test("totals of texts spill", () => {
  const plenty = totals(2 ** 40);
  const little = totals(3 * mebibyte);
  expect(plenty.bytes).toBe(0);
  expect(little.bytes).toBeGreaterThan(texts * 100 - 3 * mebibyte);
  const inOrder = (rows: typeof plenty.found) =>
    rows.map(({ value, count }) => `${value} ${count}`).sort();
  expect(inOrder(little.found)).toEqual(inOrder(plenty.found));
});

test("a first count hands on what it has once it may not have more", () => {
  const values = Array.from({ length: 4 * 65_536 }, (_, at) => `${at % 131_072} of many`);
  const parts = (limitBytes: number) => {
    const memory = taskMemoryOf(limitBytes).operator("countByValue#1");
    const rows = runStage(
      (next) => countPartialStage(memory, next),
      [makeBatch("scalar", [buildColumnAs("value", utf8Type, values, "null")])],
    );
    return rowsOfBatches(rows) as { value: string; count: number }[];
  };
  expect(parts(2 ** 40).length).toBe(131_072);
  const some = parts(16 * mebibyte);
  expect(some.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
});
