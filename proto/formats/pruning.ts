// Whether a predicate can be true of any row of a piece of a file, by what is known of its columns.
//
// Each expression is given the set of what it may answer: true, false, null. What is not understood may be
// anything, so that a piece is only left out where that is certain.

import { parseDecimal } from "../batch/decimal.ts";
import type { Expr } from "../plan/expr.ts";
import type { DataType } from "../plan/types.ts";

/** Numbers of any width compare exactly with each other; text and bytes compare byte by byte. */
export type Bound = number | bigint | Uint8Array;

/** What is known of the values of one column. A bound that is not known is undefined. */
export interface ColumnRange {
  readonly type: DataType;
  readonly min: Bound | undefined;
  readonly max: Bound | undefined;
  readonly mayHaveNulls: boolean;
  readonly mayHaveValues: boolean;
}

export type RangeOf = (column: string) => ColumnRange | undefined;

const isTrue = 1;
const isFalse = 2;
const isNull = 4;
const anything = isTrue | isFalse | isNull;

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const difference = left[i]! - right[i]!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Undefined for what has no order. */
function compare(left: Bound, right: Bound): number | undefined {
  if (left instanceof Uint8Array || right instanceof Uint8Array) {
    if (!(left instanceof Uint8Array && right instanceof Uint8Array)) return undefined;
    return compareBytes(left, right);
  }
  if (left < right) return -1;
  if (left > right) return 1;
  return Number.isNaN(left) || Number.isNaN(right) ? undefined : 0;
}

const wholeKinds: readonly DataType["kind"][] = ["int32", "int53", "int64"];
const isWhole = (type: DataType): boolean => wholeKinds.includes(type.kind);

/** The literal as a bound of a column of this type; undefined where the two do not compare as they are. */
function boundOf(literal: Extract<Expr, { kind: "literal" }>, type: DataType): Bound | undefined {
  const { text } = literal;
  if (text === null) return undefined;
  const from = literal.type;
  switch (type.kind) {
    case "int32":
    case "int53":
    case "int64":
      if (isWhole(from)) return BigInt(text);
      return from.kind === "float64" && type.kind !== "int64" ? Number(text) : undefined;
    case "float64":
      return isWhole(from) || from.kind === "float64" ? Number(text) : undefined;
    case "decimal":
      if (!isWhole(from) && from.kind !== "decimal") return undefined;
      return parseDecimal(text, 38, type.scale);
    case "date":
      return from.kind === "date" ? Number(text) : undefined;
    case "timestamp": {
      if (from.kind !== "timestamp") return undefined;
      const isSame = (from.zone === undefined) === (type.zone === undefined);
      return isSame ? BigInt(text) : undefined;
    }
    case "utf8":
      return from.kind === "utf8" ? new TextEncoder().encode(text) : undefined;
    case "bool":
      return from.kind === "bool" ? Number(text === "true") : undefined;
    default:
      return undefined;
  }
}

/** A column, or a column made wider, whose order stays as it is. */
function columnIn(expr: Expr): string | undefined {
  if (expr.kind === "column") return expr.name;
  return undefined;
}

const turned: Readonly<Record<string, string>> = { lt: "gt", le: "ge", gt: "lt", ge: "le" };

interface Ends {
  /** Of min and max against the literal: negative where the end lies below it. */
  readonly min: number | undefined;
  readonly max: number | undefined;
}

/** What `column <name> literal` may answer for values; unknown ends may lie anywhere. */
function ofValues(name: string, { min, max }: Ends): number {
  const below = min === undefined || min < 0;
  const above = max === undefined || max > 0;
  const atOrBelow = min === undefined || min <= 0;
  const atOrAbove = max === undefined || max >= 0;
  const answers = (mayBe: boolean, mayNotBe: boolean) =>
    (mayBe ? isTrue : 0) | (mayNotBe ? isFalse : 0);
  switch (name) {
    case "eq":
      return answers(atOrBelow && atOrAbove, min !== 0 || max !== 0);
    case "ne":
      return answers(min !== 0 || max !== 0, atOrBelow && atOrAbove);
    case "lt":
      return answers(below, atOrAbove);
    case "le":
      return answers(atOrBelow, above);
    case "gt":
      return answers(above, atOrBelow);
    case "ge":
      return answers(atOrAbove, below);
    default:
      return anything;
  }
}

