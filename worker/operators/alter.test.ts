// alter: columns of batches whose names only show at the run.

import { expect, test } from "vitest";
import { batchOfRows } from "../../proto/batch/batch.ts";
import { alterStage } from "./alter.ts";
import { rowsOfBatches, runStage } from "./testing/run-stage.ts";

test("drops, renames, replaces and adds, whatever columns a batch has", () => {
  const b = { kind: "column", name: "b" } as const;
  const alteration = {
    drop: ["a"],
    rename: [{ from: "b", to: "c" }],
    columns: [{ name: "d", expr: { kind: "call", name: "add", args: [b, b] } as const }],
  };
  const input = [batchOfRows([{ a: 1, b: 2 }]), batchOfRows([{ b: 3, e: "x" }])];
  expect(rowsOfBatches(runStage((next) => alterStage(alteration, next), input))).toEqual([
    { c: 2, d: 4 },
    { c: 3, e: "x", d: 6 },
  ]);
});
