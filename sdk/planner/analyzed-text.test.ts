// What `explain` with `analyze` says of operators, and of stages that had fewer tasks than were planned.

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
    ["op:0:0:bytes", 96],
    ["max:op:0:0:peak", 7],
    ["tasks:1", 2],
    ["tasks:2", 2],
    ["tasks:3", 8],
  ] as const;
  expect(analyzedText(analysisNote(graph), counters)).toBe(
    [
      "stage 0: read, 8 tasks",
      "  read text #0: 20 rows, 1.5 kB",
      "  count: 12 rows, 96 B, 2.50 ms, peak 7 B",
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

const reducing: StagePlan = {
  stageId: 0,
  label: "read text → map → reduceByKey",
  taskCount: 2,
  inputs: [],
  placement: { kind: "any" },
  output: { kind: "shuffle", partitions: 1 },
  program: {
    source: { kind: "text", node: 0 },
    operators: [
      { kind: "map", node: 1 },
      { kind: "reduceByKey", node: 2, phase: "partial" },
    ],
    sink: { kind: "shuffle", partitioner: { kind: "single" } },
  },
  splits: [],
  inputBytes: 0,
};
const reduced: StageGraph = {
  actionIndex: 0,
  planDigest: "d",
  label: "analyze",
  stages: [reducing],
};

const measured = (index: number, rows: number, bytes: number) =>
  [
    [`op:0:${index}:rows`, rows],
    [`op:0:${index}:bytes`, bytes],
    [`op:0:${index}:batches`, 2],
    [`op:0:${index}:nanoseconds`, 2_500_000],
  ] as const;

test("rows, bytes, time and peak memory of each operator", () => {
  const text = analyzedText(analysisNote(reduced), [
    ["in:0:bytes", 1200],
    ["in:0:rows", 100],
    ...measured(0, 100, 1600),
    ["max:op:0:0:peak", 1600],
    ...measured(1, 10, 160),
    ["max:op:0:1:thread", 45_000_000],
    ...measured(2, 10, 240),
    ["max:op:0:2:peak", 2_000_000],
  ]);
  expect(text).toBe(`stage 0: read text → map → reduceByKey, 2 tasks
  read text #0: 100 rows, 1.2 kB
  map #1: 100 rows, 1.6 kB, 2.50 ms, peak 1.6 kB
  reduceByKey #2 partial: 10 rows, 160 B, 2.50 ms, thread's peak 45.0 MB
  shuffle to one: 10 rows, 240 B, 2.50 ms, peak 2.0 MB
`);
});

test("a stage that did not run has no numbers", () => {
  expect(analyzedText(analysisNote(reduced), [])).not.toContain("rows");
});