function comparison(name: string, left: Expr, right: Expr, rangeOf: RangeOf): number {
  if (left.kind === "literal" && right.kind !== "literal") {
    return comparison(turned[name] ?? name, right, left, rangeOf);
  }
  const column = columnIn(left);
  const range = column === undefined ? undefined : rangeOf(column);
  if (range === undefined || right.kind !== "literal") return anything;
  if (right.text === null) return isNull;
  const bound = boundOf(right, range.type);
  if (bound === undefined || Number.isNaN(bound)) return anything;
  const nulls = range.mayHaveNulls ? isNull : 0;
  if (!range.mayHaveValues) return isNull;
  const { min, max } = range;
  const ends = {
    min: min === undefined ? undefined : compare(min, bound),
    max: max === undefined ? undefined : compare(max, bound),
  };
  return ofValues(name, ends) | nulls;
}

function isNullOf(expr: Expr, rangeOf: RangeOf, whenNull: number, whenNot: number): number {
  const column = columnIn(expr);
  const range = column === undefined ? undefined : rangeOf(column);
  if (range === undefined) return isTrue | isFalse;
  return (range.mayHaveNulls ? whenNull : 0) | (range.mayHaveValues ? whenNot : 0);
}

const single = [isTrue, isFalse, isNull] as const;

/** Every answer of two parts joined by three-valued logic. */
function joined(left: number, right: number, join: (a: number, b: number) => number): number {
  let answers = 0;
  for (const a of single) {
    for (const b of single) if ((left & a) !== 0 && (right & b) !== 0) answers |= join(a, b);
  }
  return answers;
}

function both(a: number, b: number): number {
  if (a === isFalse || b === isFalse) return isFalse;
  return a === isTrue && b === isTrue ? isTrue : isNull;
}

function either(a: number, b: number): number {
  if (a === isTrue || b === isTrue) return isTrue;
  return a === isFalse && b === isFalse ? isFalse : isNull;
}

function call(name: string, args: readonly Expr[], rangeOf: RangeOf): number {
  const [first, second] = args;
  if (first === undefined) return anything;
  const answersOf = (expr: Expr | undefined) =>
    expr === undefined ? anything : answers(expr, rangeOf);
  switch (name) {
    case "and":
      return joined(answersOf(first), answersOf(second), both);
    case "or":
      return joined(answersOf(first), answersOf(second), either);
    case "not": {
      const inner = answersOf(first);
      return (
        ((inner & isTrue) !== 0 ? isFalse : 0) |
        ((inner & isFalse) !== 0 ? isTrue : 0) |
        (inner & isNull)
      );
    }
    case "isNull":
      return isNullOf(first, rangeOf, isTrue, isFalse);
    case "isNotNull":
      return isNullOf(first, rangeOf, isFalse, isTrue);
    case "isIn":
      return args
        .slice(1)
        .map((value) => comparison("eq", first, value, rangeOf))
        .reduce((all, one) => joined(all, one, either), isFalse);
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return second === undefined ? anything : comparison(name, first, second, rangeOf);
    default:
      return anything;
  }
}

function answers(expr: Expr, rangeOf: RangeOf): number {
  switch (expr.kind) {
    case "literal":
      if (expr.text === null) return isNull;
      return expr.type.kind === "bool" ? (expr.text === "true" ? isTrue : isFalse) : anything;
    case "call":
      return call(expr.name, expr.args, rangeOf);
    case "column": {
      const range = rangeOf(expr.name);
      if (range?.type.kind !== "bool") return anything;
      const literal: Expr = { kind: "literal", type: range.type, text: "true" };
      return comparison("eq", expr, literal, rangeOf);
    }
    default:
      return anything;
  }
}

/** False only where the predicate is certainly not true of any row. */
export function mayBeTrue(predicate: Expr, rangeOf: RangeOf): boolean {
  return (answers(predicate, rangeOf) & isTrue) !== 0;
}
