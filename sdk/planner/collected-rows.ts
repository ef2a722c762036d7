// How many rows of a collect count, where each of its tasks answers the first rows of its own.

import type { Action } from "../../proto/plan/logical.ts";
import { optimize } from "./optimize.ts";

/** Undefined when all do. Told by the plan that is run: of two limits in a row it keeps the smaller one. */
export function collectedRowsMax(action: Action): number | undefined {
  const { input } = optimize(action);
  return input.kind === "limit" ? input.rows : undefined;
}
