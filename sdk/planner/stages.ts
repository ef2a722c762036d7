// Cuts an optimised plan at its shuffles into the stages that the scheduler runs.

import { EngineError } from "../../proto/errors.ts";
import { plannedPartitionsMax } from "../../proto/limits.ts";
import type { InputFile, PlanTargets } from "../../proto/plan/bundle.ts";
import { planNodes } from "../../proto/plan/inputs.ts";
import type { Action, LogicalNode } from "../../proto/plan/logical.ts";
import type { SourceProgram } from "../../proto/plan/program.ts";
import type { StagePlan } from "../../proto/plan/stage.ts";
import { noSuchStep } from "../../proto/unsupported.ts";
import { addOperator, type OpenStage, openShuffle, seal, sealShuffle } from "./open-stage.ts";
import { sortStages } from "./sort-stages.ts";
import { planSplits } from "./splits.ts";

type ReadNode = Extract<LogicalNode, { pattern: string }>;

/** `files` are those of the plan's source, in URI order. */
export function planStages(
  action: Action,
  files: readonly InputFile[],
  targets: PlanTargets,
): readonly StagePlan[] {
  const stages: StagePlan[] = [];
  const nodes = planNodes(action.input);
  const inputBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const partitions = partitionCount(inputBytes, targets.partitionBytes);
  let open: OpenStage | undefined;
  for (const node of nodes) {
    const isLast = node === action.input;
    open =
      open === undefined
        ? openRead(node, files, targets.splitBytes)
        : addNode(stages, open, node, {
            partitions,
            isCollected: isLast && action.kind === "collect",
          });
  }
  if (open === undefined) throw new EngineError("PLAN_INVALID", "a plan without a source");
  switch (action.kind) {
    case "collect":
    case "count":
      seal(stages, open, { kind: action.kind }, { kind: "result" });
      break;
    case "write": {
      const { format, folderUri } = action;
      const named = { ...open, names: [...open.names, `write ${format}`] };
      const output = { kind: "output", format, folderUri } as const;
      seal(stages, named, output, output);
      break;
    }
    default:
      throw noSuchStep("the planner", action);
  }
  return stages;
}

/** From the input's size alone, so that a replay or a larger cluster plans alike. */
export function partitionCount(inputBytes: number, partitionBytes: number): number {
  return Math.min(Math.max(Math.ceil(inputBytes / partitionBytes), 1), plannedPartitionsMax);
}

interface NodeContext {
  readonly partitions: number;
  /** The node is the last one of a `collect`. */
  readonly isCollected: boolean;
}

function addNode(
  stages: StagePlan[],
  open: OpenStage,
  node: LogicalNode,
  context: NodeContext,
): OpenStage {
  switch (node.kind) {
    case "map":
    case "flatMap":
    case "filter":
      return addOperator(open, { kind: node.kind, node: node.id }, node.kind);
    case "countByValue":
    case "reduceByKey":
      return addKeyed(stages, open, node, context.partitions);
    case "orderBy":
      return sortStages(stages, open, node, context.partitions);
    case "limit":
      return addLimit(stages, open, node, context);
    case "readText":
    case "readNdjson":
    case "readCsv":
      throw new EngineError("PLAN_INVALID", `${node.kind}#${node.id} reads from another node`);
    default:
      throw noSuchStep("the planner", node);
  }
}

/** Rows of a key are combined before the shuffle too: what crosses the wire is one row per key and task. */
function addKeyed(
  stages: StagePlan[],
  open: OpenStage,
  node: Extract<LogicalNode, { kind: "countByValue" | "reduceByKey" }>,
  partitions: number,
): OpenStage {
  const { kind, id } = node;
  const column = kind === "countByValue" ? "value" : "key";
  const partial = addOperator(open, { kind, node: id, phase: "partial" }, kind);
  const from = sealShuffle(stages, partial, { kind: "hash", column, partitions }, partitions);
  return addOperator(openShuffle(from, id, partitions, [kind]), { kind, node: id, phase: "final" });
}

/** A collected limit ends in the driver; elsewhere one task takes the first rows in task order. */
function addLimit(
  stages: StagePlan[],
  open: OpenStage,
  node: Extract<LogicalNode, { kind: "limit" }>,
  context: NodeContext,
): OpenStage {
  const limit = { kind: "limit", node: node.id, rows: node.rows } as const;
  const limited = addOperator(open, limit, `limit ${node.rows}`);
  if (open.taskCount === 1 || context.isCollected) return limited;
  const from = sealShuffle(stages, limited, { kind: "single" }, 1);
  return addOperator(openShuffle(from, node.id, 1, [`limit ${node.rows}`]), limit);
}

function openRead(node: LogicalNode, files: readonly InputFile[], bytesTarget: number): OpenStage {
  const read = asRead(node);
  const splits = planSplits(files, { bytesTarget, divisible: read.kind !== "readCsv" });
  if (splits.length === 0) {
    throw new EngineError("INPUT_NOT_FOUND", `no input file matches ${read.pattern}`);
  }
  const inputBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (inputBytes === 0) {
    const [only] = files.length === 1 ? files : [];
    const which =
      only === undefined ? `all ${files.length} files of ${read.pattern} are` : `${only.uri} is`;
    throw new EngineError("INPUT_EMPTY", `${which} empty; check what should have written there`);
  }
  return {
    names: [`read ${sourceKind(read)}`],
    taskCount: splits.length,
    inputs: [],
    placement: { kind: "any" },
    source: sourceProgram(read),
    operators: [],
    splits,
    inputBytes,
  };
}

function asRead(node: LogicalNode): ReadNode {
  if ("pattern" in node) return node;
  throw new EngineError("PLAN_INVALID", `the plan begins with ${node.kind}, which reads nothing`);
}

function sourceKind(node: ReadNode): "text" | "ndjson" | "csv" {
  switch (node.kind) {
    case "readText":
      return "text";
    case "readNdjson":
      return "ndjson";
    case "readCsv":
      return "csv";
    default:
      throw noSuchStep("the planner", node);
  }
}

function sourceProgram(node: ReadNode): SourceProgram {
  if (node.kind === "readCsv") return { kind: "csv", node: node.id, options: node.options };
  return { kind: node.kind === "readText" ? "text" : "ndjson", node: node.id };
}
