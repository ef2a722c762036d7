// The stage of a union: the tasks of all its inputs side by side, each with the steps of its own.

import type { UnionNode } from "../../proto/plan/logical.ts";
import type { TaskSplit } from "../../proto/plan/program.ts";
import type { ShuffleInput } from "../../proto/plan/stage.ts";
import { hold, type OpenStage } from "./open-stage.ts";
import type { Planning } from "./stages.ts";

const noRanges: TaskSplit = { ranges: [] };

export function unionStages(
  planning: Planning,
  node: UnionNode,
  below: readonly OpenStage[],
): OpenStage {
  const sides = distinctInputs(planning, node, below);
  const inputs: ShuffleInput[] = [];
  const branches = [];
  const splits: TaskSplit[] = [];
  let firstTask = 0;
  for (const side of sides) {
    const { taskCount: tasks, source, operators } = side;
    branches.push({ firstTask, tasks, source, operators });
    for (const input of side.inputs) {
      const start = firstTask + (input.span?.firstTask ?? 0);
      const span = { firstTask: start, tasks: input.span?.tasks ?? tasks };
      inputs.push({ ...input, span });
    }
    for (let task = 0; task < tasks; task++) splits.push(side.splits[task] ?? noRanges);
    firstTask += tasks;
  }
  const sum = (of: (side: OpenStage) => number) =>
    sides.reduce((total, side) => total + of(side), 0);
  const readsFiles = sides.some((side) => side.splits.length > 0);
  return {
    names: [`union (${sides.map((side) => side.names.join(" → ")).join(" | ")})`],
    taskCount: firstTask,
    inputs,
    placement: { kind: "any" },
    source: { kind: "branches", node: node.id, branches },
    operators: [],
    splits: readsFiles ? splits : [],
    inputBytes: sum((side) => side.inputBytes),
    bytesBelow: sum((side) => side.bytesBelow),
  };
}

/** A stage names each of its inputs once: a side that reads what another side reads is kept first. */
function distinctInputs(
  planning: Planning,
  node: UnionNode,
  below: readonly OpenStage[],
): readonly OpenStage[] {
  const seen = new Set<number>();
  return below.map((side) => {
    const isTaken = side.inputs.some((input) => seen.has(input.stageId));
    const own = isTaken ? hold(planning.stages, side, node.id) : side;
    for (const input of own.inputs) seen.add(input.stageId);
    return own;
  });
}
