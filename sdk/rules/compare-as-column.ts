// A comparison with a literal of a wider type becomes one with a literal of the column's own type: no value is
// converted, none can fail to be, a scan can make it, and statistics of files answer it.
//
// The literal lies at a value of the column's type or between two: `date < 2024-03-01T12:00` is `date <= 2024-03-01`.

import { decimalText, parseDecimal } from "../../proto/batch/decimal.ts";
import { type Expr, mapParts } from "../../proto/plan/expr.ts";
import { typeOfExpr } from "../../proto/plan/expr-type.ts";
import {
  commonType,
  type DataType,
  decimalPrecisionMax,
  type Schema,
  sameType,
} from "../../proto/plan/types.ts";
import { hasExprs, withExprs } from "./node-exprs.ts";
import type { NodeRule } from "./rule.ts";

type Call = Extract<Expr, { kind: "call" }>;
type Literal = Extract<Expr, { kind: "literal" }>;

/** Where a literal lies among the values of a type, counted in their smallest step. */
interface Place {
  /** The last value that is not above the literal. */
  readonly floor: bigint;
  /** Whether it equals the literal. */
  readonly isExact: boolean;
}

const microsecondsPerDay = 86_400_000_000n;
/** Decimals with so many digits are told apart as doubles. */
const decimalPrecisionOfDouble = 15;

function quotient(dividend: bigint, divisor: bigint): Place {
  const rest = dividend % divisor;
  const floor = dividend / divisor - (rest < 0n ? 1n : 0n);
  return { floor, isExact: rest === 0n };
}

const powerOfTen = (exponent: number): bigint => 10n ** BigInt(exponent);

/** `scale`: digits after the point of the type's values. */
function placeOfDecimal(literal: Literal & { text: string }, scale: number): Place | undefined {
  const own = literal.type.kind === "decimal" ? literal.type.scale : 0;
  const value = parseDecimal(literal.text, decimalPrecisionMax, own);
  return value === undefined ? undefined : quotient(value * powerOfTen(scale), powerOfTen(own));
}

/** Among decimals as the doubles that they become, which rise with them. */
function placeOfDouble(value: number, scale: number): Place | undefined {
  const about = Math.floor(value * 10 ** scale);
  if (!Number.isSafeInteger(about)) return undefined;
  const doubleOf = (steps: bigint) => Number(`${steps}e-${scale}`);
  // The product was rounded: the value lies at most a step or two from it.
  let floor = BigInt(about) + 2n;
  while (doubleOf(floor) > value) floor -= 1n;
  return { floor, isExact: doubleOf(floor) === value };
}

/** Undefined where values of the types do not compare as steps, or the run would round them. */
function placeOf(literal: Literal, type: DataType): Place | undefined {
  const { text, type: from } = literal;
  if (text === null) return undefined;
  if (type.kind === "date") {
    const isUtc = from.kind === "timestamp" && (from.zone === undefined || from.zone === "UTC");
    return isUtc ? quotient(BigInt(text), microsecondsPerDay) : undefined;
  }
  const scale = type.kind === "decimal" ? type.scale : 0;
  if (from.kind !== "float64") return placeOfDecimal({ ...literal, text }, scale);
  const isExact =
    type.kind === "decimal" ? type.precision <= decimalPrecisionOfDouble : type.kind !== "int64";
  return isExact ? placeOfDouble(Number(text), scale) : undefined;
}

/** Largest and smallest steps of types whose values are told apart by them. */
function limitOf(type: DataType): bigint | undefined {
  switch (type.kind) {
    case "date":
    case "int32":
      return 2n ** 31n;
    case "int53":
      return 2n ** 53n;
    case "int64":
      return 2n ** 63n;
    case "decimal":
      return powerOfTen(type.precision);
    default:
      return undefined;
  }
}

function literalAt(floor: bigint, type: DataType): Literal {
  const text = type.kind === "decimal" ? decimalText(floor, type.scale) : floor.toString();
  return { kind: "literal", type, text };
}

/** Undefined where the comparison needs no conversion of the column, or nothing else would do. */
function placeBeside(column: Expr, literal: Expr, schema: Schema): Place | undefined {
  if (column.kind === "literal" || literal.kind !== "literal") return undefined;
  const type = typeOfExpr(column, schema);
  const limit = limitOf(type);
  const common = commonType(type, literal.type);
  if (limit === undefined || common === undefined || sameType(common, type)) return undefined;
  const place = placeOf(literal, type);
  const fits = place !== undefined && place.floor < limit && place.floor > -limit;
  return fits ? place : undefined;
}

const turned: Readonly<Record<string, string>> = { lt: "gt", le: "ge", gt: "lt", ge: "le" };

/** What `column <name> literal` asks of the literal's floor; undefined where it asks for a value that there is not. */
function comparisonWith(name: string, isExact: boolean): string | undefined {
  switch (name) {
    case "lt":
      return isExact ? "lt" : "le";
    case "ge":
      return isExact ? "ge" : "gt";
    case "le":
    case "gt":
      return name;
    case "eq":
    case "ne":
    case "eqOrBothNull":
      return isExact ? name : undefined;
    default:
      return undefined;
  }
}

function compared(call: Call, schema: Schema): Expr {
  const [left, right] = call.args as [Expr, Expr];
  if (left.kind === "literal" && right.kind !== "literal") {
    const mirrored = { ...call, name: turned[call.name] ?? call.name, args: [right, left] };
    const better = compared(mirrored, schema);
    return better === mirrored ? call : better;
  }
  const place = placeBeside(left, right, schema);
  const name = place && comparisonWith(call.name, place.isExact);
  if (place === undefined || name === undefined) return call;
  return { ...call, name, args: [left, literalAt(place.floor, typeOfExpr(left, schema))] };
}

/** Each value has to be one of the column's type, or null. */
function member(call: Call, schema: Schema): Expr {
  const [column, ...values] = call.args as [Expr, ...Expr[]];
  if (column.kind === "literal") return call;
  const type = typeOfExpr(column, schema);
  const own = values.map((value): Expr | undefined => {
    if (value.kind === "literal" && value.text === null) return { ...value, type };
    if (value.kind === "literal" && sameType(value.type, type)) return value;
    const place = placeBeside(column, value, schema);
    return place?.isExact === true ? literalAt(place.floor, type) : undefined;
  });
  const known = own.filter((value) => value !== undefined);
  const isSame = known.every(
    (value, index) => JSON.stringify(value) === JSON.stringify(values[index]),
  );
  if (known.length < values.length || isSame) return call;
  return { ...call, args: [column, ...known] };
}

const comparisons: ReadonlySet<string> = new Set([
  ...["eq", "ne", "lt", "le", "gt", "ge"],
  "eqOrBothNull",
]);

/** The expression with its comparisons made in the types of their columns; the same object where nothing changed. */
export function comparedAsColumns(expr: Expr, schema: Schema): Expr {
  const over = mapParts(expr, (part) => comparedAsColumns(part, schema));
  if (over.kind !== "call") return over;
  if (over.name === "isIn") return member(over, schema);
  return comparisons.has(over.name) ? compared(over, schema) : over;
}

export const compareAsColumn: NodeRule = {
  name: "compare-as-column",
  rewrite: (node, context) => {
    const schema = hasExprs(node) ? context.schemaOf(node.input) : undefined;
    if (!hasExprs(node) || schema === undefined) return undefined;
    return withExprs(node, (expr) => comparedAsColumns(expr, schema));
  },
};
