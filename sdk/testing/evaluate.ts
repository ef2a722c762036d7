// Runs a logical plan by plain loops over rows: what a plan means, what tests of jobs run on, and the oracle
// of the engine. Each family of steps has its file in `steps`; none shares code with the engine.

import { EngineError, unreachable } from "../../proto/errors.ts";
import { inputsOf, planNodes } from "../../proto/plan/inputs.ts";
import type { ColumnarReadNode, LogicalNode, RowReadNode } from "../../proto/plan/logical.ts";
import { int53Type } from "../../proto/plan/types.ts";
import { decodeValue } from "../../proto/plan/values.ts";
import { columnStep } from "./steps/columns.ts";
import { joinStep } from "./steps/joins.ts";
import { cogroupStep, joinByKeyStep, keyedStep } from "./steps/keyed.ts";
import { readSourceStep } from "./steps/own-sources.ts";
import { closureStep, conformed, mapAsyncStep } from "./steps/rows.ts";
import { setStep, unionStep } from "./steps/sets.ts";
import { limitStep, orderByStep } from "./steps/sorts.ts";
import { type ClosureOf, plain, rowsOf, type Table, typed } from "./steps/table.ts";

/** Nodes that read files. */
export type SourceNode = RowReadNode | ColumnarReadNode;

export interface PlanInputs {
  /** All rows of a source, in the order of its files. */
  tableOf(source: SourceNode): Table;
  /** The user's function of a node. */
  readonly closure: ClosureOf;
}

/** The rows of a plan, in order where the plan has one. Not for plans with `mapAsync` or sources of others. */
export function evaluate(last: LogicalNode, inputs: PlanInputs): readonly unknown[] {
  const tables = new Map<LogicalNode, Table>();
  for (const node of planNodes(last, madeOf)) {
    tables.set(node, evaluateNode(node, below(node, tables), inputs));
  }
  return rowsOf(tables.get(last)!);
}

/** The same for any plan. */
export async function evaluateAsync(last: LogicalNode, inputs: PlanInputs): Promise<Table> {
  const tables = new Map<LogicalNode, Table>();
  for (const node of planNodes(last, madeOf)) {
    const tablesBelow = below(node, tables);
    tables.set(node, await evaluateLater(node, tablesBelow, inputs));
  }
  return tables.get(last)!;
}

/** Nothing is kept here: what earlier actions made is made again. */
function madeOf(node: LogicalNode): readonly LogicalNode[] {
  return node.kind === "kept" ? [node.cache] : inputsOf(node);
}

async function evaluateLater(
  node: LogicalNode,
  tables: readonly Table[],
  inputs: PlanInputs,
): Promise<Table> {
  switch (node.kind) {
    case "mapAsync":
      return await mapAsyncStep(node, tables[0]!, inputs.closure);
    case "readSource":
      return await readSourceStep(node, inputs.closure);
    default:
      return evaluateNode(node, tables, inputs);
  }
}

function below(node: LogicalNode, tables: ReadonlyMap<LogicalNode, Table>): readonly Table[] {
  return madeOf(node).map((input) => tables.get(input)!);
}

/** Errors of the plan name the step, as the planner's do. */
function evaluateNode(node: LogicalNode, tables: readonly Table[], inputs: PlanInputs): Table {
  try {
    return step(node, tables, inputs);
  } catch (thrown) {
    if (!(thrown instanceof EngineError) || thrown.code !== "PLAN_INVALID") throw thrown;
    throw new EngineError("PLAN_INVALID", `${node.kind}#${node.id}: ${thrown.message}`, {}, thrown);
  }
}

function step(node: LogicalNode, tables: readonly Table[], inputs: PlanInputs): Table {
  const [table, other] = tables as readonly [Table, Table];
  switch (node.kind) {
    case "readText":
    case "readNdjson":
    case "readCsv":
    case "readCheckpoint":
    case "readColumns":
      return inputs.tableOf(node);
    case "readSource":
      throw new EngineError("INTERNAL", `${node.name} is read asynchronously`);
    case "values": {
      const rows = plain(decodeValue(node.rowsJson) as readonly unknown[]);
      return node.schema === undefined ? rows : conformed(rows, node.schema);
    }
    case "range": {
      const { start, end, step: by } = node;
      const count = Math.max(Math.ceil((end - start) / by), 0);
      const rows = Array.from({ length: count }, (_, index) => ({ value: start + index * by }));
      const fields = [{ name: "value", type: int53Type, nullable: false }];
      return typed({ fields }, rows, "scalar");
    }
    case "map":
    case "flatMap":
    case "filter":
    case "mapPartitions":
    case "mapBatches":
    case "mapAsync":
    case "conform":
      return closureStep(node, table, inputs.closure);
    case "countByValue":
    case "reduceByKey":
    case "aggregateByKey":
    case "groupByKey":
    case "repartition":
      return keyedStep(node, table, inputs.closure);
    case "select":
    case "alter":
    case "where":
    case "aggregate":
    case "sortBy":
    case "distinct":
    case "window":
    case "explode":
    case "sample":
      return columnStep(node, table);
    case "join":
      return joinStep(node, table, other);
    case "union":
      return unionStep(tables);
    case "intersect":
    case "except":
      return setStep(node, table, other);
    case "cogroup":
      return cogroupStep(table, other);
    case "joinByKey":
      return joinByKeyStep(node, table, other);
    case "orderBy":
      return orderByStep(node, table, inputs.closure);
    case "limit":
      return limitStep(node, table);
    case "cache":
    case "kept":
      return table;
    default:
      return unreachable(node);
  }
}
