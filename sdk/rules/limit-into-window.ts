// A condition on the number of a row in its window: of each partition only the first rows need to be numbered, and sent.

import { rankLimitRowsMax } from "../../proto/limits.ts";
import type { Expr, NamedWindow, RankLimit } from "../../proto/plan/expr.ts";
import { conjunctsOf } from "./conjuncts.ts";
import type { NodeRule } from "./rule.ts";

const turned: Readonly<Record<string, string>> = {
  lt: "gt",
  le: "ge",
  gt: "lt",
  ge: "le",
  eq: "eq",
};

/** The greatest whole number that the condition takes from the column; undefined where it does not tell. */
function mostOf(condition: Expr, column: string): number | undefined {
  if (condition.kind !== "call" || condition.args.length !== 2) return undefined;
  const [left, right] = condition.args as readonly [Expr, Expr];
  if (left.kind === "literal" && right.kind === "column") {
    const name = turned[condition.name];
    if (name === undefined) return undefined;
    return mostOf({ kind: "call", name, args: [right, left] }, column);
  }
  if (left.kind !== "column" || left.name !== column) return undefined;
  if (right.kind !== "literal" || right.text === null) return undefined;
  const value = Number(right.text);
  switch (condition.name) {
    case "eq":
    case "le":
      return Math.floor(value);
    case "lt":
      return Math.ceil(value) - 1;
    default:
      return undefined;
  }
}

function rankingOf({ call }: NamedWindow): RankLimit["function"] | undefined {
  switch (call.function) {
    case "rowNumber":
      return call.function;
    // Without an order all rows are the first.
    case "rank":
    case "denseRank":
      return call.orderBy.length > 0 ? call.function : undefined;
    default:
      return undefined;
  }
}

/** Whether each is a number by the same partitions and order: then rows behind others do not change what these get. */
function numberAlike(windows: readonly NamedWindow[]): boolean {
  const orders = windows.map(({ call }) => JSON.stringify([call.partitionBy, call.orderBy]));
  return (
    windows.every((window) => rankingOf(window) !== undefined) &&
    orders.every((order) => order === orders[0])
  );
}

/** The least of what the conditions say about the windows. */
function limitOf(conditions: readonly Expr[], windows: readonly NamedWindow[]) {
  let least: RankLimit | undefined;
  for (const window of windows) {
    for (const condition of conditions) {
      const rowsMax = mostOf(condition, window.name);
      if (rowsMax === undefined || rowsMax < 1 || rowsMax > rankLimitRowsMax) continue;
      if (least !== undefined && least.rowsMax <= rowsMax) continue;
      least = { function: rankingOf(window)!, rowsMax };
    }
  }
  return least;
}

/** The condition stays: a limit only drops what it would, and not all of that. */
export const limitIntoWindow: NodeRule = {
  name: "limit-into-window",
  rewrite: (node, context) => {
    if (node.kind !== "where" || node.input.kind !== "window") return undefined;
    const window = node.input;
    if (context.isShared(window) || !numberAlike(window.windows)) return undefined;
    const limit = limitOf(conjunctsOf(node.predicate), window.windows);
    if (limit === undefined || limit.rowsMax >= (window.limit?.rowsMax ?? Number.POSITIVE_INFINITY))
      return undefined;
    return { ...node, input: { ...window, limit } };
  },
};
