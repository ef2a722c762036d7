// An expression as a function over batches. Batches describe themselves, so that kernels are chosen when the
// types of a batch's columns are seen, and kept for the next batch with the same types.

import type { Batch } from "../../../proto/batch/batch.ts";
import { type Column, columnType } from "../../../proto/batch/column.ts";
import { EngineError } from "../../../proto/errors.ts";
import { expressionBindingsMax } from "../../../proto/limits/expressions.ts";
import { columnsOf, type Expr } from "../../../proto/plan/expr.ts";
import { columnText, exprText } from "../../../proto/plan/expr-text.ts";
import { type DataType, typeText } from "../../../proto/plan/types.ts";
import { bind } from "./bind.ts";
import { type Bound, Rows, type SharedVectors } from "./bound.ts";
import { exactDoubles } from "./exact-doubles.ts";
import { type Folded, foldFormula, listFormula } from "./fuse.ts";
import { rowsWhere } from "./logic.ts";
import { isPlainJson, settledJson } from "./settle-json.ts";
import type { RowFormula } from "./sum-formulas.ts";
import { expanded } from "./take.ts";
import { columnOfVector, formOf, vectorOfColumn } from "./vector.ts";

/** A column with a slot for each row of the batch; its name says nothing. `shared`: with others over the same batch. */
export type Evaluate = (batch: Batch, shared?: SharedVectors) => Column;

/** Digits of decimals without nulls, each exact as a double. */
export interface Digits {
  readonly type: Extract<DataType, { kind: "decimal" }>;
  readonly values: Float64Array;
}

export type { Folded };

/** Indices of rows in rising order; undefined for all rows. */
export type Selection = Int32Array | undefined;

interface Input {
  readonly name: string;
  readonly column: Column;
  readonly type: DataType;
  readonly mixture: string | undefined;
}

function inputOf(batch: Batch, name: string): Input {
  const column = batch.columns.find((candidate) => candidate.name === name);
  if (column === undefined) {
    const names = batch.columns.map((known) => columnText(known.name)).join(", ");
    throw new EngineError(
      "VALUE_UNSUPPORTED",
      `the rows have no column ${columnText(name)}; they have: ${names || "none"}`,
    );
  }
  if (!isPlainJson(column)) return { name, column, type: columnType(column), mixture: undefined };
  return { name, ...settledJson(column) };
}

/** The expression with kernels for the types of a batch's columns, and the rows of the batch. */
function binder(expr: Expr) {
  const names = [...columnsOf(expr)];
  const known = new Map<string, Bound>();
  return (batch: Batch, shared?: SharedVectors): { readonly bound: Bound; readonly rows: Rows } => {
    const inputs = new Map(names.map((name) => [name, inputOf(batch, name)]));
    const signature = [...inputs.values()]
      .map(({ type, mixture }) => `${typeText(type)} ${mixture ?? ""}`)
      .join("|");
    let bound = known.get(signature);
    if (bound === undefined) {
      if (known.size === expressionBindingsMax) known.clear();
      bound = bind(expr, {
        typeOf: (name) => inputs.get(name)!.type,
        mixture: (name) => inputs.get(name)!.mixture,
      });
      known.set(signature, bound);
    }
    const rows = new Rows(batch.rows, (name) => vectorOfColumn(inputs.get(name)!.column), shared);
    return { bound, rows };
  };
}

/**
 * Throws VALUE_UNSUPPORTED where a value has no answer: overflow, a remainder by zero, a cast that fails, a
 * column of several kinds of values where a function needs one.
 */
export function compileExpr(expr: Expr): Evaluate {
  if (expr.kind === "column") {
    // As it is: nothing of it needs a type, and a missing key stays missing.
    const { name } = expr;
    return (batch) =>
      batch.columns.find((column) => column.name === name) ?? inputOf(batch, name).column;
  }
  const bindTo = binder(expr);
  return (batch, shared) => {
    const { bound, rows } = bindTo(batch, shared);
    return columnOfVector("", expanded(bound.run(rows), batch.rows));
  };
}

/** What sums of decimals can take in place of a column; undefined where the values are something else. */
export function compileDigits(
  expr: Expr,
): (batch: Batch, shared: SharedVectors) => Digits | undefined {
  const bindTo = binder(expr);
  return (batch, shared) => {
    const { bound, rows } = bindTo(batch, shared);
    const { type } = bound;
    // Columns of wide words hold what no loop has looked through: their halves are summed as they are.
    const isWide = expr.kind === "column" && formOf(type) === "words";
    if (type.kind !== "decimal" || isWide) return undefined;
    const vector = bound.run(rows);
    if (vector.constant || vector.valid !== undefined) return undefined;
    const values = exactDoubles(vector);
    return values instanceof Float64Array ? { type, values } : undefined;
  };
}

/** Undefined where the expression has no meaning for the columns: who evaluates it then says why, and for which row. */
function boundOrUndefined(bindTo: ReturnType<typeof binder>, batch: Batch, shared?: SharedVectors) {
  try {
    return bindTo(batch, shared);
  } catch (thrown) {
    if (thrown instanceof EngineError && thrown.code === "VALUE_UNSUPPORTED") return undefined;
    throw thrown;
  }
}

/** `first` with values of rows added in their order; undefined where that is no loop over doubles, or adds nothing. */
export type FoldSum = (batch: Batch, rows: Selection, first: number) => Folded | undefined;

/** The sum of an expression without a column of its values. */
export function compileFold(expr: Expr): FoldSum {
  const names = [...columnsOf(expr)];
  const bindTo = binder(expr);
  return (batch, list, first) => {
    const has = (name: string) => batch.columns.some((column) => column.name === name);
    const found = names.every(has) ? boundOrUndefined(bindTo, batch) : undefined;
    return found?.bound.formula && foldFormula(found.bound.formula, found.rows, list, first);
  };
}

/** Numbers of the expression as a part of a loop; undefined where they are none, or need more than that. */
export function compileFormula(
  expr: Expr,
): (batch: Batch, shared: SharedVectors) => RowFormula | undefined {
  const names = [...columnsOf(expr)];
  const bindTo = binder(expr);
  return (batch, shared) => {
    const has = (name: string) => batch.columns.some((column) => column.name === name);
    const found = names.every(has) ? boundOrUndefined(bindTo, batch, shared) : undefined;
    if (found === undefined) return undefined;
    const { bound, rows } = found;
    if (bound.exact !== undefined) return { kind: "exact", formula: bound.exact, rows };
    return bound.canFail || bound.formula === undefined
      ? undefined
      : { kind: "doubles", formula: bound.formula, rows };
  };
}

/** The rows for which the condition is true; null is not true. */
export function compilePredicate(expr: Expr): (batch: Batch) => Selection {
  const bindTo = binder(expr);
  return (batch) => {
    const { bound, rows } = bindTo(batch);
    const listed =
      bound.type.kind === "bool" && bound.formula !== undefined
        ? listFormula(bound.formula, rows)
        : undefined;
    if (listed !== undefined) return listed.length === batch.rows ? undefined : listed;
    const vector = bound.run(rows);
    if (vector.form !== "bool" && vector.form !== "null") {
      throw new EngineError(
        "VALUE_UNSUPPORTED",
        `the condition ${exprText(expr)} is ${typeText(vector.type)}, not bool`,
      );
    }
    const selected = rowsWhere(vector, batch.rows, true, false);
    return selected.length === batch.rows ? undefined : selected;
  };
}
