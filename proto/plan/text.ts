// Stable text of plans: what `explain` shows, what golden tests keep, and what digests are taken of.

import { unreachable } from "../errors.ts";
import { inputsOf } from "./inputs.ts";
import type { Action, LogicalNode } from "./logical.ts";
import { nodeText } from "./node-text.ts";
import { operatorText, sinkText, sourceText, writeOptionsText } from "./program-text.ts";
import type { Placement, ShuffleInput, StageGraph, StagePlan } from "./stage.ts";

/** The action without its plan: `write ndjson file:///out/`. */
export function actionText(action: Action): string {
  switch (action.kind) {
    case "write":
      return `write ${action.format} ${action.folderUri}${writeOptionsText(action.options)}`;
    case "checkpoint":
      return action.folderUri === undefined ? "checkpoint" : `checkpoint ${action.folderUri}`;
    case "forEach":
      return `forEach#${action.id}`;
    case "stage":
    case "publish":
      return `${action.kind} ${action.name}#${action.id} ${action.target}`;
    default:
      return action.kind;
  }
}

/** The action first, then what it reads, one node a line, each further in than its reader. */
export function logicalText(action: Action): string {
  const lines = [actionText(action)];
  const shown = new Set<LogicalNode>();
  const open: { readonly node: LogicalNode; readonly depth: number }[] = [
    { node: action.input, depth: 1 },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, depth } = next;
    // A node that is read twice is written out once.
    const again = shown.has(node) ? " (see above)" : "";
    lines.push(`${"  ".repeat(depth)}${nodeText(node)}${again}`);
    if (again !== "") continue;
    shown.add(node);
    for (const input of [...inputsOf(node)].reverse()) open.push({ node: input, depth: depth + 1 });
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** Every stage with its tasks, inputs, operators and sink. */
export function physicalText(graph: StageGraph): string {
  const { stages, answerJson } = graph;
  return answerJson === undefined
    ? stages.map(stageText).join("")
    : `${answerJson}, known before\n`;
}

function stageText(stage: StagePlan): string {
  const lines = [
    `stage ${stage.stageId}: ${stage.label}`,
    `  ${tasksText(stage)}, ${placementText(stage.placement)}`,
    ...splitLines(stage),
    ...stage.inputs.map((input) => `  input ${shuffleInputText(input)}`),
    `  ${sourceText(stage.program.source)}`,
    ...stage.program.operators.map((operator) => `  ${operatorText(operator)}`),
    `  ${sinkText(stage.program.sink)}${outputText(stage)}`,
    ...(stage.keep === undefined ? [] : [`  kept as ${stage.keep}`]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

const mebibyte = 1024 * 1024;

function sizeText(bytes: number): string {
  return bytes % mebibyte === 0 ? `${bytes / mebibyte} MiB` : `${bytes} bytes`;
}

function tasksText({ taskCount, coalesce, follows }: StagePlan): string {
  if (coalesce !== undefined) {
    return `up to ${taskCount} tasks of ${sizeText(coalesce.targetBytes)}`;
  }
  if (follows !== undefined) return `up to ${taskCount} tasks, as many as stage ${follows}`;
  return `${taskCount} ${taskCount === 1 ? "task" : "tasks"}`;
}

/** A large input has thousands of splits; the first ones show how it was cut. */
const splitsShownMax = 8;

function splitLines(stage: StagePlan): readonly string[] {
  const lines = stage.splits.slice(0, splitsShownMax).map((split, index) => {
    if (split.listed !== undefined) {
      const { files, first, last } = split.listed;
      return `  split ${index}: ${files} files from ${first} to ${last}`;
    }
    const ranges = split.ranges.map((range) => {
      const whole = range.startByte === 0 && range.endByte === range.fileBytes;
      const bytes = whole ? `${range.fileBytes}` : `${range.startByte}..${range.endByte}`;
      return `${range.uri} ${bytes}${range.compression === "none" ? "" : ` ${range.compression}`}`;
    });
    return `  split ${index}: ${ranges.join(", ")}`;
  });
  const more = stage.splits.length - lines.length;
  return more > 0 ? [...lines, `  and ${more} more splits`] : lines;
}

function placementText(placement: Placement): string {
  switch (placement.kind) {
    case "any":
      return "anywhere";
    case "ring":
      return "by the ring";
    case "with":
      return `with stage ${placement.stageId}`;
    default:
      return unreachable(placement);
  }
}

function shuffleInputText(input: ShuffleInput): string {
  const partition = input.partition === "own" ? "own partition" : `partition ${input.partition}`;
  const { span } = input;
  const readers =
    span === undefined ? "" : ` for tasks ${span.firstTask} to ${span.firstTask + span.tasks - 1}`;
  return `stage ${input.stageId}, ${partition}, ${input.maps} maps${readers}`;
}

function outputText(stage: StagePlan): string {
  switch (stage.output.kind) {
    case "shuffle":
      return ` (${stage.output.partitions} ${stage.output.partitions === 1 ? "partition" : "partitions"})`;
    case "result":
    case "output":
      return "";
    default:
      return unreachable(stage.output);
  }
}
