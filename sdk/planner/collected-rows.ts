// How many rows of a collect count, where each of its tasks answers the first rows of its own.

import type { Action } from "../../proto/plan/logical.ts";

/**
 * The least limit under steps that never make more rows than they get; undefined where there is none. The whole
 * result never has more, so it does not matter whether the plan that was run ended in that limit.
 */
export function collectedRowsMax(action: Action): number | undefined {
  let least: number | undefined;
  for (let node = action.input; ; node = node.input) {
    switch (node.kind) {
      case "limit":
        least = Math.min(node.rows, least ?? node.rows);
        break;
      case "map":
      case "select":
      case "alter":
      case "where":
      case "filter":
        break;
      default:
        return least;
    }
  }
}
