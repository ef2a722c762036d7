// A table that is joined to a small side of an earlier join is joined to it before: `(facts ⋈ shops) ⋈ towns` by a
// column of the shops becomes `facts ⋈ (shops ⋈ towns)`. The side that is kept has fewer rows then, and the facts are
// looked up, and picked, once.

import { broadcastBytesMax } from "../../proto/limits.ts";
import { mapPlan, planNodes } from "../../proto/plan/inputs.ts";
import type { JoinNode, LogicalNode } from "../../proto/plan/logical.ts";
import type { Schema } from "../../proto/plan/types.ts";
import { readsOnly } from "../rules/conjuncts.ts";
import { readersOf } from "../rules/rule.ts";
import type { PlanSizes } from "./estimate.ts";
import type { KnownSchemas } from "./known-schemas.ts";
import { isPlainJoin, sameColumns } from "./plain-joins.ts";

/** A join may go below one that is not much larger than what is sent whole anyway. */
const besideBytesMax = broadcastBytesMax / 4;

/** Columns of the right side that are not the left's: names that both are joined by are those of the left. */
function ownOfRight(left: Schema, right: Schema): ReadonlySet<string> {
  const names = new Set(right.fields.map(({ name }) => name));
  for (const { name } of left.fields) names.delete(name);
  return names;
}

interface Ordering {
  readonly schemas: KnownSchemas;
  readonly sizes: PlanSizes;
  /** Nodes that several read: what is put into them would be done for one of these alone. */
  readonly shared: Set<LogicalNode>;
}

function lowered(outer: JoinNode, ordering: Ordering): JoinNode | undefined {
  const { schemas, sizes, shared } = ordering;
  const inner = outer.left;
  if (shared.has(inner) || !isPlainJoin(outer) || !isPlainJoin(inner)) return undefined;
  if (inner.type !== "inner" || !["inner", "semi"].includes(outer.type)) return undefined;
  const [left, right] = [schemas.of(inner.left), schemas.of(inner.right)];
  const before = schemas.of(outer);
  if (left === undefined || right === undefined || before === undefined) return undefined;
  const own = ownOfRight(left, right);
  if (!outer.on.every((key) => readsOnly(key.left, own))) return undefined;
  const [facts, side] = [sizes.of(inner.left), sizes.of(inner.right)];
  if (side.likely > facts.likely && side.most > besideBytesMax) return undefined;
  const below: JoinNode = { ...outer, left: inner.right };
  const after: JoinNode = { ...inner, right: lowered(below, ordering) ?? below };
  const schema = schemas.of(after);
  return schema !== undefined && sameColumns(before, schema) ? after : undefined;
}

/** Inner joins, and semi joins over them, without hints. The columns, and the rows, stay the same. */
export function orderJoins(
  last: LogicalNode,
  schemas: KnownSchemas,
  sizes: PlanSizes,
): LogicalNode {
  const nodes = planNodes(last);
  if (nodes.filter(({ kind }) => kind === "join").length < 2) return last;
  const readers = readersOf(last);
  const shared = new Set<LogicalNode>();
  return mapPlan(last, (node, before) => {
    const isJoin = node.kind === "join";
    const ordered = (isJoin ? lowered(node, { schemas, sizes, shared }) : undefined) ?? node;
    // From the sources up: a plan may be deeper than calls can nest.
    sizes.of(ordered);
    schemas.of(ordered);
    if ((readers.get(before) ?? 0) > 1) shared.add(ordered);
    return ordered;
  });
}
