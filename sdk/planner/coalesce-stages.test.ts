// Which stages may read several partitions in one task, and which keep a task for each.

import { expect, test } from "vitest";
import type { OperatorProgram, SinkProgram } from "../../proto/plan/program.ts";
import type { ShuffleInput, StagePlan } from "../../proto/plan/stage.ts";
import { coalesceStages } from "./coalesce-stages.ts";

const tasks = 4;
const own = (stageId: number): ShuffleInput => ({ stageId, partition: "own", maps: "all" });
const one = (stageId: number): ShuffleInput => ({ stageId, partition: 0, maps: "own" });
const whole = (stageId: number): ShuffleInput => ({ stageId, partition: 0, maps: "all" });
const count: SinkProgram = { kind: "count" };

interface Part extends Partial<StagePlan> {
  readonly operators?: readonly OperatorProgram[];
  readonly sink?: SinkProgram;
}

function stagesOf(...parts: readonly Part[]): readonly StagePlan[] {
  return parts.map(({ operators = [], sink = count, ...rest }, stageId) => {
    const { inputs = [] } = rest;
    const source =
      inputs.length === 0
        ? ({ kind: "text", node: 0 } as const)
        : ({ kind: "shuffle", node: 0, stageId: inputs[0]!.stageId } as const);
    return {
      stageId,
      label: "",
      taskCount: tasks,
      inputs,
      placement: { kind: "any" },
      output: { kind: "shuffle", partitions: tasks },
      program: { source, operators, sink },
      splits: [],
      inputBytes: 0,
      ...rest,
    };
  });
}

/** Of each stage: whether it is cut, or which one it follows. */
function marks(stages: readonly StagePlan[], askedFor: readonly number[] = []): readonly unknown[] {
  const options = { targetBytes: 9, askedFor: new Set(askedFor) };
  return coalesceStages(stages, options).map(({ coalesce, follows }) =>
    coalesce === undefined ? (follows ?? "-") : "cut",
  );
}

const read: Part = {};
const aggregate: OperatorProgram = {
  kind: "aggregate",
  node: 1,
  phase: "final",
  keys: [],
  aggregates: [],
};

test.each<[string, readonly StagePlan[], readonly unknown[]]>([
  ["an aggregate", stagesOf(read, { inputs: [own(0)], operators: [aggregate] }), ["-", "cut"]],
  [
    "a join that is cut by its keys, with a side that is sent whole",
    stagesOf(read, read, read, { inputs: [own(0), own(1), whole(2)] }),
    ["-", "-", "-", "cut"],
  ],
  [
    "a range sort: what holds rows and what divides them have as many tasks",
    stagesOf(
      read,
      { inputs: [own(0)], output: { kind: "shuffle", partitions: 2 } },
      { inputs: [{ stageId: 1, partition: 1, maps: "all" }], taskCount: 1 },
      { inputs: [one(1), whole(2)] },
      { inputs: [own(3)] },
    ),
    ["-", "cut", "-", 1, "cut"],
  ],
  [
    "what follows what follows",
    stagesOf(read, { inputs: [own(0)] }, { inputs: [one(1)] }, { inputs: [one(2)] }),
    ["-", "cut", 1, 2],
  ],
])("%s", (_, stages, wanted) => {
  expect(marks(stages)).toEqual(wanted);
});

const held = (reader: Part) =>
  stagesOf(read, { inputs: [own(0)] }, { inputs: [one(1)], ...reader });

test.each<[string, readonly StagePlan[]]>([
  ["one task", stagesOf(read, { inputs: [own(0)], taskCount: 1 })],
  [
    "functions called with rows",
    stagesOf(read, { inputs: [own(0)], operators: [{ kind: "map", node: 2 }] }),
  ],
  ["what is kept for later actions", stagesOf(read, { inputs: [own(0)], keep: "k" })],
  [
    "a sink of others",
    stagesOf(read, { inputs: [own(0)], sink: { kind: "stage", node: 3, name: "s" } }),
  ],
  ["followers that call functions", held({ operators: [{ kind: "filter", node: 2 }] })],
  ["followers that are kept", held({ keep: "k" })],
  [
    "followers that are part of a union",
    held({ inputs: [{ ...one(1), span: { firstTask: 0, tasks } }] }),
  ],
])("a task for each partition: %s", (_, stages) => {
  expect(marks(stages)).toEqual(stages.map(() => "-"));
});

test("a number of partitions that the program asked for is what it gets", () => {
  const stages = stagesOf(read, { inputs: [own(0)] }, { inputs: [own(1)] });
  expect(marks(stages)).toEqual(["-", "cut", "cut"]);
  expect(marks(stages, [0])).toEqual(["-", "-", "cut"]);
});

test("without a target nothing is cut", () => {
  const stages = stagesOf(read, { inputs: [own(0)] });
  expect(coalesceStages(stages, { targetBytes: 0, askedFor: new Set() })).toBe(stages);
});
