// Ways through the engine that few programs take: which of them one took, so that a run can say how often it was.

import { columnsOf, type Expr } from "../../../proto/plan/expr.ts";
import { planNodes } from "../../../proto/plan/inputs.ts";
import type { JoinNode, LogicalNode } from "../../../proto/plan/logical.ts";
import type { OperatorProgram, TaskProgram } from "../../../proto/plan/program.ts";
import type { StageGraph, StagePlan } from "../../../proto/plan/stage.ts";
import { evaluateAsync } from "../../../sdk/testing/evaluate.ts";
import { rowsOf } from "../../../sdk/testing/steps/table.ts";
import { joinKeyTests } from "../../../worker/operators/joining/key-tests.ts";
import type { Planned } from "./run-program.ts";

export const ways = [
  "a join leaves out rows of a scan",
  "rows are wanted by their number in a window",
  "an anti join meets nulls on both sides",
  "files hold groups together",
  "both sides of a join stay in their tasks",
] as const;
export type Way = (typeof ways)[number];

const wholeKinds: readonly string[] = ["int32", "int53", "int64"];

/** Whether the join asks a column of whole numbers, with nothing between it and the scan but conditions. */
function asksKeys(program: TaskProgram): boolean {
  const { source, operators } = program;
  if (source.kind !== "columns" || source.format !== "parquet") return false;
  if (source.options.partitionColumns === true) return false;
  const join = operators.find((operator: OperatorProgram) => operator.kind !== "where");
  if (join?.kind !== "join") return false;
  return joinKeyTests(join, [], () => undefined).some(({ column }) =>
    source.options.schema.fields.some(
      ({ name, type }) => name === column && wholeKinds.includes(type.kind),
    ),
  );
}

/** Whether tasks of a scan make groups of which the others have no rows. */
function makesWholeGroups({ taskCount, program }: StagePlan): boolean {
  const { source, operators } = program;
  const isWhole = (operator: OperatorProgram): boolean =>
    operator.kind === "aggregate" && operator.keys.length > 0 && operator.phase === "whole";
  return taskCount > 1 && source.kind === "columns" && operators.some(isWhole);
}

/** Whether tasks of a scan join rows that the same-numbered tasks of another stage kept. */
function joinsInPlace({ program, inputs }: StagePlan): boolean {
  const { source, operators } = program;
  if (source.kind !== "columns") return false;
  return operators.some(
    (operator: OperatorProgram) =>
      operator.kind === "join" &&
      inputs.some(({ stageId, maps }) => stageId === operator.build.stageId && maps === "own"),
  );
}

const numbers: readonly string[] = ["rowNumber", "rank", "denseRank"];

function wantsByNumber(node: LogicalNode): boolean {
  if (node.kind !== "where" || node.input.kind !== "window") return false;
  const asked = columnsOf(node.predicate);
  return node.input.windows.some(
    ({ name, call }) => numbers.includes(call.function) && asked.has(name),
  );
}

async function hasNulls(side: LogicalNode, keys: readonly Expr[], { inputs }: Planned) {
  const columns = keys.map((expr, at) => ({ name: String(at), expr }));
  const keyed: LogicalNode = { kind: "select", id: side.id, input: side, columns };
  const rows = rowsOf(await evaluateAsync(keyed, inputs));
  return rows.some((row) => Object.values(row as object).includes(null));
}

async function meetsNulls(node: JoinNode, planned: Planned): Promise<boolean> {
  if (node.type !== "anti" || node.on.length === 0) return false;
  const left = node.on.map((key) => key.left);
  const right = node.on.map((key) => key.right);
  return (await hasNulls(node.left, left, planned)) && (await hasNulls(node.right, right, planned));
}

/** `graphs`: those that the program was planned as. */
export async function waysOf(
  planned: Planned,
  graphs: readonly StageGraph[],
): Promise<ReadonlySet<Way>> {
  const taken = new Set<Way>();
  const [keys, byNumber, nulls, together, inPlace] = ways;
  const stages = graphs.flatMap((graph) => graph.stages);
  if (stages.some(({ program }) => asksKeys(program))) taken.add(keys);
  if (stages.some(makesWholeGroups)) taken.add(together);
  if (stages.some(joinsInPlace)) taken.add(inPlace);
  const nodes = planNodes(planned.action.input);
  if (nodes.some(wantsByNumber)) taken.add(byNumber);
  for (const node of nodes) {
    if (node.kind === "join" && (await meetsNulls(node, planned))) taken.add(nulls);
  }
  return taken;
}
