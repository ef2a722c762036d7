// The columns of the nodes of a plan, each looked at once however often the plan is rewritten: nodes never change.

import { inputsOf, planNodes } from "../../proto/plan/inputs.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import { type KnownSchema, type SourceSchemas, schemaOfStep } from "./schema-of.ts";

export class KnownSchemas {
  readonly #sources: SourceSchemas;
  readonly #known = new Map<LogicalNode, KnownSchema>();

  constructor(sources: SourceSchemas) {
    this.#sources = sources;
  }

  /**
   * The node's columns; undefined where only the run will tell. Throws PLAN_INVALID, naming the step, where an
   * expression does not fit.
   */
  of(node: LogicalNode): KnownSchema {
    if (this.#known.has(node)) return this.#known.get(node);
    const inputs = inputsOf(node).map((input) => this.of(input));
    const schema = schemaOfStep(node, inputs, this.#sources);
    this.#known.set(node, schema);
    return schema;
  }

  /** Looks at all of a plan, sources first: it may be deeper than calls can nest. */
  check(last: LogicalNode): void {
    for (const node of planNodes(last)) this.of(node);
  }
}
