// Stage graphs from outside: everything the scheduler relies on is checked before it reaches the
// log.

import {
  actionResultBytesMax,
  actionsPerJobMax,
  blockBytesMax,
  labelCharsMax,
  noteCharsMax,
  partitionsPerShuffleMax,
  stageGraphBytesMax,
  stagesPerActionMax,
  tasksPerStageMax,
  uriCharsMax,
} from "../../proto/limits.ts";
import { outputFormats } from "../../proto/plan/manifest.ts";
import { coalescingProblem } from "../../proto/plan/partition-cuts.ts";
import type { TaskProgram, TaskSplit } from "../../proto/plan/program.ts";
import type {
  Placement,
  ShuffleInput,
  StageGraph,
  StageOutput,
  StagePlan,
} from "../../proto/plan/stage.ts";
import { decodeLockStep } from "./decode-locks.ts";
import { bytesOfText, integer, invalid, json, list, object, text } from "./fields.ts";

const code = "PLAN_INVALID";
/** A chain of node digests: longer plans than this do not fit the other bounds either. */
const planDigestCharsMax = 64 * 1024;

export function decodeGraph(graphJson: string): StageGraph {
  bytesOfText("graph_json", graphJson, stageGraphBytesMax);
  const plain = object("graph", json("graph_json", graphJson), code);
  const stages = list("graph.stages", plain.stages, code);
  const lock = decodeLockStep("graph.lock", plain.lock);
  if (lock !== undefined && stages.length > 0) {
    invalid("graph.stages", "must be empty where the action is a lock step", code);
  }
  const answerJson = decodeAnswer(plain, stages.length);
  if (lock === undefined && answerJson === undefined && stages.length === 0)
    invalid("graph.stages", "is empty: an action has at least one", code);
  if (stages.length > stagesPerActionMax) {
    const problem = `has ${stages.length} stages; at most ${stagesPerActionMax} fit`;
    invalid("graph.stages", problem, "LIMIT_EXCEEDED");
  }
  const planDigest = text("graph.planDigest", plain.planDigest, planDigestCharsMax, code);
  if (planDigest === "") invalid("graph.planDigest", "is empty", code);
  const decoded: StagePlan[] = [];
  for (const stage of stages) decoded.push(decodeStage(stage, decoded, stages.length));
  const cleanup = decodeCleanup(plain.cleanup);
  return {
    actionIndex: integer("graph.actionIndex", plain.actionIndex, 0, actionsPerJobMax - 1, code),
    planDigest,
    label: text("graph.label", plain.label, labelCharsMax, code),
    ...(plain.measures === true ? { measures: true } : {}),
    ...(plain.note === undefined
      ? {}
      : { note: text("graph.note", plain.note, noteCharsMax, code) }),
    stages: decoded,
    ...(lock === undefined ? {} : { lock }),
    ...(answerJson === undefined ? {} : { answerJson }),
    ...(plain.publishes === true ? { publishes: true } : {}),
    ...(cleanup === undefined ? {} : { cleanup }),
  };
}

/** Recorded as it is, in the place of a task's result. */
function decodeAnswer(
  { answerJson, lock }: Readonly<Record<string, unknown>>,
  stages: number,
): string | undefined {
  if (answerJson === undefined) return undefined;
  if (stages > 0) invalid("graph.stages", "must be empty where the answer is known", code);
  if (lock !== undefined) invalid("graph.answerJson", "is not for a lock step", code);
  const given = text("graph.answerJson", answerJson, actionResultBytesMax, code);
  return bytesOfText("graph.answerJson", given, actionResultBytesMax);
}

/** It runs alone: without inputs, for a result that nobody reads. */
function decodeCleanup(value: unknown): StagePlan | undefined {
  if (value === undefined) return undefined;
  const stage = decodeStage(value, [], 1);
  if (stage.output.kind === "result" && stage.keep === undefined) return stage;
  return invalid("graph.cleanup", "must end in a result, and keep nothing", code);
}

function decodeStage(value: unknown, before: readonly StagePlan[], stages: number): StagePlan {
  const stageId = before.length;
  const at = `graph.stages[${stageId}]`;
  const plain = object(at, value, code);
  if (plain.stageId !== stageId) invalid(`${at}.stageId`, `must be ${stageId}, its place`, code);
  const taskCount = integer(`${at}.taskCount`, plain.taskCount, 1, tasksPerStageMax, code);
  const stage: StagePlan = {
    stageId,
    label: text(`${at}.label`, plain.label, labelCharsMax, code),
    taskCount,
    inputs: list(`${at}.inputs`, plain.inputs, code).map((input, i) =>
      decodeInput(`${at}.inputs[${i}]`, input, before, taskCount),
    ),
    placement: decodePlacement(`${at}.placement`, plain.placement, stageId),
    output: decodeOutput(`${at}.output`, plain.output, stageId === stages - 1),
    program: decodeProgram(`${at}.program`, plain.program),
    splits: decodeSplits(`${at}.splits`, plain.splits, taskCount),
    inputBytes: integer(`${at}.inputBytes`, plain.inputBytes, 0, Number.MAX_SAFE_INTEGER, code),
    ...(plain.keep === undefined
      ? {}
      : { keep: text(`${at}.keep`, plain.keep, labelCharsMax, code) }),
    ...decodeKeptOnly(at, plain),
    ...decodeCoalescing(at, plain, stageId),
  };
  const problem = coalescingProblem(before, stage);
  return problem === undefined ? stage : invalid(at, problem, code);
}

