// Cuts an optimised plan at its shuffles into the stages that the scheduler runs.

import { unreachable } from "../../proto/errors.ts";
import { plannedPartitionsMax } from "../../proto/limits.ts";
import type { PlanTargets } from "../../proto/plan/bundle.ts";
import { inputsOf, planNodes } from "../../proto/plan/inputs.ts";
import type { Action, LogicalNode } from "../../proto/plan/logical.ts";
import type { OperatorProgram } from "../../proto/plan/program.ts";
import type { StagePlan } from "../../proto/plan/stage.ts";
import type { KnownSchemas } from "./known-schemas.ts";
import { addOperator, hold, type OpenStage, seal } from "./open-stage.ts";
import type { PlanInputs } from "./plan-inputs.ts";
import { openNode } from "./stage-of-node.ts";

/** One planning under way: the stages sealed so far, and what decides how to go on. */
export interface Planning {
  readonly stages: StagePlan[];
  readonly inputs: PlanInputs;
  readonly targets: PlanTargets;
  readonly schemas: KnownSchemas;
  /** The node whose rows the driver collects: it applies a last limit itself. */
  readonly collected: LogicalNode | undefined;
}

export function planStages(
  action: Action,
  inputs: PlanInputs,
  targets: PlanTargets,
  schemas: KnownSchemas,
): readonly StagePlan[] {
  const stages: StagePlan[] = [];
  const collected = action.kind === "collect" ? action.input : undefined;
  const planning: Planning = { stages, inputs, targets, schemas, collected };
  const open = openPlan(planning, action.input);
  switch (action.kind) {
    case "collect":
    case "count":
      seal(stages, open, { kind: action.kind }, { kind: "result" });
      break;
    case "analyze":
      seal(stages, open, { kind: "count" }, { kind: "result" });
      return stages.map((stage) => ({ ...stage, program: { ...stage.program, analyze: true } }));
    case "forEach": {
      const run = { kind: "forEach", node: action.id } as const;
      seal(stages, addOperator(open, run, "forEach"), { kind: "count" }, { kind: "result" });
      break;
    }
    case "write": {
      const { format, folderUri, options } = action;
      const named = { ...open, names: [...open.names, `write ${format}`] };
      const output = { kind: "output", format, folderUri } as const;
      const sink = options === undefined ? output : { ...output, options };
      seal(stages, named, sink, output);
      break;
    }
    default:
      unreachable(action);
  }
  return stages;
}

/** Every node once, inputs first; what several nodes read is kept, and read again from there. */
function openPlan(planning: Planning, last: LogicalNode): OpenStage {
  const nodes = planNodes(last);
  const readers = new Map<LogicalNode, number>();
  for (const node of nodes) {
    for (const input of inputsOf(node)) readers.set(input, (readers.get(input) ?? 0) + 1);
  }
  const opened = new Map<LogicalNode, OpenStage>();
  for (const node of nodes) {
    const below = inputsOf(node).map((input) => opened.get(input)!);
    const open = openNode(planning, node, below);
    const isShared = (readers.get(node) ?? 0) > 1 && node.kind !== "cache";
    opened.set(node, isShared && isCostly(open) ? hold(planning.stages, open, node.id) : open);
  }
  return opened.get(last)!;
}

const functionKinds = new Set<OperatorProgram["kind"]>([
  "map",
  "flatMap",
  "filter",
  "mapPartitions",
  "mapBatches",
  "mapAsync",
]);

/** Worth keeping rather than making again: what is behind a shuffle, or comes from the user's functions. */
function isCostly(open: OpenStage): boolean {
  return open.inputs.length > 0 || open.operators.some(({ kind }) => functionKinds.has(kind));
}

/** From the inputs' size alone, so that a replay or a larger cluster plans alike. */
export function partitionCount(inputBytes: number, partitionBytes: number): number {
  return Math.min(Math.max(Math.ceil(inputBytes / partitionBytes), 1), plannedPartitionsMax);
}
