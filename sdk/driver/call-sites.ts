// Where `run` made its steps and called its actions: an error of the program itself names that line.

import { EngineError, errorsOfProgram } from "../../proto/errors.ts";
import { planNodesMax } from "../../proto/limits.ts";
import type { Action, NodeId } from "../../proto/plan/logical.ts";

/** Stands for a line of the program by its stack, which costs next to nothing until somebody reads it. */
class CallSite extends Error {
  override readonly name = "CallSite";
}

export class CallSites {
  readonly #steps = new Map<NodeId, CallSite>();
  readonly #actions = new WeakMap<Action, CallSite>();

  /** Called while the program makes the step. Loops make steps without end: the last ones are known. */
  step(node: NodeId): void {
    this.#steps.set(node, new CallSite());
    if (this.#steps.size > planNodesMax) this.#steps.delete(node - planNodesMax);
  }

  /** Called while the program calls the action. */
  action(action: Action): void {
    this.#actions.set(action, new CallSite());
  }

  /** The failure of an action with the place of the step that it names, else of the action, as its cause. */
  placed(failure: unknown, action: Action): unknown {
    if (!(failure instanceof EngineError) || !errorsOfProgram.has(failure.code)) return failure;
    const { code, message, details, cause } = failure;
    if (details.source !== undefined || code === "USER_CODE_FAILED") return failure;
    const step = /#(\d+)$/.exec(details.operator ?? "")?.[1];
    const known = step === undefined ? undefined : this.#steps.get(Number(step));
    const site = known ?? this.#actions.get(action) ?? cause;
    return new EngineError(code, message, details, site);
  }
}
