// From an action of a job to what the cluster runs: optimise, cut into stages, check.

import { EngineError } from "../../proto/errors.ts";
import {
  partitionInputBytesTarget,
  splitBytesMax,
  splitBytesMin,
  splitsAimed,
  stageGraphBytesMax,
} from "../../proto/limits.ts";
import type { InputFile, PlannedAction, PlanTargets } from "../../proto/plan/bundle.ts";
import { planDigest } from "../../proto/plan/digest.ts";
import type { Action } from "../../proto/plan/logical.ts";
import type { StageGraph } from "../../proto/plan/stage.ts";
import { actionText, logicalText, physicalText } from "../../proto/plan/text.ts";
import { analysisNote } from "./analyzed-text.ts";
import { assertStageGraph } from "./check-graph.ts";
import { decideJoins } from "./decide-joins.ts";
import { KnownSchemas } from "./known-schemas.ts";
import { optimize } from "./optimize.ts";
import type { PlanInputs } from "./plan-inputs.ts";
import { settleAlters } from "./settle-alters.ts";
import { planStages } from "./stages.ts";

/**
 * Some tasks for every core of a small cluster, none so small that starting it weighs, none so large that
 * losing it hurts. From the inputs alone, so that any cluster cuts them alike.
 */
export function targetsFor(files: readonly InputFile[]): PlanTargets {
  const inputBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const even = Math.ceil(inputBytes / splitsAimed);
  return {
    splitBytes: Math.min(Math.max(even, splitBytesMin), splitBytesMax),
    partitionBytes: partitionInputBytesTarget,
  };
}

/**
 * Pure: the same action over the same inputs gives the same graph. Throws PLAN_INVALID, LIMIT_EXCEEDED.
 * `measured`: rows of the sides of joins that were counted so far. Where one more is needed, the graph is one
 * that makes, keeps and counts it (`measures` is set); with its count the action is to be planned again.
 */
export function planAction(
  action: Action,
  actionIndex: number,
  inputs: PlanInputs,
  targets: PlanTargets = targetsFor([...inputs.files.values()].flat()),
  measured: readonly number[] = [],
): PlannedAction {
  const schemas = new KnownSchemas(inputs.schemas);
  const settled = { ...action, input: settleAlters(action.input, schemas) };
  const rewritten = optimize(settled, { schemas });
  const { plan, measure } = decideJoins(rewritten, inputs, schemas, measured);
  const optimised: Action = measure === undefined ? plan : { kind: "count", input: measure };
  const planned: StageGraph = {
    actionIndex,
    planDigest: planDigest(action),
    label: measure === undefined ? actionText(action) : `sizes for ${actionText(action)}`,
    ...(measure === undefined ? {} : { measures: true }),
    stages: planStages(optimised, inputs, targets, schemas),
  };
  const isAnalysis = action.kind === "analyze" && measure === undefined;
  const graph = isAnalysis ? { ...planned, note: analysisNote(planned) } : planned;
  assertStageGraph(graph);
  checkSize(graph, [...inputs.files.values()].flat().length);
  const logical = logicalText(action);
  return {
    graph,
    text: { logical, optimised: logicalText(optimised), physical: physicalText(graph) },
  };
}

function checkSize(graph: StageGraph, files: number): void {
  const characters = JSON.stringify(graph).length;
  if (characters <= stageGraphBytesMax) return;
  throw new EngineError(
    "LIMIT_EXCEEDED",
    `the plan of action ${graph.actionIndex} over ${files} files takes ${characters} characters, ` +
      `and at most ${stageGraphBytesMax} are carried; read fewer or larger files`,
    { limitBytes: stageGraphBytesMax },
  );
}
