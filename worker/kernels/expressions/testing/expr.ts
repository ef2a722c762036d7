// Short forms for expressions in tests.

import { batchOfRows } from "../../../../proto/batch/batch.ts";
import { columnValues } from "../../../../proto/batch/decode-column.ts";
import type { Expr } from "../../../../proto/plan/expr.ts";
import {
  boolType,
  type DataType,
  dateType,
  float64Type,
  int32Type,
  int53Type,
  int64Type,
  nullType,
  utf8Type,
} from "../../../../proto/plan/types.ts";
import { compileExpr } from "../compile-expr.ts";

export const column = (name: string): Expr => ({ kind: "column", name });
export const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", name, args });
export const typed = (type: DataType, text: string | null): Expr => ({
  kind: "literal",
  type,
  text,
});
export const day = (days: number): Expr => typed(dateType, String(days));
export const int53 = (value: number): Expr => typed(int53Type, String(value));
export const decimal = (text: string, precision: number, scale: number): Expr =>
  typed({ kind: "decimal", precision, scale }, text);
/** Microseconds since 1970 of a text that Date reads. */
export const instant = (text: string, zone: string | undefined = "UTC"): Expr =>
  typed(
    { kind: "timestamp", ...(zone === undefined ? {} : { zone }) },
    `${new Date(text).getTime()}000`,
  );
export const cast = (input: Expr, to: DataType, onFailure: "error" | "null" = "error"): Expr => ({
  kind: "cast",
  input,
  to,
  onFailure,
});

/** A literal of the type that such a value has in a row; whole numbers are int32. */
export function literal(value: string | number | bigint | boolean | null): Expr {
  switch (typeof value) {
    case "string":
      return typed(utf8Type, value);
    case "bigint":
      return typed(int64Type, String(value));
    case "boolean":
      return typed(boolType, String(value));
    case "number": {
      const isInt = Number.isInteger(value) && Math.abs(value) < 2 ** 31 && !Object.is(value, -0);
      return typed(isInt ? int32Type : float64Type, Object.is(value, -0) ? "-0" : String(value));
    }
    default:
      return typed(nullType, null);
  }
}

export function evaluate(expr: Expr, rows: readonly unknown[]): unknown[] {
  return columnValues(compileExpr(expr)(batchOfRows(rows)));
}

/** The value of an expression without columns. */
export function constantValue(expr: Expr): unknown {
  return evaluate(expr, [{ unused: 1 }])[0];
}
