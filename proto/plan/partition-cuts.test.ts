// Where partitions are cut, and which stages may be, or may follow one that is.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { coalescingProblem, cutPartitions, partitionsOfTask } from "./partition-cuts.ts";
import type { ShuffleInput, StagePlan } from "./stage.ts";

describe("cuts", () => {
  test("partitions side by side make up the target, a larger one stands alone", () => {
    expect(cutPartitions([3, 3, 3, 3], 6)).toEqual([0, 2]);
    expect(cutPartitions([3, 3, 3, 3], 5)).toEqual([0, 1, 2, 3]);
    expect(cutPartitions([1, 1, 20, 1, 1], 10)).toEqual([0, 2, 3]);
    expect(cutPartitions([0, 0, 0], 10)).toEqual([0]);
    expect(cutPartitions([9], 1)).toEqual([0]);
  });

  test("every partition is read once, in order, and no task could read less or more", () => {
    const sizes = fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 30 }), (bytes, targetBytes) => {
        const starts = cutPartitions(bytes, targetBytes);
        const read = starts.map((_, task) => {
          const { first, count } = partitionsOfTask(starts, bytes.length, task);
          return bytes.slice(first, first + count);
        });
        expect(read.flat()).toEqual(bytes);
        const sum = (some: readonly number[]) => some.reduce((all, size) => all + size, 0);
        for (const [task, own] of read.entries()) {
          if (own.length > 1) expect(sum(own)).toBeLessThanOrEqual(targetBytes);
          const next = read[task + 1]?.[0];
          if (next !== undefined) expect(sum(own) + next).toBeGreaterThan(targetBytes);
        }
      }),
      { numRuns: 500 },
    );
  });
});

function stage(stageId: number, inputs: readonly ShuffleInput[], rest: Partial<StagePlan> = {}) {
  return {
    stageId,
    label: "",
    taskCount: 4,
    inputs,
    placement: { kind: "any" },
    output: { kind: "shuffle", partitions: 4 },
    program: {
      source: { kind: "shuffle", node: 0, stageId: 0 },
      operators: [],
      sink: { kind: "count" },
    },
    splits: [],
    inputBytes: 0,
    ...rest,
  } as const satisfies StagePlan;
}

describe("stages whose number of tasks only the run tells", () => {
  const coalesce = { targetBytes: 10 };
  const own = (stageId: number) => ({ stageId, partition: "own", maps: "all" }) as const;
  const one = (stageId: number) => ({ stageId, partition: 0, maps: "own" }) as const;
  const whole = (stageId: number) => ({ stageId, partition: 0, maps: "all" }) as const;
  const maps = stage(0, []);
  const more = stage(1, []);
  const cut = stage(2, [own(0), own(1), whole(1)], { coalesce });
  const before = [maps, more, cut];
  const kept = stage(0, [], { keep: "k" });
  const wide = stage(0, [], { output: { kind: "shuffle", partitions: 5 } });

  test.each([
    ["reads partitions, and the same of all by each", [maps, more], cut],
    ["follows one that is cut", before, stage(3, [one(2), whole(0)], { follows: 2 })],
    [
      "follows one that follows",
      [...before, stage(3, [one(2)], { follows: 2 })],
      stage(4, [one(3)], { follows: 3 }),
    ],
    ["reads all of one that is cut", before, stage(3, [own(2)])],
  ])("%s", (_, earlier, last) => {
    expect(coalescingProblem(earlier, last)).toBeUndefined();
  });

  test.each([
    ["one by one, whose number only the run tells", before, stage(3, [one(2)])],
    ["one by one", before, stage(3, [one(2)], { coalesce })],
    ["cannot both", before, stage(3, [one(2)], { coalesce, follows: 2 })],
    ["has splits", [maps], stage(1, [own(0)], { coalesce, splits: [{ ranges: [] }] })],
    ["keeps its output", [maps], stage(1, [own(0)], { coalesce, keep: "k" })],
    ["reads no partitions", [maps], stage(1, [whole(0)], { coalesce })],
    ["not of all maps", [maps, more], stage(2, [own(0), one(1)], { coalesce })],
    ["not one task for each", [wide], stage(1, [own(0)], { coalesce })],
    ["not one task for each", [kept], stage(1, [own(0)], { coalesce })],
    ["which is not cut", before, stage(3, [one(1)], { follows: 1 })],
    ["other tasks", before, stage(3, [one(2)], { follows: 2, taskCount: 3 })],
    ["without reading its tasks", before, stage(3, [whole(2)], { follows: 2 })],
    [
      "without reading its tasks",
      before,
      stage(3, [{ stageId: 2, partition: "own", maps: "own" }], { follows: 2 }),
    ],
    ["divided otherwise", before, stage(3, [one(2), own(0)], { follows: 2 })],
  ])("… %s", (problem, earlier, last) => {
    expect(coalescingProblem(earlier, last)).toContain(problem);
  });
});
