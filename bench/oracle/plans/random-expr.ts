// Random well-typed expressions over the columns of a schema.

import type { Expr } from "../../../proto/plan/expr.ts";
import { typeOfExpr } from "../../../proto/plan/expr-type.ts";
import {
  boolType,
  type DataType,
  type DataTypeKind,
  dateType,
  decimalType,
  float64Type,
  instantType,
  int32Type,
  int53Type,
  int64Type,
  type Schema,
  sameType,
  utf8Type,
} from "../../../proto/plan/types.ts";
import { literalOf } from "../testing/random-columns.ts";
import type { Dice } from "./dice.ts";
import { valuesOf } from "./value-pools.ts";

export const column = (name: string): Expr => ({ kind: "column", name });
export const call = (name: string, ...args: readonly Expr[]): Expr => ({
  kind: "call",
  name,
  args,
});
export const whole = (value: number): Expr => literalOf(value, int32Type);
export const word = (value: string): Expr => literalOf(value, utf8Type);
const cast = (input: Expr, to: DataType): Expr => ({ kind: "cast", input, to, onFailure: "error" });
const nothing = (type: DataType): Expr => literalOf(null, type);

/** Columns of a type, or a constant of it. */
function leaf(type: DataType, schema: Schema, dice: Dice): Expr {
  const own = schema.fields.filter((field) => sameType(field.type, type));
  if (own.length > 0 && !dice.isRare(4)) return column(dice.oneOf(own).name);
  const values = valuesOf(type);
  if (values.length === 0 || dice.isRare(8)) return nothing(type);
  return literalOf(dice.oneOf(values), type);
}

type Maker = (schema: Schema, dice: Dice, depth: number) => Expr;

/** Types of which constants can be written. */
const literalKinds: readonly DataTypeKind[] = [
  "bool",
  "int32",
  "int53",
  "int64",
  "float64",
  "utf8",
  "date",
  "timestamp",
  "decimal",
];

function anyColumn(schema: Schema, dice: Dice): Expr {
  return schema.fields.length === 0 ? whole(1) : column(dice.oneOf(schema.fields).name);
}

function comparison(schema: Schema, dice: Dice, depth: number): Expr {
  const fields = schema.fields.filter(({ type }) => literalKinds.includes(type.kind));
  const type = fields.length === 0 ? int32Type : dice.oneOf(fields).type;
  const name = dice.oneOf(["eq", "ne", "lt", "le", "gt", "ge", "eqOrBothNull"]);
  return call(name, exprOf(type, schema, dice, depth), exprOf(type, schema, dice, depth));
}

/** Types of constants beside which values of a type are compared as something wider. */
const widerTypes: Readonly<Partial<Record<DataTypeKind, readonly DataType[]>>> = {
  int32: [int64Type, float64Type, decimalType(9, 2)],
  int53: [float64Type, decimalType(9, 2)],
  date: [instantType, { kind: "timestamp" }],
  decimal: [float64Type, decimalType(24, 6)],
};

function widerComparison(schema: Schema, dice: Dice, depth: number): Expr {
  const fields = schema.fields.filter(({ type }) => widerTypes[type.kind] !== undefined);
  const type = fields.length === 0 ? int32Type : dice.oneOf(fields).type;
  // Of one type, since not all of these can be compared with each other.
  const wider = dice.oneOf(widerTypes[type.kind]!);
  const literal = (): Expr => literalOf(dice.oneOf(valuesOf(wider)), wider);
  const value = exprOf(type, schema, dice, depth);
  if (dice.isRare(4)) return call("isIn", value, literal(), literal());
  const name = dice.oneOf(["eq", "ne", "lt", "le", "gt", "ge"]);
  return dice.isRare(4) ? call(name, literal(), value) : call(name, value, literal());
}

const ofBool: readonly Maker[] = [
  comparison,
  comparison,
  widerComparison,
  (schema, dice) => call(dice.oneOf(["isNull", "isNotNull"]), anyColumn(schema, dice)),
  (schema, dice, depth) => call(dice.oneOf(["and", "or"]), ...pair(boolType, schema, dice, depth)),
  (schema, dice, depth) => call("not", exprOf(boolType, schema, dice, depth)),
  (schema, dice, depth) => {
    const values = [whole(1), whole(dice.upTo(4)), ...(dice.isRare(3) ? [nothing(int32Type)] : [])];
    return call("isIn", exprOf(int32Type, schema, dice, depth), ...values);
  },
  (schema, dice, depth) => call("startsWith", exprOf(utf8Type, schema, dice, depth), word("a")),
  (schema, dice, depth) => call("like", exprOf(utf8Type, schema, dice, depth), word("%b%")),
];

function pair(type: DataType, schema: Schema, dice: Dice, depth: number): readonly [Expr, Expr] {
  return [exprOf(type, schema, dice, depth), exprOf(type, schema, dice, depth)];
}

const ofInt32: readonly Maker[] = [
  (schema, dice, depth) => call("length", exprOf(utf8Type, schema, dice, depth)),
  (schema, dice, depth) =>
    call(dice.oneOf(["year", "month", "dayOfWeek"]), exprOf(dateType, schema, dice, depth)),
  (schema, dice, depth) => cast(exprOf(boolType, schema, dice, depth), int32Type),
  (schema, dice) => {
    const lists = schema.fields.filter(({ type }) => type.kind === "list");
    return lists.length === 0 ? whole(2) : call("size", column(dice.oneOf(lists).name));
  },
];

