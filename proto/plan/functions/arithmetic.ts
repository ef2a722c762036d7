// Arithmetic. Whole numbers that overflow and divisions by zero are errors, never wrapped or silent.

import {
  anyType,
  asDecimal,
  type DataType,
  decimalPrecisionMax,
  decimalType,
  float64Type,
  int53Type,
  int64Type,
  isNumeric,
  nullType,
  typeText,
} from "../types.ts";
import { mayBe, type ScalarFunction, type TypeAnswer } from "./function.ts";

function notNumber(types: readonly DataType[]): TypeAnswer | undefined {
  const wrong = types.find((type) => !mayBe(type) && !isNumeric(type));
  return wrong && { problem: `needs numbers, not ${typeText(wrong)}` };
}

/** Whole numbers of 32 bits widen to safe ones, so that a sum of two of them cannot overflow. */
function wholeType(left: DataType, right: DataType): DataType {
  return left.kind === "int64" || right.kind === "int64" ? int64Type : int53Type;
}

/** Sums have one digit more than their parts; products as many as both, capped at 38. */
function decimalResult(name: string, left: DataType, right: DataType): DataType {
  const a = asDecimal(left);
  const b = asDecimal(right);
  if (name === "multiply") {
    const scale = Math.min(a.scale + b.scale, decimalPrecisionMax);
    return decimalType(Math.min(a.precision + b.precision, decimalPrecisionMax), scale);
  }
  const scale = Math.max(a.scale, b.scale);
  const whole = Math.max(a.precision - a.scale, b.precision - b.scale);
  const more = name === "modulo" ? 0 : 1;
  return decimalType(Math.min(whole + scale + more, decimalPrecisionMax), scale);
}

function binary(name: string, signature: string, summary: string): ScalarFunction {
  return {
    signature,
    summary,
    argsMin: 2,
    argsMax: 2,
    nulls: "propagate",
    resultType: (types): TypeAnswer => {
      const wrong = notNumber(types);
      if (wrong !== undefined) return wrong;
      const [left, right] = types as readonly [DataType, DataType];
      if (name === "divide") return float64Type;
      const kinds = [left.kind, right.kind];
      if (kinds.includes("any")) return anyType;
      if (kinds.includes("null")) return left.kind === "null" ? right : left;
      if (kinds.includes("float64")) return float64Type;
      if (kinds.includes("decimal")) return decimalResult(name, left, right);
      return wholeType(left, right);
    },
  };
}

function sameNumber(signature: string, summary: string): ScalarFunction {
  return {
    signature,
    summary,
    argsMin: 1,
    argsMax: 1,
    nulls: "propagate",
    resultType: (types) => notNumber(types) ?? widened(types[0] ?? nullType),
  };
}

function widened(type: DataType): DataType {
  return type.kind === "int32" ? int53Type : type;
}

export const arithmeticFunctions = {
  add: binary("add", "add(a, b)", "The sum. Whole numbers that overflow are an error."),
  subtract: binary("subtract", "subtract(a, b)", "The difference. Overflow is an error."),
  multiply: binary("multiply", "multiply(a, b)", "The product. Overflow is an error."),
  divide: binary(
    "divide",
    "divide(a, b)",
    "The quotient as a float64; division by zero gives an infinity or NaN, as in JavaScript.",
  ),
  modulo: binary(
    "modulo",
    "modulo(a, b)",
    "The remainder with the sign of a; by a whole zero it is an error.",
  ),
  negate: sameNumber("negate(a)", "The number with its sign turned."),
  abs: sameNumber("abs(a)", "The number without its sign."),
} as const satisfies Record<string, ScalarFunction>;
