// What `explain` with `analyze` says of stages that had fewer tasks than were planned.

import { expect, test } from "vitest";
import type { StageGraph, StagePlan } from "../../proto/plan/stage.ts";
import { analysisNote, analyzedText } from "./analyzed-text.ts";

function stage(stageId: number, label: string, rest: Partial<StagePlan> = {}): StagePlan {
  return {
    stageId,
    label,
    taskCount: 8,
    inputs: [],
    placement: { kind: "any" },
    output: { kind: "result" },
    program: { source: { kind: "text", node: 0 }, operators: [], sink: { kind: "count" } },
    splits: [],
    inputBytes: 0,
    ...rest,
  };
}

test("stages whose partitions were read together say by how many tasks", () => {
  const stages = [
    stage(0, "read"),
    stage(1, "aggregate", { coalesce: { targetBytes: 100 } }),
    stage(2, "ranges", { follows: 1 }),
    stage(3, "orderBy", { coalesce: { targetBytes: 100 } }),
    stage(4, "kept before", { coalesce: { targetBytes: 100 } }),
  ];
  const graph: StageGraph = { actionIndex: 0, planDigest: "d", label: "analyze", stages };
  const counters = [
    ["tasks:0", 8],
    ["in:0:rows", 20],
    ["in:0:bytes", 1500],
    ["op:0:0:rows", 12],
    ["op:0:0:nanoseconds", 2_500_000],
    ["max:op:0:0:bytes", 7],
    ["tasks:1", 2],
    ["tasks:2", 2],
    ["tasks:3", 8],
  ] as const;
  expect(analyzedText(analysisNote(graph), counters)).toBe(
    [
      "stage 0: read, 8 tasks",
      "  read text #0: 20 rows, 1.5 kB",
      "  count: 12 rows, 2.50 ms, peak 7 B",
      "stage 1: aggregate, 8 partitions read by 2 tasks",
      "  read text #0",
      "  count",
      "stage 2: ranges, 2 tasks",
      "  read text #0",
      "  count",
      "stage 3: orderBy, 8 tasks",
      "  read text #0",
      "  count",
      "stage 4: kept before, 8 tasks",
      "  read text #0",
      "  count",
      "",
    ].join("\n"),
  );
});
