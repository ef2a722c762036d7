// Comparisons and logic. Three-valued as in SQL: what is compared with null is unknown, which is null.

import { boolType, commonType, type DataType, nullType, typeText } from "../types.ts";
import { mayBe, type ScalarFunction, type TypeAnswer } from "./function.ts";

function comparison(signature: string, summary: string): ScalarFunction {
  return {
    signature,
    summary,
    argsMin: 2,
    argsMax: 2,
    nulls: "propagate",
    resultType: ([left, right]): TypeAnswer => {
      if (commonType(left!, right!) !== undefined) return boolType;
      return { problem: `cannot compare ${typeText(left!)} with ${typeText(right!)}` };
    },
  };
}

function logic(signature: string, summary: string, args: number): ScalarFunction {
  return {
    signature,
    summary,
    argsMin: args,
    argsMax: args,
    nulls: "own",
    resultType: (types): TypeAnswer => {
      const wrong = types.find((type) => !mayBe(type, "bool"));
      return wrong === undefined ? boolType : { problem: `needs bool, not ${typeText(wrong)}` };
    },
  };
}

function nullTest(signature: string, summary: string): ScalarFunction {
  return { signature, summary, argsMin: 1, argsMax: 1, nulls: "own", resultType: () => boolType };
}

export const comparisonFunctions = {
  eq: comparison("eq(a, b)", "Whether both are equal; NaN equals NaN, and -0 equals 0."),
  ne: comparison("ne(a, b)", "Whether both differ."),
  lt: comparison("lt(a, b)", "Whether a comes before b; NaN comes after all other numbers."),
  le: comparison("le(a, b)", "Whether a comes before b or equals it."),
  gt: comparison("gt(a, b)", "Whether a comes after b."),
  ge: comparison("ge(a, b)", "Whether a comes after b or equals it."),
  eqOrBothNull: {
    ...comparison("eqOrBothNull(a, b)", "Whether both are equal, where null equals null."),
    nulls: "own",
  },
  and: logic("and(a, b)", "True where both are; false where one is false, even beside null.", 2),
  or: logic("or(a, b)", "True where one is true, even beside null; false where both are.", 2),
  not: logic("not(a)", "True where a is false; null of null.", 1),
  isNull: nullTest("isNull(a)", "Whether the value is null. Never null itself."),
  isNotNull: nullTest("isNotNull(a)", "Whether the value is not null. Never null itself."),
  isIn: {
    signature: "isIn(a, ...values)",
    summary: "Whether a equals one of the values; null where it does not and one of them is null.",
    argsMin: 1,
    argsMax: Number.POSITIVE_INFINITY,
    nulls: "own",
    resultType: (types): TypeAnswer => {
      let common: DataType = nullType;
      for (const type of types) {
        const wider = commonType(common, type);
        if (wider === undefined) {
          return { problem: `cannot compare ${typeText(common)} with ${typeText(type)}` };
        }
        common = wider;
      }
      return boolType;
    },
  },
} as const satisfies Record<string, ScalarFunction>;
