// The obvious way to check a history: try every order. For histories of a handful of operations.

import type { Operation } from "../history.ts";
import type { Model } from "../linearizability.ts";

/** Operations of one key. */
export function isLinearizableByForce<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): boolean {
  const explore = (state: State, left: readonly Operation<Input, Output>[]): boolean => {
    if (left.every(({ output }) => output === undefined)) return true;
    return left.some((candidate) => {
      // Nothing may be placed after something that began only when it was over.
      if (left.some((other) => other.returnedAt < candidate.calledAt)) return false;
      const rest = left.filter((other) => other !== candidate);
      return model.step(state, candidate).some((after) => explore(after, rest));
    });
  };
  return explore(model.initial(), operations);
}
