// A count of rows that footers of files tell: the action has its answer before a task runs.

import type { PlannedAction } from "../../proto/plan/bundle.ts";
import type { AggregateCall, NamedAggregate } from "../../proto/plan/expr.ts";
import type { Action, ColumnarReadNode, LogicalNode } from "../../proto/plan/logical.ts";
import { encodeValue } from "../../proto/plan/values.ts";

/** What stands below a step that hands on each row once, whatever it makes of it; undefined below any other. */
function sameRows(node: LogicalNode): LogicalNode | undefined {
  switch (node.kind) {
    case "select":
    case "alter":
      return node.input;
    case "orderBy":
    case "sortBy":
      return node.rowsMax === undefined ? node.input : undefined;
    default:
      return undefined;
  }
}

/** The node whose rows an action counts, by `count()` or as its only aggregates; undefined where it does something else. */
function counted({ kind, input }: Action): LogicalNode | undefined {
  if (kind === "count") return input;
  if (kind !== "collect" || input.kind !== "aggregate" || input.keys.length > 0) return undefined;
  const isCount = ({ function: name, args, distinct, filter }: AggregateCall): boolean =>
    name === "count" && args.length === 0 && !distinct && filter === undefined;
  return input.aggregates.every(({ call }) => isCount(call)) ? input.input : undefined;
}

/** The files whose rows an action counts: all rows, each once. Undefined where something else is counted. */
export function countedRead(action: Action): ColumnarReadNode | undefined {
  let node = counted(action);
  while (node !== undefined) {
    if (node.kind === "readColumns") return node.pruning === undefined ? node : undefined;
    node = sameRows(node);
  }
  return undefined;
}

/** The action without stages: its answer is recorded as if a task had given it. */
export function knownCount(
  { input }: Action,
  rows: number,
  named: Pick<PlannedAction["graph"], "actionIndex" | "planDigest" | "label">,
): PlannedAction["graph"] {
  const row = (aggregates: readonly NamedAggregate[]) =>
    Object.fromEntries(aggregates.map(({ name }) => [name, rows]));
  const answer = input.kind === "aggregate" ? [row(input.aggregates)] : rows;
  return { ...named, stages: [], answerJson: encodeValue(answer) };
}
