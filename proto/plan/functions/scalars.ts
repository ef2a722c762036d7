// All scalar functions by name. A new one is a line in one of these tables and a kernel of the same name.

import { arithmeticFunctions } from "./arithmetic.ts";
import { comparisonFunctions } from "./comparison.ts";
import { conditionalFunctions } from "./conditionals.ts";
import type { ScalarFunction } from "./function.ts";
import { nestedFunctions } from "./nested.ts";
import { numberFunctions } from "./numbers.ts";
import { stringFunctions } from "./strings.ts";
import { timeFunctions } from "./times.ts";

/** In the order in which the documentation shows them. */
export const functionFamilies = {
  "Comparison and logic": comparisonFunctions,
  Conditions: conditionalFunctions,
  Arithmetic: arithmeticFunctions,
  Numbers: numberFunctions,
  Text: stringFunctions,
  "Dates and times": timeFunctions,
  "Lists and structs": nestedFunctions,
} as const satisfies Record<string, Record<string, ScalarFunction>>;

export const scalarFunctions = {
  ...comparisonFunctions,
  ...conditionalFunctions,
  ...arithmeticFunctions,
  ...numberFunctions,
  ...stringFunctions,
  ...timeFunctions,
  ...nestedFunctions,
} as const satisfies Record<string, ScalarFunction>;

export type ScalarFunctionName = keyof typeof scalarFunctions;

export function findScalar(name: string): ScalarFunction | undefined {
  if (!Object.hasOwn(scalarFunctions, name)) return undefined;
  return scalarFunctions[name as ScalarFunctionName];
}
