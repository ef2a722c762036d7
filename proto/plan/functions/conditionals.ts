// Choices between values. `case` is an expression of its own.

import { commonType, type DataType, nullType, typeText } from "../types.ts";
import { anything, define, rest } from "./define.ts";
import type { ScalarFunction, TypeAnswer } from "./function.ts";

function common(types: readonly DataType[]): TypeAnswer {
  return types.reduce<TypeAnswer>((type, next) => {
    if ("problem" in type) return type;
    const both = commonType(type, next);
    return both ?? { problem: `has values of the types ${typeText(type)} and ${typeText(next)}` };
  }, nullType);
}

const several = (signature: string, summary: string): ScalarFunction =>
  define(signature, summary, [rest(anything)], common, "own");

export const conditionalFunctions = {
  coalesce: several(
    "coalesce(...values)",
    "The first value that is not null. Those behind it are not computed.",
  ),
  nullIf: define(
    "nullIf(a, b)",
    "Null where both are equal, else a.",
    [anything, anything],
    (types) => {
      const type = common(types);
      return "problem" in type ? type : types[0]!;
    },
    "own",
  ),
  greatest: several(
    "greatest(...values)",
    "The last of the values in order; nulls are left out, and NaN is the greatest number.",
  ),
  least: several("least(...values)", "The first of the values in order; nulls are left out."),
} as const satisfies Record<string, ScalarFunction>;
