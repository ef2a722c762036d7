// What an expression means for one row, by plain JavaScript: the oracle of the engine's kernels, and the test
// kit's own evaluation. Obvious rather than fast.

import { columnsOf, type Expr } from "../../../proto/plan/expr.ts";
import { exprText } from "../../../proto/plan/expr-text.ts";
import { typeOfExpr } from "../../../proto/plan/expr-type.ts";
import { findScalar } from "../../../proto/plan/functions/scalars.ts";
import { anyType, commonType, type DataType, type Schema } from "../../../proto/plan/types.ts";
import { compareValues } from "../value-order.ts";
import { castRaw } from "./cast-raw.ts";
import type { PlainCall } from "./plain-call.ts";
import { comparisons, plainFunctions } from "./plain-functions.ts";
import { type Raw, rawOfLiteral, rawOfRow, rowOfRaw, schemaOfRow } from "./raw-values.ts";

type Row = Readonly<Record<string, unknown>>;

/**
 * The value of the expression for one row, as rows hold values. Without a schema, columns have the types that
 * their values show.
 */
export function evaluateExpr(expr: Expr, row: Row, schema?: Schema): unknown {
  const known = schema ?? schemaOfRow(row, columnsOf(expr));
  const raws = Object.fromEntries(
    known.fields.map(({ name, type }) => [name, rawOfRow(row[name], type)]),
  );
  return rowOfRaw(evaluateRaw(expr, raws, known), typeOfExpr(expr, known));
}

/** The same with raw values in and out. */
export function evaluateRaw(expr: Expr, row: Row, schema: Schema): Raw {
  switch (expr.kind) {
    case "column":
      typeOfExpr(expr, schema);
      return row[expr.name] ?? null;
    case "literal":
      return rawOfLiteral(expr);
    case "cast":
      return evaluatedAs(expr.input, expr.to, row, schema, expr.onFailure, exprText(expr));
    case "case": {
      const type = typeOfExpr(expr, schema);
      const taken = expr.branches.find(({ when }) => evaluateRaw(when, row, schema) === true);
      const result = taken?.result ?? expr.otherwise;
      return result === undefined ? null : evaluatedAs(result, type, row, schema);
    }
    case "call":
      return evaluateCall(expr, row, schema);
  }
}

function evaluatedAs(
  expr: Expr,
  type: DataType,
  row: Row,
  schema: Schema,
  onFailure: "error" | "null" = "error",
  text = exprText(expr),
): Raw {
  const raw = evaluateRaw(expr, row, schema);
  return castRaw(raw, typeOfExpr(expr, schema), type, onFailure, text);
}

function evaluateCall(expr: Extract<Expr, { kind: "call" }>, row: Row, schema: Schema): Raw {
  const { name, args } = expr;
  const result = typeOfExpr(expr, schema);
  const types = args.map((arg) => typeOfExpr(arg, schema));
  const nulls = findScalar(name)?.nulls;
  if (nulls === "propagate" && types.some(({ kind }) => kind === "null")) return null;
  const value = (index: number): Raw => evaluateRaw(args[index]!, row, schema);
  switch (name) {
    case "and":
    case "or": {
      const decides = name === "or";
      const left = value(0);
      if (left === decides) return decides;
      const right = value(1);
      if (right === decides) return decides;
      return left === null || right === null ? null : !decides;
    }
    case "coalesce": {
      for (const arg of args) {
        const raw = evaluatedAs(arg, result, row, schema);
        if (raw !== null) return raw;
      }
      return null;
    }
  }
  const values = args.map((_, index) => value(index));
  if (nulls === "propagate" && values.includes(null)) return null;
  const literals = args.map((arg) => (arg.kind === "literal" ? arg.text : undefined));
  const call: PlainCall = { text: exprText(expr), types, result, literals };
  const comparison = comparisons[name];
  if (comparison !== undefined) {
    return comparison(compareValues(...comparedPair(values, types, call.text)));
  }
  return plainFunctions[name]!(call, values);
}

function comparedPair(
  values: readonly Raw[],
  types: readonly DataType[],
  text: string,
): [Raw, Raw] {
  const common = commonType(types[0]!, types[1]!) ?? anyType;
  const as = (index: number) => castRaw(values[index], types[index]!, common, "error", text);
  return [as(0), as(1)];
}
