// All scalar functions by name. A new one is a line in one of these tables and a kernel of the same name.

import { arithmeticFunctions } from "./arithmetic.ts";
import { comparisonFunctions } from "./comparison.ts";
import type { ScalarFunction } from "./function.ts";

export const scalarFunctions = {
  ...comparisonFunctions,
  ...arithmeticFunctions,
} as const satisfies Record<string, ScalarFunction>;

export type ScalarFunctionName = keyof typeof scalarFunctions;

export function findScalar(name: string): ScalarFunction | undefined {
  if (!Object.hasOwn(scalarFunctions, name)) return undefined;
  return scalarFunctions[name as ScalarFunctionName];
}
