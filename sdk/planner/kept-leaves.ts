// Cuts plans at what earlier actions of the job have made and kept, so that loops whose datasets build on each other
// are planned in constant time.

import { inputsOf, planNodes, withInputs } from "../../proto/plan/inputs.ts";
import type { Action, CacheNode, KeptNode, LogicalNode, NodeId } from "../../proto/plan/logical.ts";

/** Leaves for `cache` nodes; asked for the same one twice it answers the same object. */
export type LeafOf = (cache: CacheNode) => KeptNode | undefined;

const cacheOf = (node: LogicalNode): CacheNode | undefined =>
  node.kind === "cache" ? node : node.kind === "kept" ? node.cache : undefined;

/**
 * The action over leaves where there is one, and over the `cache` itself where a leaf was that is none any more.
 * Only what stands above leaves is looked at.
 */
export function cutAtKept(action: Action, leafOf: LeafOf): Action {
  const leafFor = (node: LogicalNode): KeptNode | undefined => {
    const cache = cacheOf(node);
    return cache && leafOf(cache);
  };
  const below = (node: LogicalNode): readonly LogicalNode[] => {
    if (leafFor(node) !== undefined) return [];
    return node.kind === "kept" ? [node.cache] : inputsOf(node);
  };
  const cut = new Map<LogicalNode, LogicalNode>();
  for (const node of planNodes(action.input, below)) {
    const inputs = below(node).map((input) => cut.get(input)!);
    cut.set(node, leafFor(node) ?? (node.kind === "kept" ? inputs[0]! : withInputs(node, inputs)));
  }
  const input = cut.get(action.input)!;
  return input === action.input ? action : { ...action, input };
}

/** One leaf for each `cache`, made when it is first asked for. */
export class Leaves {
  /** By id, since a node over cut inputs is another object. */
  readonly #leaves = new Map<NodeId, KeptNode>();

  of(cache: CacheNode): KeptNode {
    const known = this.#leaves.get(cache.id);
    if (known !== undefined) return known;
    const leaf: KeptNode = { kind: "kept", id: cache.id, cache };
    this.#leaves.set(cache.id, leaf);
    return leaf;
  }
}
