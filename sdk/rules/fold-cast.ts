// The literal that a cast of a literal makes: `lit("0.05", decimal(15, 2))` is a cast. Only what is exact; the run does
// the rest, and names the value where there is none.

import { decimalText, parseDecimal } from "../../proto/batch/decimal.ts";
import { daysOfText } from "../../proto/formats/calendar.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import { type DataType, sameType } from "../../proto/plan/types.ts";

type Literal = Extract<Expr, { kind: "literal" }>;

const microsecondsPerDay = 86_400_000_000n;
const wholeText = /^[+-]?\d+$/;
const numberText = /^[+-]?\d+(\.\d*)?$/;

const bitsOf: Readonly<Partial<Record<DataType["kind"], bigint>>> = {
  int32: 31n,
  int53: 53n,
  int64: 63n,
};

function wholeOf(text: string, to: DataType): string | undefined {
  if (!wholeText.test(text)) return undefined;
  const value = BigInt(text.replace("+", ""));
  const limit = 2n ** bitsOf[to.kind]!;
  return value < limit && value > -limit ? value.toString() : undefined;
}

const isUtc = (type: DataType): boolean =>
  type.kind === "timestamp" && (type.zone === undefined || type.zone === "UTC");

/** As texts of literals are. */
function textAs(text: string, from: DataType, to: DataType): string | undefined {
  const isNumber = bitsOf[from.kind] !== undefined || from.kind === "decimal";
  switch (to.kind) {
    case "int32":
    case "int53":
    case "int64":
      return isNumber || from.kind === "utf8" ? wholeOf(text, to) : undefined;
    case "decimal": {
      if (!isNumber && from.kind !== "utf8" && from.kind !== "float64") return undefined;
      const value = parseDecimal(text, to.precision, to.scale);
      return value === undefined ? undefined : decimalText(value, to.scale);
    }
    case "float64": {
      const isExact = isNumber || (from.kind === "utf8" && numberText.test(text));
      if (!isExact) return undefined;
      const value = Number(text);
      return Object.is(value, -0) ? "-0" : String(value);
    }
    case "date":
      if (from.kind === "utf8") return daysOfText(text)?.toString();
      if (!isUtc(from) || BigInt(text) % microsecondsPerDay !== 0n) return undefined;
      return (BigInt(text) / microsecondsPerDay).toString();
    case "timestamp": {
      if (from.kind !== "date" || !isUtc(to)) return undefined;
      const micros = BigInt(text) * microsecondsPerDay;
      return BigInt.asIntN(64, micros) === micros ? micros.toString() : undefined;
    }
    default:
      return undefined;
  }
}

/** Undefined where only the run can say. */
export function foldCast(literal: Literal, to: DataType): Literal | undefined {
  const { text, type } = literal;
  if (sameType(type, to)) return literal;
  if (text === null) return undefined;
  const made = textAs(text, type, to);
  return made === undefined ? undefined : { kind: "literal", type: to, text: made };
}
