// Stages in which rows with equal columns must meet: aggregates, distinct rows, windows.

import { oneTaskGroupsBytesMax } from "../../proto/limits.ts";
import type { Expr, NamedWindow } from "../../proto/plan/expr.ts";
import { exprText } from "../../proto/plan/expr-text.ts";
import type { ColumnNode } from "../../proto/plan/logical.ts";
import { addOperator, gather, type OpenStage, openShuffle, sealShuffle } from "./open-stage.ts";
import { areFew, type Planning, partitionCount } from "./stages.ts";
import { areTogether, togetherBehind, togetherBy } from "./together.ts";

type Node<Kind extends ColumnNode["kind"]> = Extract<ColumnNode, { readonly kind: Kind }>;

/** Rows with equal keys in one task; all rows where there are no keys. */
export function meet(
  planning: Planning,
  open: OpenStage,
  node: ColumnNode,
  keys: readonly Expr[] | "all",
): OpenStage {
  if (open.taskCount === 1) return open;
  if (keys.length === 0) return gather(planning.stages, open, node.id, [node.kind]);
  if (keys !== "all" && areTogether(open, keys)) return open;
  const { partitionBytes, coalescedBytes } = planning.targets;
  const partitions = partitionCount(open.bytesBelow, partitionBytes);
  const isOneTask = mayBeWrong(planning, node) && areFew(planning, node, coalescedBytes);
  if (partitions === 1 || isOneTask) return gather(planning.stages, open, node.id, [node.kind]);
  const byHash = { kind: "hashColumns", keys, partitions } as const;
  const from = sealShuffle(planning.stages, open, byHash, partitions);
  const met = openShuffle(from, node.id, partitions, [node.kind], open.bytesBelow);
  return { ...met, together: keys === "all" ? undefined : togetherBy(keys) };
}

/**
 * Whether one task may be given groups that likely are few, which the run would read together in any case, and steps behind
 * them then need no stages of their own. Should they be many after all, a sort would have brought them to one task, and
 * others are no more than it gets through soon.
 */
function mayBeWrong({ sorted, sizes }: Planning, node: ColumnNode): boolean {
  if (sorted.has(node)) return true;
  return node.kind !== "window" && sizes.of(node).most <= oneTaskGroupsBytesMax;
}

export function addAggregate(
  planning: Planning,
  open: OpenStage,
  node: Node<"aggregate">,
): OpenStage {
  const { kind, id, keys, aggregates } = node;
  const aggregate = { kind, node: id, keys, aggregates } as const;
  const isWhole =
    keys.length === 0
      ? open.taskCount === 1
      : areTogether(
          open,
          keys.map(({ expr }) => expr),
        );
  const together = togetherBehind(node, open.together);
  if (isWhole) return { ...addOperator(open, { ...aggregate, phase: "whole" }, kind), together };
  const partial = addOperator(open, { ...aggregate, phase: "partial" }, kind);
  const named = keys.map(({ name }) => ({ name, expr: { kind: "column", name } as const }));
  const met = meet(
    planning,
    partial,
    node,
    named.map(({ expr }) => expr),
  );
  const final = addOperator(met, { ...aggregate, keys: named, phase: "final" });
  return { ...final, together: met.together };
}

export function addDistinct(
  planning: Planning,
  open: OpenStage,
  node: Node<"distinct">,
): OpenStage {
  const { kind, id, on } = node;
  const distinct = { kind, node: id, ...(on === undefined ? {} : { on }) } as const;
  const keys = on?.map((name) => ({ kind: "column", name }) as const) ?? "all";
  if (open.taskCount === 1 || (keys !== "all" && areTogether(open, keys))) {
    return { ...addOperator(open, distinct, kind), together: open.together };
  }
  const partial = addOperator(open, { ...distinct, isPartial: true }, kind);
  const met = meet(planning, partial, node, keys);
  return { ...addOperator(met, distinct), together: met.together };
}

/** The stage without most of the rows that the limit of the windows does not want. */
function withRankLimit(open: OpenStage, { id, windows, limit }: Node<"window">): OpenStage {
  if (limit === undefined) return open;
  const { partitionBy, orderBy } = windows[0]!.call;
  const operator = { kind: "rankLimit", node: id, partitionBy, orderBy, limit } as const;
  return { ...addOperator(open, operator, operator.kind), together: open.together };
}

/** Windows over the same groups share a shuffle; others follow one after the other. */
export function addWindows(planning: Planning, open: OpenStage, node: Node<"window">): OpenStage {
  const groups = new Map<string, NamedWindow[]>();
  for (const window of node.windows) {
    const text = window.call.partitionBy.map(exprText).join(", ");
    groups.set(text, [...(groups.get(text) ?? []), window]);
  }
  let current = open;
  for (const windows of groups.values()) {
    const { partitionBy } = windows[0]!.call;
    const fewer = withRankLimit(current, node);
    const met = meet(planning, fewer, node, partitionBy);
    // Each of the tasks before had first rows of its own.
    const all = met === fewer ? met : withRankLimit(met, node);
    // The name is in the label already where a shuffle began the stage.
    const name = met === fewer ? node.kind : undefined;
    const computed = addOperator(all, { kind: "window", node: node.id, windows }, name);
    current = { ...computed, together: met.together };
  }
  return current;
}
