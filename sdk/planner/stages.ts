// Cuts an optimised plan at its shuffles into the stages that the scheduler runs.

import { assert, unreachable } from "../../proto/errors.ts";
import { checkpointFileBytes } from "../../proto/limits/formats.ts";
import {
  partitionBytesMin,
  plannedPartitionsMax,
  splitBytesMin,
  wholePartitionBytesTarget,
} from "../../proto/limits.ts";
import type { KeptOutput, PlanTargets } from "../../proto/plan/bundle.ts";
import { inputsOf, planNodes } from "../../proto/plan/inputs.ts";
import type { Action, LogicalNode, NodeId, ValuesNode } from "../../proto/plan/logical.ts";
import type { OperatorProgram } from "../../proto/plan/program.ts";
import type { StagePlan } from "../../proto/plan/stage.ts";
import { coalesceStages } from "./coalesce-stages.ts";
import { type ColumnNeeds, makerName } from "./column-needs.ts";
import type { PlanSizes } from "./estimate.ts";
import { KeepNames } from "./keep-names.ts";
import type { KnownSchemas } from "./known-schemas.ts";
import { isOfColumns } from "./of-columns.ts";
import { addOperator, gather, hold, type OpenStage, seal } from "./open-stage.ts";
import type { PlanInputs } from "./plan-inputs.ts";
import { openValues } from "./read-stages.ts";
import { sortedGroups } from "./sorted-groups.ts";
import { openNode } from "./stage-of-node.ts";

/** One planning under way: the stages sealed so far, and what decides how to go on. */
export interface Planning {
  readonly stages: StagePlan[];
  readonly inputs: PlanInputs;
  readonly targets: PlanTargets;
  readonly schemas: KnownSchemas;
  readonly sizes: PlanSizes;
  /** Whether no function of the user's is called with rows. */
  readonly isOfColumns: boolean;
  /** Groups that are likely sorted in one task. */
  readonly sorted: ReadonlySet<LogicalNode>;
  /** The node whose rows the driver collects: it applies a last limit itself. */
  readonly collected: LogicalNode | undefined;
  /** By the ids of `cache` nodes. */
  readonly keeps: Map<NodeId, KeptOutput>;
  readonly names: KeepNames;
  /** Stages whose number of partitions the program asked for. */
  readonly askedFor: Set<number>;
  /** Columns to look for among the rows of nodes. */
  readonly needs: ColumnNeeds;
}

type PlannedKind = Exclude<Action, { readonly kind: "explain" }>;

export interface PlannedStages {
  readonly stages: readonly StagePlan[];
  readonly keeps: ReadonlyMap<NodeId, KeptOutput>;
}

export function planStages(
  action: Action,
  known: Pick<Planning, "inputs" | "targets" | "schemas" | "sizes" | "needs">,
): PlannedStages {
  assert(action.kind !== "explain", "what explains a plan has no stages of its own");
  const stages: StagePlan[] = [];
  const collected = isRecorded(action) ? action.input : undefined;
  const keeps = new Map<NodeId, KeptOutput>();
  const names = new KeepNames(known.inputs);
  const askedFor = new Set<number>();
  const sorted = sortedGroups(action.input);
  const ofAction = { isOfColumns: isOfColumns(action), sorted, collected };
  const planning: Planning = { ...known, ...ofAction, stages, keeps, names, askedFor };
  sealPlan(planning, action, openPlan(planning, action.input));
  const cut = coalesceStages(stages, { targetBytes: known.targets.coalescedBytes, askedFor });
  if (action.kind !== "analyze") return { stages: cut, keeps };
  const measured = cut.map((stage) => {
    const program = { ...stage.program, analyze: true } as const;
    return { ...stage, program };
  });
  return { stages: measured, keeps };
}

/** Whether the driver gets the rows as the recorded result. */
function isRecorded(action: Action): boolean {
  return action.kind === "collect" || (action.kind === "rows" && action.folderUri === undefined);
}

