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
import { type Bound, type ColumnVectors, Rows, type SharedVectors } from "./bound.ts";
import { exactDoubles } from "./exact-doubles.ts";
import { type Folded, foldFormula, listFormula } from "./fuse.ts";
import { rowsWhere, truths } from "./logic.ts";
import { isPlainJson, settledJson } from "./settle-json.ts";
import type { RowFormula } from "./sum-formulas.ts";
import { expanded } from "./take.ts";
import { columnOfVector, formOf, type Vector, vectorOfColumn } from "./vector.ts";

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
  readonly column: Column;
  readonly type: DataType;
  readonly mixture: string | undefined;
}

export function columnNamed(batch: Batch, name: string): Column | undefined {
  for (const column of batch.columns) if (column.name === name) return column;
  return undefined;
}

function inputOf(batch: Batch, name: string): Input {
  const column = columnNamed(batch, name);
  if (column === undefined) {
    const names = batch.columns.map((known) => columnText(known.name)).join(", ");
    throw new EngineError(
      "VALUE_UNSUPPORTED",
      `the rows have no column ${columnText(name)}; they have: ${names || "none"}`,
    );
  }
  if (!isPlainJson(column)) return { column, type: columnType(column), mixture: undefined };
  const settled = settledJson(column);
  return { column: settled.column, type: settled.type, mixture: settled.mixture };
}

/** The columns of a batch that an expression names. */
class Inputs implements ColumnVectors {
  private readonly names: readonly string[];
  private readonly inputs: Input[] = [];

  constructor(names: readonly string[], batch: Batch) {
    this.names = names;
    for (const name of names) this.inputs.push(inputOf(batch, name));
  }

  /** Equal where the same kernels will do. */
  signature(): string {
    let signature = "";
    for (const { type, mixture } of this.inputs) signature += `${typeText(type)} ${mixture ?? ""}|`;
    return signature;
  }

  of(name: string): Input {
    return this.inputs[this.names.indexOf(name)]!;
  }

  vector(name: string): Vector {
    return vectorOfColumn(this.of(name).column);
  }
}

/** An expression bound to the columns of a batch, and the rows of that. */
interface BoundRows {
  readonly bound: Bound;
  readonly rows: Rows;
}

/** The expression with kernels for the types of a batch's columns, and the rows of the batch. */
function binder(expr: Expr): (batch: Batch, shared?: SharedVectors) => BoundRows {
  const names = [...columnsOf(expr)];
  const known = new Map<string, Bound>();
  return (batch, shared) => {
    const inputs = new Inputs(names, batch);
    const signature = inputs.signature();
    let bound = known.get(signature);
    if (bound === undefined) {
      if (known.size === expressionBindingsMax) known.clear();
      bound = bind(expr, {
        typeOf: (name) => inputs.of(name).type,
        mixture: (name) => inputs.of(name).mixture,
      });
      known.set(signature, bound);
    }
    return { bound, rows: new Rows(batch.rows, inputs, shared) };
  };
}

export function hasAll(batch: Batch, names: readonly string[]): boolean {
  for (const name of names) if (columnNamed(batch, name) === undefined) return false;
  return true;
}

/**
 * Throws VALUE_UNSUPPORTED where a value has no answer: overflow, a remainder by zero, a cast that fails, a
 * column of several kinds of values where a function needs one.
 */
export function compileExpr(expr: Expr): Evaluate {
  if (expr.kind === "column") {
    // As it is: nothing of it needs a type, and a missing key stays missing.
    const { name } = expr;
    return (batch) => columnNamed(batch, name) ?? inputOf(batch, name).column;
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
    const found = hasAll(batch, names) ? boundOrUndefined(bindTo, batch) : undefined;
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
    const found = hasAll(batch, names) ? boundOrUndefined(bindTo, batch, shared) : undefined;
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
    const selected = rowsWhere(conditionOf(expr, bound, rows), batch.rows, true, false);
    return selected.length === batch.rows ? undefined : selected;
  };
}

/** A byte for each row: 1 where the condition is true. */
export function compileTruths(expr: Expr): (batch: Batch, shared?: SharedVectors) => Uint8Array {
  const bindTo = binder(expr);
  return (batch, shared) => {
    const { bound, rows } = bindTo(batch, shared);
    return truths(conditionOf(expr, bound, rows), batch.rows);
  };
}

function conditionOf(expr: Expr, bound: Bound, rows: Rows): Vector {
  const vector = bound.run(rows);
  if (vector.form === "bool" || vector.form === "null") return vector;
  throw new EngineError(
    "VALUE_UNSUPPORTED",
    `the condition ${exprText(expr)} is ${typeText(vector.type)}, not bool`,
  );
}
