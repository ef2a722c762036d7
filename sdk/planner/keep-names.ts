// Names of kept outputs: they say how the rows are made, since kept tasks and those made again must divide them alike.

import { digestText } from "../../proto/plan/digest.ts";
import { inputsOf, planNodes } from "../../proto/plan/inputs.ts";
import type { CacheNode, LogicalNode } from "../../proto/plan/logical.ts";
import { nodeText } from "../../proto/plan/node-text.ts";
import { clusteredIn, keptOutputOf, type PlanInputs } from "./plan-inputs.ts";

export class KeepNames {
  readonly #inputs: PlanInputs;
  readonly #texts = new Map<LogicalNode, string>();

  constructor(inputs: PlanInputs) {
    this.#inputs = inputs;
  }

  /** Equal whether what is kept below is read from there or made again: it is told by its own name. */
  of(cache: CacheNode): string {
    const isKnown = (node: LogicalNode) => this.#texts.has(node);
    const below = (node: LogicalNode) => inputsOf(node).filter((input) => !isKnown(input));
    for (const node of planNodes(cache, below)) {
      if (!isKnown(node)) this.#texts.set(node, this.#textOf(node));
    }
    return this.#texts.get(cache)!;
  }

  #textOf(node: LogicalNode): string {
    if (node.kind === "kept") return keptOutputOf(this.#inputs, node).name;
    const inputs = inputsOf(node).map((input) => this.#texts.get(input)!);
    if (node.kind === "cache") return `cache#${node.id}:${digestText(inputs[0]!)}`;
    // Where equal keys lie in one task, rows are made by other stages.
    const clustered = clusteredIn(this.#inputs, node);
    const lies = clustered.length === 0 ? [] : [`clustered by ${clustered.join(", ")}`];
    return digestText([nodeText(node), ...lies, ...inputs].join("\n"));
  }
}
