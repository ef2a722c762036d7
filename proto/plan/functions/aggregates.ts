// What the plan knows of aggregates. Nulls are left out, except where the summary says otherwise.

import {
  anyType,
  type DataType,
  decimalPrecisionMax,
  decimalType,
  float64Type,
  int53Type,
  isNumeric,
  listType,
  typeText,
} from "../types.ts";
import { type AggregateFunction, mayBe, type TypeAnswer } from "./function.ts";

type Rule = (type: DataType) => TypeAnswer;

function over(
  signature: string,
  summary: string,
  rule: Rule,
  more: Partial<AggregateFunction> = {},
): AggregateFunction {
  const base = { signature, summary, argsMin: 1, argsMax: 1, ofNothing: "null" } as const;
  return { ...base, resultType: ([type]) => rule(type ?? anyType), ...more };
}

function ofNumbers(answer: (type: DataType) => DataType): Rule {
  return (type) => {
    if (mayBe(type) || isNumeric(type)) return answer(type);
    return { problem: `needs numbers, not ${typeText(type)}` };
  };
}

/** Wide enough that no sum of fewer than 2^53 rows of 32 bits overflows. */
function sumType(type: DataType): DataType {
  switch (type.kind) {
    case "int32":
    case "int53":
      return int53Type;
    case "decimal":
      return decimalType(decimalPrecisionMax, type.scale);
    default:
      return type;
  }
}

const same: Rule = (type) => type;
const count: Rule = () => int53Type;

export const aggregateFunctions = {
  count: over(
    "count(a?)",
    "How many rows there are, or how many values that are not null.",
    count,
    {
      argsMin: 0,
      ofNothing: "value",
    },
  ),
  sum: over(
    "sum(a)",
    "The exact sum; a total of whole numbers or decimals that does not fit is an error.",
    ofNumbers(sumType),
  ),
  avg: over(
    "avg(a)",
    "The mean as a float64.",
    ofNumbers(() => float64Type),
  ),
  min: over("min(a)", "The first value in order; NaN comes after all other numbers.", same),
  max: over("max(a)", "The last value in order.", same),
  first: over("first(a)", "The first value in the order of the rows, which may be null.", same),
  last: over("last(a)", "The last value in the order of the rows, which may be null.", same),
  countDistinct: over("countDistinct(a)", "How many different values there are.", count, {
    ofNothing: "value",
  }),
  approxCountDistinct: over(
    "approxCountDistinct(a)",
    "About how many different values there are (HyperLogLog, standard error 1.6 %).",
    count,
    { ofNothing: "value" },
  ),
  approxQuantile: over(
    "approxQuantile(a, q)",
    "About the value below which the share q of the values lies (t-digest).",
    ofNumbers(() => float64Type),
    { argsMin: 2, argsMax: 2 },
  ),
  median: over(
    "median(a)",
    "The value in the middle, or the mean of the two around it, as a float64; exact.",
    ofNumbers(() => float64Type),
  ),
  quantile: over(
    "quantile(a, q)",
    "The value below which the share q of the values lies, between two on the line; exact.",
    ofNumbers(() => float64Type),
    { argsMin: 2, argsMax: 2 },
  ),
  variance: over(
    "variance(a)",
    "The sample variance.",
    ofNumbers(() => float64Type),
  ),
  stddev: over(
    "stddev(a)",
    "The sample standard deviation.",
    ofNumbers(() => float64Type),
  ),
  collectList: over(
    "collectList(a)",
    "All values in the order of the rows, nulls left out.",
    (type) => listType(type, false),
    { ofNothing: "value" },
  ),
  anyTrue: over("anyTrue(a)", "Whether one is true.", same),
  allTrue: over("allTrue(a)", "Whether none is false.", same),
} as const satisfies Record<string, AggregateFunction>;

export type AggregateName = keyof typeof aggregateFunctions;

export function findAggregate(name: string): AggregateFunction | undefined {
  if (!Object.hasOwn(aggregateFunctions, name)) return undefined;
  return aggregateFunctions[name as AggregateName];
}

/** Of window functions that are no aggregates, by the types of their arguments. */
export const windowFunctions: Readonly<Record<string, Rule>> = {
  rowNumber: count,
  rank: count,
  denseRank: count,
  percentRank: () => float64Type,
  ntile: count,
  lag: (type) => type,
  lead: (type) => type,
  firstValue: (type) => type,
  lastValue: (type) => type,
};
