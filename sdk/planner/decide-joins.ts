// Chooses between sending a side of a join whole and cutting both, by real sizes: what a filter or an
// aggregate leaves shows only when it ran, so such a side is made first, kept, and counted.

import { broadcastBytesMax, measuredBytesMax } from "../../proto/limits.ts";
import { inputsOf, mapPlan, planNodes, withInputs } from "../../proto/plan/inputs.ts";
import type { Action, JoinNode, LogicalNode, NodeId } from "../../proto/plan/logical.ts";
import { bytesBelow, bytesOfRows } from "./estimate.ts";
import { mayKeep, type Side } from "./join-stages.ts";
import type { KnownSchemas } from "./known-schemas.ts";
import type { PlanInputs } from "./plan-inputs.ts";

export interface Decided {
  readonly plan: Action;
  /** To be made and counted before the plan can be decided further. */
  readonly measure?: LogicalNode;
}

/** Joins of an action that may ask for a count of a side; said by its shape alone, so that replays agree. */
export function openJoins(action: Action): ReadonlySet<NodeId> {
  return new Set(
    planNodes(action.input)
      .filter(isOpen)
      .map(({ id }) => id),
  );
}

function isOpen(node: LogicalNode): node is JoinNode {
  return node.kind === "join" && node.strategy === undefined && node.on.length > 0;
}

/** Steps after which there may be far fewer rows than before. */
const shrinking = new Set<LogicalNode["kind"]>([
  "where",
  "filter",
  "aggregate",
  "distinct",
  "limit",
  "sample",
  "reduceByKey",
  "join",
  "kept",
]);

/** Nodes that are such a step, or stand above one. */
function shrunkenNodes(last: LogicalNode): ReadonlySet<LogicalNode> {
  const shrunken = new Set<LogicalNode>();
  for (const node of planNodes(last)) {
    const isOne = shrinking.has(node.kind) || inputsOf(node).some((input) => shrunken.has(input));
    if (isOne) shrunken.add(node);
  }
  return shrunken;
}

export interface JoinDecisions {
  readonly inputs: PlanInputs;
  readonly schemas: KnownSchemas;
  readonly measurable: ReadonlySet<NodeId>;
  /** Counts of the sides that were asked for so far, in order. */
  readonly measured: readonly number[];
}

/** The joins of a plan are decided from the sources up, each by the sizes that those below it have then. */
export function decideJoins(action: Action, decisions: JoinDecisions): Decided {
  const { inputs, schemas, measurable, measured } = decisions;
  if (measurable.size === 0) return { plan: action };
  const bytes = bytesBelow(action.input, inputs);
  const shrunken = shrunkenNodes(action.input);
  let asked = 0;
  let measure: LogicalNode | undefined;
  const input = mapPlan(action.input, (after, before) => {
    if (measure !== undefined || !isOpen(before) || after.kind !== "join") return after;
    if (!measurable.has(before.id)) return after;
    const side = sideToMeasure(before, bytes, shrunken);
    if (side === undefined) return after;
    const kept: LogicalNode = { kind: "cache", id: before.id, input: after[side], level: "disk" };
    const counted = measured[asked++];
    if (counted === undefined) {
      measure = kept;
      return after;
    }
    const isSmall = bytesOfRows(counted, schemas.of(before[side])) <= broadcastBytesMax;
    const strategy = !isSmall ? "shuffle" : side === "right" ? "broadcast" : "broadcastLeft";
    const sides = side === "left" ? [kept, after.right] : [after.left, kept];
    return { ...(withInputs(after, sides) as JoinNode), strategy };
  });
  const plan = { ...action, input };
  return measure === undefined ? { plan } : { plan, measure };
}

/** The side that could be sent whole if it is small, where its files alone do not say that it is. */
function sideToMeasure(
  node: JoinNode,
  bytes: ReadonlyMap<LogicalNode, number>,
  shrunken: ReadonlySet<LogicalNode>,
): Side | undefined {
  const of = (side: Side) => bytes.get(node[side])!;
  const sides = (["right", "left"] as const).filter((side) => mayKeep(node, side));
  if (sides.some((side) => of(side) <= broadcastBytesMax)) return undefined;
  const [best] = sides
    .filter((side) => of(side) <= measuredBytesMax && shrunken.has(node[side]))
    .sort((a, b) => of(a) - of(b));
  return best;
}
