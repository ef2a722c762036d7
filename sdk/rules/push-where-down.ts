// Conditions go towards the sources, part by part: what is dropped early is not carried, sorted or shuffled.

import { assert } from "../../proto/errors.ts";
import type { Expr, NamedWindow } from "../../proto/plan/expr.ts";
import { withInputs } from "../../proto/plan/inputs.ts";
import type { JoinNode, LogicalNode } from "../../proto/plan/logical.ts";
import { namesIn } from "../../proto/plan/types.ts";
import { allOf, conjunctsOf, readsOnly, substitute } from "./conjuncts.ts";
import type { NodeRule, RuleContext } from "./rule.ts";

type Where = Extract<LogicalNode, { readonly kind: "where" }>;

/** The parts that may be checked on the inputs of the node below, in the columns of these inputs. */
interface Pushed {
  /** By input, left before right. */
  readonly below: readonly (readonly Expr[])[];
  readonly kept: readonly Expr[];
}

function split(conjuncts: readonly Expr[], goes: (part: Expr) => boolean): Pushed {
  return {
    below: [conjuncts.filter(goes)],
    kept: conjuncts.filter((part) => !goes(part)),
  };
}

function pushed(
  node: LogicalNode,
  parts: readonly Expr[],
  context: RuleContext,
): Pushed | undefined {
  switch (node.kind) {
    case "select": {
      const made = new Map(node.columns.map(({ name, expr }) => [name, expr]));
      return { below: [parts.map((part) => substitute(part, made))], kept: [] };
    }
    case "sortBy":
    case "orderBy":
      return node.rowsMax === undefined ? { below: [parts], kept: [] } : undefined;
    case "repartition":
      return { below: [parts], kept: [] };
    case "distinct": {
      // With `on` another row of the same columns could become the first.
      const names = node.on && new Set(node.on);
      return split(parts, (part) => names === undefined || readsOnly(part, names));
    }
    case "aggregate": {
      const made = new Map(node.keys.map(({ name, expr }) => [name, expr]));
      const names = new Set(made.keys());
      // Without keys there is a row even of no input.
      if (names.size === 0) return undefined;
      const { below, kept } = split(parts, (part) => readsOnly(part, names));
      return { below: [below[0]!.map((part) => substitute(part, made))], kept };
    }
    // Whole partitions are dropped, or none of their rows.
    case "window":
      return split(parts, (part) => readsOnly(part, partitionColumns(node.windows)));
    case "explode": {
      const schema = context.schemaOf(node);
      const names = new Set(schema?.fields.map(({ name }) => name));
      names.delete(node.column);
      return split(parts, (part) => readsOnly(part, names));
    }
    case "union": {
      const all = node.inputs.map(() => parts);
      return { below: all, kept: [] };
    }
    case "join":
      return pushedIntoJoin(node, parts, context);
    default:
      return undefined;
  }
}

/** Columns by which all windows are partitioned. */
function partitionColumns(windows: readonly NamedWindow[]): Set<string> {
  const [first = new Set<string>(), ...others] = windows.map(
    ({ call }) =>
      new Set(call.partitionBy.flatMap((expr) => (expr.kind === "column" ? [expr.name] : []))),
  );
  return new Set([...first].filter((name) => others.every((own) => own.has(name))));
}

/** A side of which rows come out without a match must not be filtered: others would match in their place. */
function pushedIntoJoin(
  node: JoinNode,
  parts: readonly Expr[],
  context: RuleContext,
): Pushed | undefined {
  const left = context.schemaOf(node.left);
  const right = context.schemaOf(node.right);
  if (left === undefined || right === undefined) return undefined;
  const leftNames = namesIn(left);
  const made = new Map<string, Expr>();
  for (const { name } of right.fields) {
    const to = node.rightNames.find(({ from }) => from === name)?.to ?? name;
    if (!leftNames.has(to)) made.set(to, { kind: "column", name });
  }
  const rightNames = new Set(made.keys());
  const mayLeft = ["inner", "cross", "left", "semi", "anti"].includes(node.type);
  const mayRight = ["inner", "cross", "right"].includes(node.type);
  const toLeft = mayLeft ? parts.filter((part) => readsOnly(part, leftNames)) : [];
  const toRight = mayRight
    ? parts.filter((part) => !toLeft.includes(part) && readsOnly(part, rightNames))
    : [];
  return {
    below: [toLeft, toRight.map((part) => substitute(part, made))],
    kept: parts.filter((part) => !toLeft.includes(part) && !toRight.includes(part)),
  };
}

function rewritten(node: Where, context: RuleContext): LogicalNode | undefined {
  const below = node.input;
  if (context.isShared(below)) return undefined;
  if (below.kind === "where") {
    const parts = [...conjunctsOf(below.predicate), ...conjunctsOf(node.predicate)];
    return { ...below, predicate: allOf(parts)! };
  }
  const answer = pushed(below, conjunctsOf(node.predicate), context);
  if (answer === undefined || answer.below.every((parts) => parts.length === 0)) return undefined;
  const inputs = inputsWith(below, answer, node.id);
  const moved = withInputs(below, inputs);
  const kept = allOf(answer.kept);
  return kept === undefined ? moved : { ...node, input: moved, predicate: kept };
}

function inputsWith(below: LogicalNode, answer: Pushed, id: number): readonly LogicalNode[] {
  const before = "input" in below ? [below.input] : "inputs" in below ? below.inputs : [];
  const inputs = "left" in below ? [below.left, below.right] : before;
  assert(inputs.length === answer.below.length, `${below.kind} has other inputs than were told`);
  return inputs.map((input, index) => {
    const predicate = allOf(answer.below[index]!);
    return predicate === undefined ? input : { kind: "where", id, input, predicate };
  });
}

export const pushWhereDown: NodeRule = {
  name: "push-where-down",
  rewrite: (node, context) => (node.kind === "where" ? rewritten(node, context) : undefined),
};
