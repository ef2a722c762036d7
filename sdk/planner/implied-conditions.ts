// What an alternative of conditions says of each side of a join: of `(a1 and b1) or (a2 and b2)`, where the a are about
// the left side and the b about the right one, `a1 or a2` and `b1 or b2` follow. They are added to it, so that rows of
// which none can be true are dropped before they are joined.

import type { Expr } from "../../proto/plan/expr.ts";
import { columnsOf } from "../../proto/plan/expr.ts";
import { mapPlan, planNodes } from "../../proto/plan/inputs.ts";
import type { JoinNode, LogicalNode } from "../../proto/plan/logical.ts";
import { namesIn, type Schema } from "../../proto/plan/types.ts";
import { allOf, conjunctsOf, readsOnly } from "../rules/conjuncts.ts";
import { foldCast } from "../rules/fold-cast.ts";
import { readersOf } from "../rules/rule.ts";
import type { KnownSchemas } from "./known-schemas.ts";

/** Functions that answer for all values: parts of another kind may rely on those before them to hold. */
const safe = new Set([
  ...["eq", "ne", "lt", "le", "gt", "ge", "isIn", "isNull", "isNotNull"],
  ...["and", "or", "not", "startsWith", "endsWith", "contains", "like"],
]);

function neverFails(expr: Expr): boolean {
  if (expr.kind === "column" || expr.kind === "literal") return true;
  if (expr.kind === "cast") {
    return expr.input.kind === "literal" && foldCast(expr.input, expr.to) !== undefined;
  }
  return expr.kind === "call" && safe.has(expr.name) && expr.args.every(neverFails);
}

function alternativesOf(expr: Expr): readonly Expr[] {
  if (expr.kind !== "call" || expr.name !== "or") return [expr];
  return expr.args.flatMap(alternativesOf);
}

/** What follows from a condition for some columns; undefined where an alternative says nothing of them. */
function impliedOf(condition: Expr, names: ReadonlySet<string>): Expr | undefined {
  const alternatives = alternativesOf(condition);
  // As a whole it goes to its side by itself.
  if (alternatives.length < 2 || readsOnly(condition, names)) return undefined;
  const isOfThem = (part: Expr) =>
    columnsOf(part).size > 0 && readsOnly(part, names) && neverFails(part);
  const parts = alternatives.map((each) => allOf(conjunctsOf(each).filter(isOfThem)));
  const known = parts.filter((part) => part !== undefined);
  if (known.length < parts.length) return undefined;
  return known.reduce((left, right) => ({ kind: "call", name: "or", args: [left, right] }));
}

/** Names of a join's columns by the sides to which conditions on them may go. */
function sidesOf(node: JoinNode, left: Schema, right: Schema): readonly ReadonlySet<string>[] {
  const ofLeft = namesIn(left);
  const made = right.fields.map(
    ({ name }) => node.rightNames.find(({ from }) => from === name)?.to ?? name,
  );
  const ofRight = new Set(made.filter((name) => !ofLeft.has(name)));
  const isBoth = node.type === "inner" || node.type === "cross";
  return [
    ...(isBoth || node.type === "left" ? [ofLeft] : []),
    ...(isBoth || node.type === "right" ? [ofRight] : []),
  ];
}

/** To be done once, since what was added and has gone down would be added again. */
export function impliedConditions(last: LogicalNode, schemas: KnownSchemas): LogicalNode {
  const nodes = planNodes(last);
  if (nodes.every((node) => node.kind !== "where" || node.input.kind !== "join")) return last;
  const readers = readersOf(last);
  schemas.check(last);
  return mapPlan(last, (node, before) => {
    if (node.kind !== "where" || before.kind !== "where" || before.input.kind !== "join")
      return node;
    const join = before.input;
    const [left, right] = [schemas.of(join.left), schemas.of(join.right)];
    if ((readers.get(join) ?? 0) > 1 || left === undefined || right === undefined) return node;
    const parts = conjunctsOf(node.predicate);
    const implied = sidesOf(join, left, right).flatMap((names) =>
      parts.flatMap((part) => impliedOf(part, names) ?? []),
    );
    return implied.length === 0 ? node : { ...node, predicate: allOf([...parts, ...implied])! };
  });
}
