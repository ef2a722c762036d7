// One pass of the rules over a plan, sources first: every node is rewritten until no rule has an answer for it.

import { AssertionError } from "../../proto/errors.ts";
import { inputsOf, planNodes, withInputs } from "../../proto/plan/inputs.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import { type NodeRule, type RuleContext, readersOf } from "../rules/rule.ts";
import { type ColumnNeeds, makerName } from "./column-needs.ts";
import type { KnownSchemas } from "./known-schemas.ts";

/** Told of each rewrite, before it counts. */
export type OnRewrite = (rule: string, before: LogicalNode, after: LogicalNode) => void;

/** Beside the plan itself. */
export interface KnownOfPlan {
  readonly schemas: KnownSchemas;
  readonly needs: ColumnNeeds;
}

export class Rewriting implements RuleContext {
  readonly #rules: readonly NodeRule[];
  readonly #schemas: KnownSchemas;
  readonly #needs: ColumnNeeds;
  readonly #onRewrite: OnRewrite;
  readonly #readers: Map<LogicalNode, number>;
  /** Nodes that are as good as they get. */
  readonly #settled = new Set<LogicalNode>();
  #rewritesLeft: number;

  constructor(
    last: LogicalNode,
    rules: readonly NodeRule[],
    { schemas, needs }: KnownOfPlan,
    onRewrite: OnRewrite,
  ) {
    this.#rules = rules;
    this.#schemas = schemas;
    this.#needs = needs;
    this.#onRewrite = onRewrite;
    this.#readers = readersOf(last);
    const nodes = this.#readers.size + 1;
    // Each step sinks past each node at most once, and each removal shortens the plan.
    this.#rewritesLeft = 4 * nodes * nodes + rules.length;
  }

  schemaOf(node: LogicalNode) {
    return this.#schemas.of(node);
  }

  isShared(node: LogicalNode): boolean {
    return (this.#readers.get(node) ?? 0) > 1;
  }

  isWatched(node: LogicalNode): boolean {
    return this.#needs.has(makerName(node));
  }

  /** What the plan that ends in this node becomes; the same object where nothing was done. */
  run(last: LogicalNode): LogicalNode {
    const settled = new Map<LogicalNode, LogicalNode>();
    for (const node of planNodes(last)) {
      const inputs = inputsOf(node).map((input) => settled.get(input)!);
      settled.set(node, this.#settle(this.#moved(node, withInputs(node, inputs))));
    }
    return settled.get(last)!;
  }

  /** Of the node and of what a rule put below it; what is further down is settled already. */
  #settle(node: LogicalNode): LogicalNode {
    if (this.#settled.has(node)) return node;
    const inputs = inputsOf(node).map((input) => this.#settle(input));
    const over = this.#moved(node, withInputs(node, inputs));
    for (const rule of this.#rules) {
      const better = rule.rewrite(over, this);
      if (better === undefined) continue;
      if (this.#rewritesLeft-- === 0) throw new AssertionError(`${rule.name} does not settle`);
      this.#onRewrite(rule.name, over, better);
      return this.#settle(this.#moved(over, better));
    }
    this.#settled.add(over);
    return over;
  }

  /** The readers of a node read what stands in its place. */
  #moved(before: LogicalNode, after: LogicalNode): LogicalNode {
    if (after === before) return after;
    const readers = this.#readers.get(before) ?? 0;
    const own = this.#readers.get(after);
    // A node that was there already loses the one that it replaces.
    this.#readers.set(after, own === undefined ? readers : own - 1 + readers);
    return after;
  }
}
