// A count of rows that footers of files tell: the action has its answer before a task runs.

import type { PlannedAction } from "../../proto/plan/bundle.ts";
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

/** The files whose rows an action counts: all rows, each once. Undefined where something else is counted. */
export function countedRead({ kind, input }: Action): ColumnarReadNode | undefined {
  if (kind !== "count") return undefined;
  let node = input;
  for (let below = sameRows(node); below !== undefined; below = sameRows(node)) node = below;
  return node.kind === "readColumns" && node.pruning === undefined ? node : undefined;
}

/** The action without stages: its answer is recorded as if a task had given it. */
export function knownCount(
  rows: number,
  named: Pick<PlannedAction["graph"], "actionIndex" | "planDigest" | "label">,
): PlannedAction["graph"] {
  return { ...named, stages: [], answerJson: encodeValue(rows) };
}