function decodeCoalescing(
  at: string,
  { coalesce, follows }: Readonly<Record<string, unknown>>,
  stageId: number,
): Pick<StagePlan, "coalesce" | "follows"> {
  const plain = coalesce === undefined ? undefined : object(`${at}.coalesce`, coalesce, code);
  const bytesAt = `${at}.coalesce.targetBytes`;
  const targetBytes = plain && integer(bytesAt, plain.targetBytes, 1, blockBytesMax, code);
  return {
    ...(targetBytes === undefined ? {} : { coalesce: { targetBytes } }),
    ...(follows === undefined
      ? {}
      : { follows: integer(`${at}.follows`, follows, 0, Math.max(0, stageId - 1), code) }),
  };
}

function decodeKeptOnly(
  at: string,
  { keep, keptOnly, inputs }: Readonly<Record<string, unknown>>,
): { readonly keptOnly?: true } {
  if (keptOnly === undefined) return {};
  if (keptOnly !== true || keep === undefined) {
    invalid(`${at}.keptOnly`, "must be true, of a stage whose output is kept", code);
  }
  if (list(`${at}.inputs`, inputs, code).length > 0) {
    invalid(`${at}.inputs`, "must be none where the stage only stands for what is kept", code);
  }
  return { keptOnly: true };
}

function decodeInput(
  at: string,
  value: unknown,
  before: readonly StagePlan[],
  taskCount: number,
): ShuffleInput {
  const { stageId: from, partition, maps, span: plainSpan } = object(at, value, code);
  const span = plainSpan === undefined ? undefined : decodeSpan(`${at}.span`, plainSpan, taskCount);
  const readers = span?.tasks ?? taskCount;
  const stageId = integer(`${at}.stageId`, from, 0, Math.max(0, before.length - 1), code);
  const stage = before[stageId];
  if (stage?.output.kind !== "shuffle") {
    invalid(`${at}.stageId`, `names stage ${stageId}, which is no earlier shuffle`, code);
  }
  const { partitions } = stage.output;
  if (partition === "own") {
    if (readers > partitions) {
      invalid(at, `gives ${partitions} partitions to ${readers} tasks`, code);
    }
  } else {
    integer(`${at}.partition`, partition, 0, partitions - 1, code);
  }
  if (maps !== "all" && maps !== "own") invalid(`${at}.maps`, "must be all or own", code);
  if (maps === "own" && readers > stage.taskCount) {
    invalid(at, `gives ${stage.taskCount} map tasks to ${readers} tasks, one each`, code);
  }
  const input = { stageId, partition: partition as "own" | number, maps } as const;
  return span === undefined ? input : { ...input, span };
}

function decodeSpan(at: string, value: unknown, taskCount: number): ShuffleInput["span"] & object {
  const plain = object(at, value, code);
  const firstTask = integer(`${at}.firstTask`, plain.firstTask, 0, taskCount - 1, code);
  const tasks = integer(`${at}.tasks`, plain.tasks, 1, taskCount - firstTask, code);
  return { firstTask, tasks };
}

function decodePlacement(at: string, value: unknown, stageId: number): Placement {
  const plain = object(at, value, code);
  switch (plain.kind) {
    case "any":
    case "ring":
      return { kind: plain.kind };
    case "with": {
      if (stageId === 0) invalid(at, "names another stage, but the first has none before it", code);
      const other = integer(`${at}.stageId`, plain.stageId, 0, stageId - 1, code);
      return { kind: "with", stageId: other };
    }
    default:
      return invalid(`${at}.kind`, "must be any, ring or with", code);
  }
}

function decodeOutput(at: string, value: unknown, isLast: boolean): StageOutput {
  const plain = object(at, value, code);
  if ((plain.kind === "shuffle") === isLast) {
    invalid(`${at}.kind`, "must be shuffle on all stages but the last, and only on them", code);
  }
  switch (plain.kind) {
    case "shuffle": {
      const max = partitionsPerShuffleMax;
      return {
        kind: "shuffle",
        partitions: integer(`${at}.partitions`, plain.partitions, 1, max, code),
      };
    }
    case "result":
      return { kind: "result" };
    case "output": {
      const format = outputFormats.find((known) => known === plain.format);
      if (format === undefined) invalid(`${at}.format`, `must be one of ${outputFormats}`, code);
      return {
        kind: "output",
        format,
        folderUri: decodeFolder(`${at}.folderUri`, plain.folderUri),
      };
    }
    default:
      return invalid(`${at}.kind`, "must be shuffle, result or output", code);
  }
}

function decodeFolder(at: string, value: unknown): string {
  const folderUri = text(at, value, uriCharsMax, code);
  if (!/^[a-z][a-z0-9]*:\/\/.*\/$/s.test(folderUri) || /(^|\/)\.{1,2}\//.test(folderUri)) {
    invalid(at, "must be an absolute folder URI that ends in '/', without '.' or '..'", code);
  }
  return folderUri;
}

/** Workers look inside; here it only has to have the right parts. */
function decodeProgram(at: string, value: unknown): TaskProgram {
  const plain = object(at, value, code);
  object(`${at}.source`, plain.source, code);
  list(`${at}.operators`, plain.operators, code);
  object(`${at}.sink`, plain.sink, code);
  return plain as unknown as TaskProgram;
}

function decodeSplits(at: string, value: unknown, taskCount: number): readonly TaskSplit[] {
  const splits = list(at, value, code);
  if (splits.length !== 0 && splits.length !== taskCount) {
    invalid(at, `has ${splits.length} entries for ${taskCount} tasks`, code);
  }
  return splits.map((split, i) => {
    const plain = object(`${at}[${i}]`, split, code);
    list(`${at}[${i}].ranges`, plain.ranges, code);
    return plain as unknown as TaskSplit;
  });
}