function sealPlan({ stages, schemas }: Planning, action: PlannedKind, open: OpenStage): void {
  switch (action.kind) {
    case "collect":
    case "count":
      seal(stages, open, { kind: action.kind }, { kind: "result" });
      return;
    case "rows": {
      const { folderUri } = action;
      if (folderUri === undefined) {
        seal(stages, open, { kind: "collect" }, { kind: "result" });
        return;
      }
      const encoded = addOperator(open, { kind: "encodeRows", node: action.input.id }, "rows");
      const output = { kind: "output", format: "text", folderUri } as const;
      seal(stages, encoded, output, output);
      return;
    }
    case "checkpoint": {
      const { folderUri, input } = action;
      assert(folderUri !== undefined, "the driver says where a checkpoint is written");
      const schema = schemas.of(input);
      const known = schema === undefined ? {} : { schema };
      const options = { fileBytesTarget: checkpointFileBytes, ...known };
      const output = { kind: "output", format: "checkpoint", folderUri } as const;
      const named = { ...open, names: [...open.names, "checkpoint"] };
      seal(stages, named, { ...output, options }, output);
      return;
    }
    case "toArrow": {
      // One task makes one stream, whose batches have the columns of all.
      const { id } = action.input;
      const whole = open.taskCount === 1 ? open : gather(stages, open, id, ["all rows"]);
      const schema = schemas.of(action.input);
      const sink = { kind: "arrow", ...(schema === undefined ? {} : { schema }) } as const;
      seal(stages, whole, sink, { kind: "result" });
      return;
    }
    case "analyze":
      seal(stages, open, { kind: "count" }, { kind: "result" });
      return;
    case "forEach": {
      const run = { kind: "forEach", node: action.id } as const;
      seal(stages, addOperator(open, run, "forEach"), { kind: "count" }, { kind: "result" });
      return;
    }
    case "stage": {
      const { id, name } = action;
      const named = { ...open, names: [...open.names, `stage ${name}`] };
      seal(stages, named, { kind: "stage", node: id, name }, { kind: "result" });
      return;
    }
    case "publish": {
      const { id, name, writeIndex } = action;
      const named = { ...open, names: [`publish ${name}`] };
      seal(stages, named, { kind: "publish", node: id, name, writeIndex }, { kind: "result" });
      return;
    }
    case "write": {
      const { format, folderUri, options } = action;
      const named = { ...open, names: [...open.names, `write ${format}`] };
      const output = { kind: "output", format, folderUri } as const;
      const sink = options === undefined ? output : { ...output, options };
      seal(stages, named, sink, output);
      return;
    }
    default:
      unreachable(action);
  }
}

/** What is to be done when a write to a sink of others fails: its code removes what was staged. */
export function cleanupStage(
  action: Extract<Action, { readonly kind: "stage" | "publish" }>,
  actionIndex: number,
): StagePlan {
  const { id, name } = action;
  const writeIndex = action.kind === "publish" ? action.writeIndex : actionIndex;
  const stages: StagePlan[] = [];
  const none: ValuesNode = { kind: "values", id, rowsJson: "[]", rows: 0 };
  const open = { ...openValues(none), names: [`discard ${name}`] };
  seal(stages, open, { kind: "discard", node: id, name, writeIndex }, { kind: "result" });
  return stages[0]!;
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
    // From the sources up: a plan may be deeper than calls can nest.
    planning.sizes.of(node);
    const below = inputsOf(node).map((input) => opened.get(input)!);
    const open = watched(planning, node, openNode(planning, node, below));
    const isKept = node.kind === "cache" || node.kind === "kept";
    const isShared = (readers.get(node) ?? 0) > 1 && !isKept;
    const isWorth = isCostly(open) || leavesFew(planning, node, open);
    opened.set(node, isShared && isWorth ? shared(planning, node, open) : open);
  }
  return opened.get(last)!;
}

/**
 * What several nodes read. Few rows are brought to one task: each reader of them is then a stage of one task, where as
 * many as made them would each sum up a little and send it to another.
 */
function shared(planning: Planning, node: LogicalNode, open: OpenStage): OpenStage {
  const { stages, targets } = planning;
  const isAskedFor = open.inputs.some(({ stageId }) => planning.askedFor.has(stageId));
  if (open.taskCount === 1 || isAskedFor || !areFew(planning, node, targets.partitionBytes)) {
    return hold(stages, open, node.id);
  }
  return gather(stages, open, node.id, [`held #${node.id}`]);
}

/** Likely no more than so many bytes. Where there are more, one task has no more than may be one partition. */
export function areFew(planning: Planning, node: LogicalNode, bytesMax: number): boolean {
  const { likely, most } = planning.sizes.of(node);
  return planning.isOfColumns && likely <= bytesMax && most <= wholePartitionBytesTarget;
}

/** With an eye on the rows of the node, where steps above name columns of them. */
function watched({ needs }: Planning, node: LogicalNode, open: OpenStage): OpenStage {
  if (needs.size === 0) return open;
  const maker = makerName(node);
  const own = needs.get(maker) ?? [];
  if (own.length === 0) return open;
  const watching = addOperator(open, { kind: "watchColumns", node: node.id, maker, needs: own });
  return { ...watching, together: open.together };
}

/** Of what a scan reads, the share that is kept rather than read again where it is no more. */
const scanKeptShare = 2;

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

/** Whether a scan likely leaves so little of what it reads that to keep this takes far less than to read all again. */
function leavesFew(planning: Planning, node: LogicalNode, open: OpenStage): boolean {
  const isScan = open.inputBytes > splitBytesMin && open.inputs.length === 0;
  return (
    isScan && areFew(planning, node, Math.min(open.bytesBelow / scanKeptShare, partitionBytesMin))
  );
}

/** From the inputs' size alone, so that a replay or a larger cluster plans alike. */
export function partitionCount(inputBytes: number, partitionBytes: number): number {
  return Math.min(Math.max(Math.ceil(inputBytes / partitionBytes), 1), plannedPartitionsMax);
}
