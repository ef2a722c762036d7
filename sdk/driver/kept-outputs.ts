// What the actions of one driver program have kept so far, as far as it still seems to be there.

import type { ActionOutcome, KeptOutput } from "../../proto/plan/bundle.ts";
import type { Action, NodeId } from "../../proto/plan/logical.ts";
import { cutAtKept, Leaves } from "../planner/kept-leaves.ts";

type Ended = Exclude<ActionOutcome, { readonly kind: "failed" }>;

export class KeptOutputs {
  readonly #outputs = new Map<NodeId, KeptOutput>();
  readonly #leaves = new Leaves();

  get all(): ReadonlyMap<NodeId, KeptOutput> {
    return this.#outputs;
  }

  /** Plans read from here what is kept, and make what is not. */
  cut(action: Action): Action {
    return cutAtKept(action, (cache) =>
      this.#outputs.has(cache.id) ? this.#leaves.of(cache) : undefined,
    );
  }

  /** Of an action that has ended well; the plan only says how large its outputs are at most. */
  add(keeps: ReadonlyMap<NodeId, KeptOutput>, outcome: Ended): void {
    const sizes = new Map(outcome.kept);
    for (const [id, output] of keeps) {
      const bytes = Math.min(output.bytes, sizes.get(output.name) ?? output.bytes);
      this.#outputs.set(id, { ...output, bytes });
    }
  }

  /** Forgets all but those whose stages have these names. */
  retain(names: readonly string[]): void {
    const known = new Set(names);
    for (const [id, { name }] of this.#outputs) if (!known.has(name)) this.#outputs.delete(id);
  }
}
