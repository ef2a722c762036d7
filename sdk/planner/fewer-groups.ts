// Groups that a join drops are not made. Where one side of a join is small, and the other is grouped by keys of the
// join, rows whose keys the small side does not have are left out before they are grouped: a semi join below it.

import type { Expr } from "../../proto/plan/expr.ts";
import { planNodes } from "../../proto/plan/inputs.ts";
import type { JoinKey, JoinNode, LogicalNode } from "../../proto/plan/logical.ts";
import { readsOnly, substitute } from "../rules/conjuncts.ts";
import type { Side } from "./join-stages.ts";

/** Keys of a join: of the grouped side as they are called on the way down, and of the small one. */
interface Key {
  readonly own: Expr;
  readonly small: Expr;
}

/** Keys in the columns that they are made of, of which there may be none. */
function keysBelow(keys: readonly Key[], made: ReadonlyMap<string, Expr>): readonly Key[] {
  const names = new Set(made.keys());
  return keys
    .filter(({ own }) => readsOnly(own, names))
    .map(({ own, small }) => ({ own: substitute(own, made), small }));
}

const asMade = (columns: readonly { readonly name: string; readonly expr: Expr }[]) =>
  new Map(columns.map(({ name, expr }) => [name, expr]));

type Below = (input: LogicalNode, keys: readonly Key[]) => LogicalNode | undefined;

/** The side with something put below its groups; undefined where it has none by these keys. */
function belowGroups(
  side: LogicalNode,
  keys: readonly Key[],
  below: Below,
): LogicalNode | undefined {
  switch (side.kind) {
    case "where":
    case "select": {
      const own = side.kind === "where" ? keys : keysBelow(keys, asMade(side.columns));
      const input = belowGroups(side.input, own, below);
      return input && { ...side, input };
    }
    case "aggregate": {
      const input = below(side.input, keysBelow(keys, asMade(side.keys)));
      return input && { ...side, input };
    }
    case "distinct": {
      // The first row of those with equal columns stays the first where all of them stay.
      const names = side.on && new Set(side.on);
      const own = keys.filter(({ own }) => names === undefined || readsOnly(own, names));
      const input = below(side.input, own);
      return input && { ...side, input };
    }
    default:
      return undefined;
  }
}

/** Rows of a side without a partner must not come out. */
function mayLack(node: JoinNode, side: Side): boolean {
  return node.type === "inner" || (node.type === "semi" && side === "left");
}

/** The join with fewer groups on the side that is not the `small` one; the same where that does not have any. */
export function withFewerGroups(node: JoinNode, small: Side): JoinNode {
  const side = small === "left" ? "right" : "left";
  if (!mayLack(node, side)) return node;
  const keys = node.on.map((key) => ({ own: key[side], small: key[small] }));
  const fewer = belowGroups(node[side], keys, (input, own) => {
    if (own.length === 0) return undefined;
    const on = own.map((key): JoinKey => ({ left: key.own, right: key.small }));
    return {
      ...{ kind: "join", id: node.id, type: "semi", rightNames: [], strategy: "broadcast" },
      ...{ left: input, right: node[small], on },
    };
  });
  return fewer === undefined ? node : { ...node, [side]: fewer };
}

/** Steps after which there are other rows than before. */
const making = new Set<LogicalNode["kind"]>(["join", "aggregate", "distinct"]);

/**
 * Whether groups of a side are made for this join alone, and not of rows that the small side was made of: those have
 * its keys already.
 */
export function areGroupsOwn(
  side: LogicalNode,
  small: LogicalNode,
  readers: ReadonlyMap<LogicalNode, number>,
): boolean {
  let last = side;
  while (readers.get(last) === 1 && (last.kind === "where" || last.kind === "select")) {
    last = last.input;
  }
  if (readers.get(last) !== 1) return false;
  const made = new Set(planNodes(small).filter(({ kind }) => making.has(kind)));
  return planNodes(last).every((node) => !made.has(node));
}
