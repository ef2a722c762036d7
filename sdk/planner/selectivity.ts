// What share of the rows a condition may keep, told from its shape alone. Plans are chosen by it; what they answer
// never depends on it. The shares are those of the textbooks since System R (Selinger and others, SIGMOD 1979), with
// less for texts that are compared with a constant.

import type { Expr } from "../../proto/plan/expr.ts";
import { conjunctsOf } from "../rules/conjuncts.ts";

const shares = { unknown: 0.5, equal: 0.1, range: 1 / 3, found: 0.1 } as const;

/** However many conditions there are: they often say nearly the same. */
const leastShare = 0.001;

/** Whether a condition compares a column with what does not depend on the row. */
function isWithConstant(args: readonly Expr[]): boolean {
  return args.some(({ kind }) => kind === "literal");
}

function ofCall(name: string, args: readonly Expr[]): number {
  switch (name) {
    case "or":
      return Math.min(
        args.reduce((sum, arg) => sum + shareKept(arg), 0),
        1,
      );
    case "not":
      return 1 - shareKept(args[0]!);
    case "eq":
    case "eqOrBothNull":
      return shares.equal;
    case "ne":
      return 1 - shares.equal;
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return isWithConstant(args) ? shares.range : shares.unknown;
    case "isIn":
      return Math.min(shares.equal * (args.length - 1), shares.unknown);
    case "isNull":
    case "startsWith":
    case "endsWith":
    case "contains":
    case "like":
    case "ilike":
    case "regexMatches":
      return shares.found;
    default:
      return shares.unknown;
  }
}

/** Between 0.001 and 1. */
export function shareKept(predicate: Expr): number {
  const parts = conjunctsOf(predicate);
  if (parts.length > 1) {
    const all = parts.reduce((share, part) => share * shareKept(part), 1);
    return Math.max(all, leastShare);
  }
  if (predicate.kind === "literal") return predicate.text === "true" ? 1 : leastShare;
  if (predicate.kind !== "call") return shares.unknown;
  return Math.min(Math.max(ofCall(predicate.name, predicate.args), leastShare), 1);
}
