// Stable text of plans: what `explain` shows, what golden tests keep, and what digests are taken of.

import { unreachable } from "../errors.ts";
import type { Action, LogicalNode } from "./logical.ts";
import { keyText, operatorText, sinkText, sourceText } from "./program-text.ts";
import type { Placement, ShuffleInput, StageGraph, StagePlan } from "./stage.ts";

/** The nodes of a plan from its source to its end. */
export function planNodes(last: LogicalNode): readonly LogicalNode[] {
  const nodes: LogicalNode[] = [];
  for (let node: LogicalNode | undefined = last; node !== undefined; node = inputOf(node)) {
    nodes.push(node);
  }
  return nodes.reverse();
}

/** What the node reads; undefined for sources. */
export function inputOf(node: LogicalNode): LogicalNode | undefined {
  return "input" in node ? node.input : undefined;
}

/** One node without what it reads: `orderBy#3 column "count" desc`. */
export function nodeText(node: LogicalNode): string {
  const name = `${node.kind}#${node.id}`;
  switch (node.kind) {
    case "readText":
    case "readNdjson":
      return `${name} ${node.pattern}`;
    case "readCsv": {
      const { header, delimiter, columns } = node.options;
      const types = Object.keys(columns)
        .map((column) => `${JSON.stringify(column)}:${columns[column]}`)
        .join(" ");
      const withHeader = header ? "header" : "no header";
      return `${name} ${node.pattern} ${withHeader} ${JSON.stringify(delimiter)} {${types}}`;
    }
    case "map":
    case "flatMap":
    case "filter":
    case "countByValue":
    case "reduceByKey":
      return name;
    case "orderBy": {
      const top = node.rowsMax === undefined ? "" : ` first ${node.rowsMax}`;
      return `${name} ${keyText(node.key)}${top}`;
    }
    case "limit":
      return `${name} ${node.rows}`;
    default:
      return unreachable(node);
  }
}

/** The action without its plan: `write ndjson file:///out/`. */
export function actionText(action: Action): string {
  return action.kind === "write" ? `write ${action.format} ${action.folderUri}` : action.kind;
}

/** The action first, then what it reads, one node a line, each further in than its reader. */
export function logicalText(action: Action): string {
  const nodes = [...planNodes(action.input)].reverse();
  const lines = [actionText(action), ...nodes.map(nodeText)];
  return lines.map((line, depth) => `${"  ".repeat(depth)}${line}\n`).join("");
}

/** Every stage with its tasks, inputs, operators and sink. */
export function physicalText(graph: StageGraph): string {
  return graph.stages.map(stageText).join("");
}

function stageText(stage: StagePlan): string {
  const lines = [
    `stage ${stage.stageId}: ${stage.label}`,
    `  ${stage.taskCount} ${stage.taskCount === 1 ? "task" : "tasks"}, ${placementText(stage.placement)}`,
    ...splitLines(stage),
    ...stage.inputs.map((input) => `  input ${shuffleInputText(input)}`),
    `  ${sourceText(stage.program.source)}`,
    ...stage.program.operators.map((operator) => `  ${operatorText(operator)}`),
    `  ${sinkText(stage.program.sink)}${outputText(stage)}`,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** A large input has thousands of splits; the first ones show how it was cut. */
const splitsShownMax = 8;

function splitLines(stage: StagePlan): readonly string[] {
  const lines = stage.splits.slice(0, splitsShownMax).map((split, index) => {
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
  return `stage ${input.stageId}, ${partition}, ${input.maps} maps`;
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
