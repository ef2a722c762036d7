// Sides of joins by one key are joined to each other first: `(facts ⋈ a) ⋈ b`, where a column of the facts is joined to a
// column of both, becomes `facts ⋈ (a ⋈ b)`. Where few rows of `a` are left, few of `b` are then kept, and the facts are
// looked up once for both.

import type { Expr } from "../../proto/plan/expr.ts";
import { typeOfExpr } from "../../proto/plan/expr-type.ts";
import { mapPlan, planNodes, withInputs } from "../../proto/plan/inputs.ts";
import type { JoinKey, JoinNode, LogicalNode } from "../../proto/plan/logical.ts";
import { namesIn, type Schema, sameType } from "../../proto/plan/types.ts";
import { readsOnly } from "../rules/conjuncts.ts";
import { readersOf } from "../rules/rule.ts";
import type { PlanSizes } from "./estimate.ts";
import type { KnownSchemas } from "./known-schemas.ts";
import { isPlainJoin, namesApart, sameColumns } from "./plain-joins.ts";

/** Of the rows of `a`, those at most that are left. */
const fewShare = 0.25;
/** Of what may be sent whole, the part of `b` that takes no time to send. */
const smallShare = 0.25;

interface Joining {
  readonly schemas: KnownSchemas;
  readonly sizes: PlanSizes;
  /** Of a side that is sent whole, as files have them. */
  readonly broadcastBytes: number;
  /** Nodes that several read: what is put into them would be done for one of these alone. */
  readonly shared: ReadonlySet<LogicalNode>;
}

/** The column of the right side that an earlier join found equal to this one of the left, of the same type. */
function equalOf(expr: Expr, { on }: JoinNode, left: Schema, right: Schema): Expr | undefined {
  if (expr.kind !== "column") return undefined;
  const key = on.find((each) => each.left.kind === "column" && each.left.name === expr.name);
  if (key?.right.kind !== "column") return undefined;
  // Values of two types may equal one of a third without being equal to each other.
  return sameType(typeOfExpr(expr, left), typeOfExpr(key.right, right)) ? key.right : undefined;
}

/** The later join's keys: between `a` and `b`, and between the facts and `b`; undefined where one is of neither. */
function dividedKeys(
  later: JoinNode,
  earlier: JoinNode,
  schemas: readonly [Schema, Schema, Schema],
) {
  const [facts, a, b] = schemas;
  const [between, ofFacts]: [JoinKey[], JoinKey[]] = [[], []];
  for (const key of later.on) {
    const left = equalOf(key.left, earlier, facts, a);
    if (left !== undefined && sameType(typeOfExpr(left, a), typeOfExpr(key.right, b))) {
      between.push({ left, right: key.right });
    } else if (readsOnly(key.left, namesIn(facts))) ofFacts.push(key);
    else if (readsOnly(key.left, namesIn(a))) between.push(key);
    else return undefined;
  }
  return { between, ofFacts };
}

/** The later join within an earlier one; undefined where that is of no use. */
function within(later: JoinNode, earlier: JoinNode, joining: Joining): JoinNode | undefined {
  const { schemas, sizes, broadcastBytes } = joining;
  const sides = [earlier.left, earlier.right, later.right].map((side) => schemas.of(side));
  const [facts, a, b] = sides;
  if (facts === undefined || a === undefined || b === undefined) return undefined;
  if (!namesApart([facts, a, b])) return undefined;
  const [few, many] = [sizes.of(earlier.right), sizes.of(later.right)];
  if (few.share > fewShare || many.share <= few.share || many.most <= smallShare * broadcastBytes)
    return undefined;
  const keys = dividedKeys(later, earlier, [facts, a, b]);
  if (keys === undefined || keys.between.length === 0) return undefined;
  const both: JoinNode = { ...later, left: earlier.right, on: keys.between };
  return { ...earlier, right: both, on: [...earlier.on, ...keys.ofFacts] };
}

/** The join put into one of those below it on the left; undefined where there is none that it fits into. */
function lowered(later: JoinNode, joining: Joining): LogicalNode | undefined {
  const { schemas, shared } = joining;
  const before = schemas.of(later);
  if (before === undefined || later.type !== "inner") return undefined;
  const passed: JoinNode[] = [];
  for (let at = later.left; isPlainJoin(at) && at.type === "inner"; at = at.left) {
    if (shared.has(at)) return undefined;
    const joined = within(later, at, joining);
    if (joined !== undefined) {
      const top = passed.reduceRight<LogicalNode>(
        (left, join) => withInputs(join, [left, join.right]),
        joined,
      );
      return inOrder(top, before, later.id, schemas);
    }
    passed.push(at);
  }
  return undefined;
}

/** With the columns in the order that they had; undefined where they are others. */
function inOrder(node: LogicalNode, before: Schema, id: number, schemas: KnownSchemas) {
  const columns = before.fields.map(({ name }) => {
    const expr: Expr = { kind: "column", name };
    return { name, expr };
  });
  const ordered: LogicalNode = { kind: "select", id, input: node, columns };
  const [own, after] = [schemas.of(node), schemas.of(ordered)];
  if (own !== undefined && sameColumns(own, before)) return node;
  return after !== undefined && sameColumns(after, before) ? ordered : undefined;
}

/** Inner joins without hints. The columns, and the rows, stay the same. */
export function joinSmallSides(
  last: LogicalNode,
  schemas: KnownSchemas,
  sizes: PlanSizes,
  broadcastBytes: number,
): LogicalNode {
  if (planNodes(last).filter(({ kind }) => kind === "join").length < 2) return last;
  const readers = readersOf(last);
  const shared = new Set<LogicalNode>();
  return mapPlan(last, (node, before) => {
    // From the sources up: a plan may be deeper than calls can nest.
    sizes.of(node);
    schemas.of(node);
    const joining = { schemas, sizes, broadcastBytes, shared };
    const joined = (isPlainJoin(node) ? lowered(node, joining) : undefined) ?? node;
    if ((readers.get(before) ?? 0) > 1) shared.add(joined);
    return joined;
  });
}