const ofInt53: readonly Maker[] = [
  (schema, dice, depth) => {
    const name = dice.oneOf(["add", "subtract", "multiply"]);
    return call(name, exprOf(int32Type, schema, dice, depth), whole(dice.upTo(5)));
  },
  (schema, dice, depth) => call("modulo", exprOf(int53Type, schema, dice, depth), whole(3)),
  (schema, dice, depth) => call("negate", exprOf(int53Type, schema, dice, depth)),
  (schema, dice, depth) => cast(exprOf(int32Type, schema, dice, depth), int53Type),
];

const ofInt64: readonly Maker[] = [
  (schema, dice, depth) => cast(exprOf(int53Type, schema, dice, depth), int64Type),
  (schema, dice, depth) => call("add", exprOf(int64Type, schema, dice, depth), whole(1)),
  (schema, dice, depth) => call("abs", exprOf(int64Type, schema, dice, depth)),
];

const ofFloat64: readonly Maker[] = [
  (schema, dice, depth) => call("divide", ...pair(int53Type, schema, dice, depth)),
  (schema, dice, depth) => {
    const name = dice.oneOf(["add", "subtract", "multiply", "divide"]);
    return call(name, ...pair(float64Type, schema, dice, depth));
  },
  (schema, dice, depth) => call("floor", exprOf(float64Type, schema, dice, depth)),
  (schema, dice, depth) => cast(exprOf(int64Type, schema, dice, depth), float64Type),
];

const ofUtf8: readonly Maker[] = [
  (schema, dice, depth) =>
    call(dice.oneOf(["upper", "lower", "trim", "reverse"]), exprOf(utf8Type, schema, dice, depth)),
  (schema, dice, depth) => call("concat", ...pair(utf8Type, schema, dice, depth)),
  (schema, dice, depth) =>
    call("substring", exprOf(utf8Type, schema, dice, depth), whole(dice.upTo(3)), whole(2)),
  (schema, dice, depth) => cast(exprOf(int53Type, schema, dice, depth), utf8Type),
  (schema, dice, depth) => cast(exprOf(dateType, schema, dice, depth), utf8Type),
];

const ofDate: readonly Maker[] = [
  (schema, dice, depth) =>
    call(
      "dateAdd",
      word(dice.oneOf(["day", "month"])),
      whole(dice.upTo(40)),
      exprOf(dateType, schema, dice, depth),
    ),
  (schema, dice, depth) => call("lastDayOfMonth", exprOf(dateType, schema, dice, depth)),
  (schema, dice, depth) => cast(exprOf(instantType, schema, dice, depth), dateType),
];

const ofInstant: readonly Maker[] = [
  (schema, dice, depth) =>
    call(
      "dateTrunc",
      word(dice.oneOf(["hour", "month"])),
      exprOf(instantType, schema, dice, depth),
    ),
  (schema, dice, depth) =>
    call("dateAdd", word("hour"), whole(dice.upTo(30)), exprOf(instantType, schema, dice, depth)),
];

const makers: Readonly<Partial<Record<DataTypeKind, readonly Maker[]>>> = {
  bool: ofBool,
  int32: ofInt32,
  int53: ofInt53,
  int64: ofInt64,
  float64: ofFloat64,
  utf8: ofUtf8,
  date: ofDate,
};

function choice(type: DataType, schema: Schema, dice: Dice, depth: number): Expr {
  if (dice.upTo(2) === 0) return call("coalesce", ...pair(type, schema, dice, depth));
  const when = exprOf(boolType, schema, dice, depth);
  const result = exprOf(type, schema, dice, depth);
  const otherwise = dice.isRare(3) ? {} : { otherwise: exprOf(type, schema, dice, depth) };
  return { kind: "case", branches: [{ when, result }], ...otherwise };
}

/** Of exactly this type, or one that becomes it where both meet. */
export function exprOf(type: DataType, schema: Schema, dice: Dice, depth: number): Expr {
  const kind = dice.upTo(4);
  if (depth <= 0 || kind === 0) return leaf(type, schema, dice);
  const own = sameType(type, instantType) ? ofInstant : makers[type.kind];
  if (own !== undefined && kind < 3) return dice.oneOf(own)(schema, dice, depth - 1);
  return literalKinds.includes(type.kind)
    ? choice(type, schema, dice, depth - 1)
    : leaf(type, schema, dice);
}

const madeTypes: readonly DataType[] = [
  int32Type,
  utf8Type,
  int53Type,
  float64Type,
  boolType,
  dateType,
  int64Type,
  instantType,
];

/** A column as it stands, or something made of columns. */
export function anyExpr(schema: Schema, dice: Dice, depth = 2): Expr {
  if (schema.fields.length > 0 && dice.upTo(3) === 0) return anyColumn(schema, dice);
  return exprOf(dice.oneOf(madeTypes), schema, dice, depth);
}

/** A condition that some rows fulfil and some do not. */
export function condition(schema: Schema, dice: Dice): Expr {
  return exprOf(boolType, schema, dice, 2);
}

export function typeOf(expr: Expr, schema: Schema): DataType {
  return typeOfExpr(expr, schema);
}
