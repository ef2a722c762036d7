// The type of an expression over a schema, or PLAN_INVALID with the place in the expression named.

import { EngineError } from "../errors.ts";
import { noColumn } from "./absent-column.ts";
import type { AggregateCall, Expr, WindowCall } from "./expr.ts";
import { exprText } from "./expr-text.ts";
import { findAggregate, windowFunctions } from "./functions/aggregates.ts";
import { isProblem, type TypeAnswer } from "./functions/function.ts";
import { findScalar } from "./functions/scalars.ts";
import {
  anyType,
  commonType,
  type DataType,
  findField,
  nullType,
  type Schema,
  typeText,
} from "./types.ts";

/** `schema` is undefined for rows whose columns only the run will know: every column is then `any`. */
export function typeOfExpr(expr: Expr, schema: Schema | undefined): DataType {
  switch (expr.kind) {
    case "column":
      return typeOfColumn(expr.name, schema);
    case "literal":
      return expr.type;
    case "call":
      return typeOfCall(expr, schema);
    case "cast":
      typeOfExpr(expr.input, schema);
      return expr.to;
    case "case":
      return typeOfCase(expr, schema);
  }
}

function typeOfColumn(name: string, schema: Schema | undefined): DataType {
  if (schema === undefined) return anyType;
  const field = findField(schema, name);
  if (field !== undefined) return field.type;
  const names = schema.fields.map((known) => known.name);
  throw new EngineError("PLAN_INVALID", noColumn(name, names));
}

function answered(answer: TypeAnswer, text: string): DataType {
  if (!isProblem(answer)) return answer;
  throw new EngineError("PLAN_INVALID", `${text}: ${answer.problem}`);
}

function checkCount(
  text: string,
  signature: string,
  count: number,
  min: number,
  max: number,
): void {
  if (count >= min && count <= max) return;
  throw new EngineError("PLAN_INVALID", `${text} has ${count} arguments; it is ${signature}`);
}

function typeOfCall(expr: Extract<Expr, { kind: "call" }>, schema: Schema | undefined): DataType {
  const known = findScalar(expr.name);
  if (known === undefined) {
    throw new EngineError("PLAN_INVALID", `there is no function '${expr.name}'`);
  }
  const types = expr.args.map((arg) => typeOfExpr(arg, schema));
  checkCount(exprText(expr), known.signature, types.length, known.argsMin, known.argsMax);
  const literals = expr.args.map((arg) => (arg.kind === "literal" ? arg.text : undefined));
  return answered(known.resultType(types, literals), exprText(expr));
}

function typeOfCase(expr: Extract<Expr, { kind: "case" }>, schema: Schema | undefined): DataType {
  const results = expr.branches.map(({ result }) => result);
  if (expr.otherwise !== undefined) results.push(expr.otherwise);
  for (const { when } of expr.branches) {
    const type = typeOfExpr(when, schema);
    if (["bool", "null", "any"].includes(type.kind)) continue;
    throw new EngineError(
      "PLAN_INVALID",
      `the condition ${exprText(when)} is ${typeText(type)}, not bool`,
    );
  }
  return results.reduce<DataType>((type, result) => {
    const other = typeOfExpr(result, schema);
    const common = commonType(type, other);
    if (common !== undefined) return common;
    throw new EngineError(
      "PLAN_INVALID",
      `${exprText(expr)} has results of the types ${typeText(type)} and ${typeText(other)}`,
    );
  }, nullType);
}

export function typeOfAggregate(call: AggregateCall, schema: Schema | undefined): DataType {
  const known = findAggregate(call.function);
  if (known === undefined) {
    throw new EngineError("PLAN_INVALID", `there is no aggregate '${call.function}'`);
  }
  const types = call.args.map((arg) => typeOfExpr(arg, schema));
  checkCount(call.function, known.signature, types.length, known.argsMin, known.argsMax);
  if (call.filter !== undefined) typeOfExpr(call.filter, schema);
  return answered(known.resultType(types), `${call.function} of ${types.map(typeText).join(", ")}`);
}

export function typeOfWindow(call: WindowCall, schema: Schema | undefined): DataType {
  for (const expr of call.partitionBy) typeOfExpr(expr, schema);
  for (const { expr } of call.orderBy) typeOfExpr(expr, schema);
  const types = call.args.map((arg) => typeOfExpr(arg, schema));
  const rule = Object.hasOwn(windowFunctions, call.function)
    ? windowFunctions[call.function]
    : undefined;
  if (rule !== undefined) return answered(rule(types[0] ?? anyType), call.function);
  return typeOfAggregate({ function: call.function, args: call.args, distinct: false }, schema);
}
