// From an action of a job to what the cluster runs: optimise, cut into stages, check.

import { EngineError } from "../../proto/errors.ts";
import {
  broadcastBytesMax,
  coalescedBytesTarget,
  partitionBytesMin,
  splitBytesMax,
  splitBytesMin,
  splitReadBytesAimed,
  splitsAimed,
  stageGraphBytesMax,
  wholePartitionBytesTarget,
} from "../../proto/limits.ts";
import type { InputFile, PlannedAction, PlanTargets } from "../../proto/plan/bundle.ts";
import type { SourceRequest } from "../../proto/plan/connector.ts";
import { planDigest } from "../../proto/plan/digest.ts";
import type { Action, NodeId, SourceReadNode } from "../../proto/plan/logical.ts";
import type { StageGraph } from "../../proto/plan/stage.ts";
import { actionText, logicalText, physicalText } from "../../proto/plan/text.ts";
import { analysisNote } from "./analyzed-text.ts";
import { assertStageGraph } from "./check-graph.ts";
import { type ColumnNeeds, columnNeeds } from "./column-needs.ts";
import { decideJoins, openJoins } from "./decide-joins.ts";
import { earlyGroups } from "./early-groups.ts";
import { PlanSizes } from "./estimate.ts";
import { impliedConditions } from "./implied-conditions.ts";
import { joinSmallSides } from "./join-small-sides.ts";
import { countedRead, knownCount } from "./known-count.ts";
import { KnownSchemas } from "./known-schemas.ts";
import { narrowJoins } from "./narrow-joins.ts";
import { isOfColumns } from "./of-columns.ts";
import { optimize } from "./optimize.ts";
import { orderJoins } from "./order-joins.ts";
import { Places } from "./places.ts";
import { type PlanInputs, schemaOfRead, sourceReads, sourceSchemas } from "./plan-inputs.ts";
import { settleAlters } from "./settle-alters.ts";
import { sourceRequest, withoutTaken } from "./source-stages.ts";
import { cleanupStage, planStages } from "./stages.ts";

/**
 * Some tasks for every core of a small cluster, none so small that starting it weighs, none so large that
 * losing it hurts. From the inputs alone, so that any cluster cuts them alike.
 */
export function targetsFor(files: readonly InputFile[], action: Action): PlanTargets {
  const inputBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const even = Math.ceil(inputBytes / splitsAimed);
  return {
    splitBytes: Math.min(Math.max(even, splitBytesMin), splitBytesMax),
    ...(isOfColumns(action) ? { splitReadBytes: splitReadBytesAimed } : {}),
    partitionBytes: Math.min(Math.max(even / 2, partitionBytesMin), wholePartitionBytesTarget),
    wholeBytes: wholePartitionBytesTarget,
    coalescedBytes: coalescedBytesTarget,
  };
}

export interface PlanOptions {
  /** How finely inputs are cut; from their sizes where it is not set. */
  readonly targets?: PlanTargets;
  /** Of the action as the program wrote it, where the one that is planned was made of it. */
  readonly digest?: string;
  /** Joins of which a side may be counted first; all where it is not set. */
  readonly measurable?: ReadonlySet<NodeId>;
  /** Rows of the sides of joins that were counted so far. */
  readonly measured?: readonly number[];
}

/** All of planning that no count of a side changes: most of the time goes into it, and an action may be planned again. */
export interface PreparedAction {
  readonly action: Action;
  readonly inputs: PlanInputs;
  readonly targets: PlanTargets;
  /** Over these steps joins are decided; a count of rows that footers told needs none. */
  readonly plan: NarrowedPlan | KnownRows;
}

interface NarrowedPlan {
  readonly kind: "narrowed";
  readonly narrow: Action;
  readonly needs: ColumnNeeds;
  /** Both look at each node once, and nodes never change: what they know holds for each plan of the action. */
  readonly schemas: KnownSchemas;
  readonly sizes: PlanSizes;
}

interface KnownRows {
  readonly kind: "known";
  readonly settled: Action;
  readonly rows: number;
}

