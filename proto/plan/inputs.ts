// Walks over plans, which are directed graphs without cycles: a node may be read by several.

import type { LogicalNode } from "./logical.ts";

/** What the node reads, left before right; none for sources. */
export function inputsOf(node: LogicalNode): readonly LogicalNode[] {
  if ("input" in node) return [node.input];
  if ("inputs" in node) return node.inputs;
  if ("left" in node) return [node.left, node.right];
  return [];
}

/** The node over other inputs, as many as it has; the same object where none changed. */
export function withInputs(node: LogicalNode, inputs: readonly LogicalNode[]): LogicalNode {
  const before = inputsOf(node);
  if (before.every((input, index) => input === inputs[index])) return node;
  if ("input" in node) return { ...node, input: inputs[0]! };
  if ("inputs" in node) return { ...node, inputs };
  if ("left" in node) return { ...node, left: inputs[0]!, right: inputs[1]! };
  return node;
}

/**
 * Every node once, each after all that it reads; left before right. `below`: what is looked at as a node's inputs,
 * where that is not what it reads.
 */
export function planNodes(last: LogicalNode, below = inputsOf): readonly LogicalNode[] {
  const found = new Set<LogicalNode>();
  // A stack of our own: a plan may be deeper than calls can nest.
  const open: { readonly node: LogicalNode; next: number }[] = [{ node: last, next: 0 }];
  while (open.length > 0) {
    const top = open[open.length - 1]!;
    const input = below(top.node)[top.next++];
    if (input === undefined) {
      found.add(top.node);
      open.pop();
    } else if (!found.has(input)) {
      open.push({ node: input, next: 0 });
    }
  }
  return [...found];
}

/** The plan with each node replaced by what `change` makes of it over its changed inputs. */
export function mapPlan(
  last: LogicalNode,
  change: (node: LogicalNode, before: LogicalNode) => LogicalNode,
): LogicalNode {
  const changed = new Map<LogicalNode, LogicalNode>();
  for (const node of planNodes(last)) {
    const inputs = inputsOf(node).map((input) => changed.get(input)!);
    changed.set(node, change(withInputs(node, inputs), node));
  }
  return changed.get(last)!;
}
