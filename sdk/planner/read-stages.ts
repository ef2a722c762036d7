// Stages that read: files cut into splits, rows that stand in the plan, ranges of numbers.

import { EngineError, unreachable } from "../../proto/errors.ts";
import {
  namedFilesMax,
  rangeRowsPerTask,
  splitBytesMin,
  splitsAimed,
  splitsOfFewColumnsMin,
} from "../../proto/limits.ts";
import type { RangeNode, ValuesNode } from "../../proto/plan/logical.ts";
import type { SourceProgram } from "../../proto/plan/program.ts";
import type { OpenStage } from "./open-stage.ts";
import {
  clusteredIn,
  type FileReadNode,
  filesOf,
  type PlanInputs,
  schemaOfRead,
} from "./plan-inputs.ts";
import { planSplits } from "./splits.ts";
import type { Planning } from "./stages.ts";
import { togetherByEach } from "./together.ts";

export function openFiles(planning: Planning, node: FileReadNode): OpenStage {
  const files = filesOf(planning.inputs, node);
  const inputBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (inputBytes === 0) {
    const [only] = files.length === 1 ? files : [];
    const which =
      only === undefined ? `all ${files.length} files of ${node.pattern} are` : `${only.uri} is`;
    throw new EngineError("INPUT_EMPTY", `${which} empty; check what should have written there`);
  }
  const divisible = node.kind !== "readCsv" && node.kind !== "readCheckpoint";
  const splits = planSplits(files, {
    ...{ bytesTarget: splitBytes(planning, node, inputBytes), divisible },
    ...(files.length > namedFilesMax ? { pattern: node.pattern } : {}),
  });
  return {
    names: [`read ${sourceName(node)}`],
    taskCount: splits.length,
    inputs: [],
    placement: { kind: "any" },
    source: sourceProgram(planning.inputs, node),
    operators: [],
    splits,
    inputBytes,
    bytesBelow: bytesRead(planning.inputs, node),
    together: togetherByEach(node, clusteredIn(planning.inputs, node)),
  };
}

/**
 * What is not read takes no time, so where few of the columns are, a task gets more of the file. A file beside a far larger
 * one is cut too where there is enough to read: what waits for it may have nothing else to do.
 */
function splitBytes({ targets, inputs }: Planning, node: FileReadNode, inputBytes: number): number {
  const { splitBytes: usual, splitReadBytes = 0 } = targets;
  const share = shareRead(inputs, node);
  if (share === 1 || splitReadBytes === 0) return usual;
  const even = (tasks: number) => Math.ceil(inputBytes / tasks);
  const enough = evenTasks((inputBytes * share) / splitBytesMin);
  const least = Math.min(usual, even(Math.min(enough, splitsOfFewColumnsMin)));
  const worthwhile = evenTasks((inputBytes * share) / splitReadBytes);
  return Math.max(least, even(Math.max(worthwhile, splitsOfFewColumnsMin)));
}

/**
 * Few tasks are a power of two of them: so are mostly the slots, and tasks of equal size that are one too many take as long
 * as a round of all.
 */
function evenTasks(worthwhile: number): number {
  return worthwhile > splitsAimed ? worthwhile : 2 ** (31 - Math.clz32(Math.max(worthwhile, 1)));
}

/** Bytes of the files as far as they are read. */
export function bytesRead(inputs: PlanInputs, node: FileReadNode): number {
  const all = filesOf(inputs, node).reduce((sum, file) => sum + file.sizeBytes, 0);
  return Math.ceil(all * shareRead(inputs, node));
}

/** Of the columns of the files, the share that is read: as if all were equally large. */
function shareRead(inputs: PlanInputs, node: FileReadNode): number {
  if (node.kind !== "readColumns" || node.columns === undefined) return 1;
  const all = schemaOfRead(inputs, node).fields.length;
  return node.columns.length / Math.max(all, 1);
}

function sourceName(node: FileReadNode): string {
  switch (node.kind) {
    case "readText":
      return "text";
    case "readNdjson":
      return "ndjson";
    case "readCsv":
      return "csv";
    case "readCheckpoint":
      return "checkpoint";
    case "readColumns":
      return node.format;
    default:
      return unreachable(node);
  }
}

function sourceProgram(inputs: PlanInputs, node: FileReadNode): SourceProgram {
  switch (node.kind) {
    case "readText":
      return { kind: "text", node: node.id };
    case "readNdjson":
      return { kind: "ndjson", node: node.id };
    case "readCsv":
      return { kind: "csv", node: node.id, options: node.options };
    case "readCheckpoint":
      return { kind: "checkpoint", node: node.id };
    case "readColumns": {
      const { id, format, options, columns, pruning } = node;
      return {
        kind: "columns",
        node: id,
        format,
        options: { ...options, schema: schemaOfRead(inputs, node) },
        ...(columns === undefined ? {} : { columns }),
        ...(pruning === undefined ? {} : { pruning }),
      };
    }
    default:
      return unreachable(node);
  }
}

const noFiles = {
  inputs: [],
  placement: { kind: "any" },
  operators: [],
  splits: [],
  inputBytes: 0,
} as const;

export function openValues(node: ValuesNode): OpenStage {
  const { id, rowsJson, schema } = node;
  return {
    ...noFiles,
    names: ["values"],
    taskCount: 1,
    source: { kind: "values", node: id, rowsJson, ...(schema === undefined ? {} : { schema }) },
    bytesBelow: rowsJson.length,
  };
}

const bytesPerNumber = 8;

export function openRange(node: RangeNode): OpenStage {
  const { id, start, end, step, partitions } = node;
  const rows = Math.max(Math.ceil((end - start) / step), 0);
  const planned = Math.min(Math.max(Math.ceil(rows / rangeRowsPerTask), 1), splitsAimed);
  const taskCount = partitions ?? planned;
  return {
    ...noFiles,
    names: ["range"],
    taskCount,
    source: { kind: "range", node: id, start, end, step, tasks: taskCount },
    bytesBelow: rows * bytesPerNumber,
  };
}
