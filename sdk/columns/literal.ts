// Plain values of a program as literals of a plan.

import { EngineError } from "../../proto/errors.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import {
  anyType,
  binaryType,
  boolType,
  type DataType,
  float64Type,
  instantType,
  int32Type,
  int53Type,
  int64Type,
  jsonType,
  listType,
  nullType,
  utf8Type,
} from "../../proto/plan/types.ts";
import { encodeValue } from "../../proto/plan/values.ts";

type Literal = Extract<Expr, { kind: "literal" }>;

const int32Bound = 2 ** 31;
const int64Bound = 2n ** 63n;

const literal = (type: DataType, text: string | null): Literal =>
  Object.freeze({ kind: "literal", type, text });

/** Whole numbers become whole types, so that they do not turn a column of whole numbers into another. */
function ofNumber(value: number): Literal {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
    return literal(float64Type, Object.is(value, -0) ? "-0" : String(value));
  }
  const isShort = value >= -int32Bound && value < int32Bound;
  return literal(isShort ? int32Type : int53Type, String(value));
}

function ofBigint(value: bigint): Literal {
  if (value >= -int64Bound && value < int64Bound) return literal(int64Type, value.toString());
  throw new EngineError("PLAN_INVALID", `${value} does not fit 64 bits; use a decimal`);
}

function ofDate(value: Date): Literal {
  const ms = value.getTime();
  if (Number.isNaN(ms)) throw new EngineError("PLAN_INVALID", "a constant is an invalid Date");
  return literal(instantType, (BigInt(ms) * 1000n).toString());
}

function ofObject(value: object): Literal {
  if (value instanceof Date) return ofDate(value);
  if (value instanceof Uint8Array) return literal(binaryType, base64(value));
  if (!Array.isArray(value)) return literal(jsonType, encodeValue(value));
  const types = value.map((item) => literalOf(item).type);
  const [first = anyType] = types.filter(({ kind }) => kind !== "null");
  return literal(listType(first), encodeValue(value));
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const word = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += alphabet[word >> 18]! + alphabet[(word >> 12) & 63]!;
    text += i + 1 < bytes.length ? alphabet[(word >> 6) & 63]! : "=";
    text += i + 2 < bytes.length ? alphabet[word & 63]! : "=";
  }
  return text;
}

/** The literal of a plain value, its type told by the value. Throws PLAN_INVALID, VALUE_UNSUPPORTED. */
export function literalOf(value: unknown): Literal {
  switch (typeof value) {
    case "number":
      return ofNumber(value);
    case "bigint":
      return ofBigint(value);
    case "string":
      return literal(utf8Type, value);
    case "boolean":
      return literal(boolType, String(value));
    case "undefined":
      return literal(nullType, null);
    case "object":
      return value === null ? literal(nullType, null) : ofObject(value);
    default:
      throw new EngineError(
        "PLAN_INVALID",
        `a ${typeof value} cannot be a constant of an expression; use a closure such as map or filter`,
      );
  }
}
