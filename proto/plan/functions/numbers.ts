// Functions of numbers beside arithmetic.

import {
  boolType,
  type DataType,
  decimalPrecisionMax,
  decimalType,
  float64Type,
  int32Type,
  int53Type,
  int64Type,
} from "../types.ts";
import { define, number, optional, whole } from "./define.ts";
import type { ScalarFunction } from "./function.ts";

/** Rounding may carry into one more digit. */
function roundedType([type]: readonly DataType[]): DataType {
  switch (type!.kind) {
    case "int32":
      return int53Type;
    case "decimal":
      return decimalType(Math.min(type!.precision + 1, decimalPrecisionMax), type!.scale);
    default:
      return type!;
  }
}

const toFloat = (name: string, summary: string): ScalarFunction =>
  define(`${name}(a)`, summary, [number], float64Type);

const bits = (name: string, summary: string): ScalarFunction =>
  define(`${name}(a, b)`, summary, [whole, whole], (types) => {
    if (types.some(({ kind }) => kind === "any")) return { kind: "any" };
    return types.every(({ kind }) => kind === "int32") ? int32Type : int64Type;
  });

export const numberFunctions = {
  round: define(
    "round(a, digits?)",
    "Rounded to digits after the point (0; negative: before it), halves away from zero.",
    [number, optional(number)],
    roundedType,
  ),
  floor: define("floor(a)", "The next whole number that is not greater.", [number], roundedType),
  ceil: define("ceil(a)", "The next whole number that is not less.", [number], roundedType),
  trunc: define("trunc(a)", "The number without its fraction.", [number], roundedType),
  sign: define("sign(a)", "-1, 0 or 1; NaN of NaN.", [number], ([type]) => {
    return type!.kind === "any" || type!.kind === "float64" ? type! : int32Type;
  }),
  sqrt: toFloat("sqrt", "The square root; NaN of a negative number."),
  cbrt: toFloat("cbrt", "The cube root."),
  exp: toFloat("exp", "e to the power of a."),
  ln: toFloat("ln", "The natural logarithm; NaN of a negative number, -Infinity of 0."),
  log10: toFloat("log10", "The logarithm to the base 10."),
  log2: toFloat("log2", "The logarithm to the base 2."),
  pow: define("pow(a, b)", "a to the power of b, as a float64.", [number, number], float64Type),
  sin: toFloat("sin", "The sine of an angle in radians."),
  cos: toFloat("cos", "The cosine of an angle in radians."),
  tan: toFloat("tan", "The tangent of an angle in radians."),
  asin: toFloat("asin", "The angle in radians of a sine; NaN outside -1 to 1."),
  acos: toFloat("acos", "The angle in radians of a cosine; NaN outside -1 to 1."),
  atan: toFloat("atan", "The angle in radians of a tangent."),
  atan2: define(
    "atan2(y, x)",
    "The angle in radians of the point (x, y).",
    [number, number],
    float64Type,
  ),
  degrees: toFloat("degrees", "An angle in radians as degrees."),
  radians: toFloat("radians", "An angle in degrees as radians."),
  isNaN: define(
    "isNaN(a)",
    "Whether the number is NaN; false of whole numbers.",
    [number],
    boolType,
  ),
  isFinite: define(
    "isFinite(a)",
    "Whether the number is neither NaN nor an infinity.",
    [number],
    boolType,
  ),
  bitAnd: bits("bitAnd", "The bits that both have."),
  bitOr: bits("bitOr", "The bits that one of both has."),
  bitXor: bits("bitXor", "The bits that exactly one has."),
} as const satisfies Record<string, ScalarFunction>;