export function prepareAction(
  action: Action,
  inputs: PlanInputs,
  targets: PlanTargets = targetsFor(filesRead(inputs), action),
): PreparedAction {
  const head = { action, inputs, targets };
  const schemas = new KnownSchemas(sourceSchemas(inputs));
  const settled = { ...action, input: settleAlters(action.input, schemas) };
  schemas.check(settled.input);
  const counted = countedRead(settled);
  const rows = counted && inputs.rows?.get(counted.id);
  if (rows !== undefined) return { ...head, plan: { kind: "known", settled, rows } };
  const needs = columnNeeds(settled.input, schemas);
  const sizes = new PlanSizes(inputs);
  const full = { ...settled, input: impliedConditions(settled.input, schemas) };
  const rewritten = optimize(full, { schemas, needs });
  const { broadcastBytes = broadcastBytesMax } = targets;
  const grouped = earlyGroups(rewritten.input, schemas, sizes);
  const joined = joinSmallSides(grouped, schemas, sizes, broadcastBytes);
  const ordered = { ...rewritten, input: orderJoins(joined, schemas, sizes) };
  const narrow = narrowJoins(ordered, schemas);
  return { ...head, plan: { kind: "narrowed", narrow, needs, schemas, sizes } };
}

function filesRead({ files }: PlanInputs): readonly InputFile[] {
  return [...files.values()].flat();
}

/**
 * Pure: the same action over the same inputs gives the same graph. Throws PLAN_INVALID, LIMIT_EXCEEDED.
 * Where one more side of a join has to be counted, the graph is one that makes, keeps and counts it (`measures`
 * is set); with its count the action is to be planned again.
 */
export function planAction(
  action: Action,
  actionIndex: number,
  inputs: PlanInputs,
  options: PlanOptions = {},
): PlannedAction {
  return planPrepared(prepareAction(action, inputs, options.targets), actionIndex, options);
}

/** The same of an action that was prepared; `targets` are those it was prepared for. */
export function planPrepared(
  { action, inputs, targets, plan: prepared }: PreparedAction,
  actionIndex: number,
  options: Omit<PlanOptions, "targets"> = {},
): PlannedAction {
  const { digest = planDigest(action), measured = [], measurable = openJoins(action) } = options;
  if (prepared.kind === "known") {
    const { settled, rows } = prepared;
    const head = { actionIndex, planDigest: digest, label: actionText(action) };
    const graph = knownCount(settled, rows, head);
    return { graph, keeps: new Map(), text: textsOf(action, settled, graph) };
  }
  const { narrow, needs, schemas, sizes } = prepared;
  const { broadcastBytes = broadcastBytesMax } = targets;
  const places = new Places(inputs, sizes, broadcastBytes);
  const decisions = { schemas, sizes, places, broadcastBytes, measurable, measured };
  const { plan, measure } = decideJoins(narrow, decisions);
  const decided: Action = measure === undefined ? plan : { kind: "count", input: measure };
  const optimised = withoutTaken(decided, inputs);
  const { stages, keeps } = planStages(optimised, { inputs, targets, schemas, sizes, needs });
  const planned: StageGraph = {
    actionIndex,
    planDigest: digest,
    label: measure === undefined ? actionText(action) : `sizes for ${actionText(action)}`,
    ...(measure === undefined ? {} : { measures: true }),
    stages,
    ...(measure === undefined ? lastWords(action, actionIndex) : {}),
  };
  const isAnalysis = action.kind === "analyze" && measure === undefined;
  const graph = isAnalysis ? { ...planned, note: analysisNote(planned) } : planned;
  assertStageGraph(graph);
  checkSize(graph, filesRead(inputs).length);
  return { graph, keeps, text: textsOf(action, optimised, graph) };
}

/** Made when they are asked for: most actions are never explained. */
function textsOf(action: Action, optimised: Action, graph: StageGraph): PlannedAction["text"] {
  return {
    get logical() {
      return logicalText(action);
    },
    get optimised() {
      return logicalText(optimised);
    },
    get physical() {
      return physicalText(graph);
    },
  };
}

/** What a write to a sink of others needs beside its stages. */
function lastWords(action: Action, actionIndex: number) {
  switch (action.kind) {
    case "stage":
      return { cleanup: cleanupStage(action, actionIndex) };
    case "publish":
      return { cleanup: cleanupStage(action, actionIndex), publishes: true as const };
    default:
      return {};
  }
}

/**
 * The sources of others that the plan reads, each with what it is to be asked for: the columns and conditions that
 * are left once the plan is optimised.
 */
export function sourcesToAsk(
  action: Action,
  inputs: PlanInputs,
): readonly { readonly node: SourceReadNode; readonly request: SourceRequest }[] {
  const schemas = new KnownSchemas(sourceSchemas(inputs));
  const settled = { ...action, input: settleAlters(action.input, schemas) };
  const optimised = optimize(settled, { schemas, needs: columnNeeds(settled.input, schemas) });
  return sourceReads(optimised).map((node) => ({
    node,
    request: sourceRequest(node, schemaOfRead(inputs, node)),
  }));
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
