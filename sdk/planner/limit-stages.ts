// Stages of a limit: each task takes its first rows, one task or the driver the first of all.

import type { LogicalNode } from "../../proto/plan/logical.ts";
import { addOperator, gather, type OpenStage } from "./open-stage.ts";
import type { Planning } from "./stages.ts";

/** A collected limit ends in the driver; elsewhere one task takes the first rows in task order. */
export function addLimit(
  planning: Planning,
  open: OpenStage,
  node: Extract<LogicalNode, { kind: "limit" }>,
): OpenStage {
  const { id, rows, offset } = node;
  const name = `limit ${rows}`;
  const whole = {
    kind: "limit",
    node: id,
    rows,
    ...(offset === undefined ? {} : { offset }),
  } as const;
  if (open.taskCount === 1) return addOperator(open, whole, name);
  const partial = { kind: "limit", node: id, rows: rows + (offset ?? 0) } as const;
  const limited = addOperator(open, partial, name);
  if (planning.collected === node && offset === undefined) return limited;
  return addOperator(gather(planning.stages, limited, id, [name]), whole);
}
