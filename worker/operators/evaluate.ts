// Expressions over batches as operators use them: a record without a key has a null there.

import type { Batch } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import { EngineError } from "../../proto/errors.ts";
import { columnsOf, type Expr, type NamedExpr, type SortExpr } from "../../proto/plan/expr.ts";
import { columnOf } from "../kernels/columns/concat.ts";
import { sliceBatch } from "../kernels/columns/gather.ts";
import { type SortStep, sortSteps } from "../kernels/columns/sort-words.ts";
import type { SharedVectors } from "../kernels/expressions/bound.ts";
import {
  columnNamed,
  compileDigits,
  compileExpr,
  compilePredicate,
  compileTruths,
  type Digits,
  type Evaluate,
  hasAll,
  type Selection,
} from "../kernels/expressions/compile-expr.ts";
import { isPlainJson, settledJson } from "../kernels/expressions/settle-json.ts";

/** The batch with columns of nulls for those of the names that its records do not have. */
function complete(batch: Batch, names: readonly string[]): Batch {
  if (batch.shape !== "record") return batch;
  if (hasAll(batch, names)) return batch;
  const absent = names.filter((name) => columnNamed(batch, name) === undefined);
  return { ...batch, columns: [...batch.columns, ...absent.map((name) => columnOf(batch, name))] };
}

/**
 * Runs `evaluate` over a batch. Where a value has no answer, halves the batch until one row is left that fails by
 * itself, since loops over whole columns do not say at which row they ended: the error names it.
 */
function namingRows<T>(
  evaluate: (batch: Batch, shared?: SharedVectors) => T,
): (batch: Batch, shared?: SharedVectors) => T {
  return (batch, shared) => {
    try {
      return evaluate(batch, shared);
    } catch (thrown) {
      throw atItsRow(evaluate, batch, thrown);
    }
  };
}

function failureOf(evaluate: (batch: Batch) => unknown, batch: Batch): unknown {
  try {
    evaluate(batch);
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

function atItsRow(evaluate: (batch: Batch) => unknown, batch: Batch, thrown: unknown): unknown {
  if (!(thrown instanceof EngineError) || thrown.code !== "VALUE_UNSUPPORTED") return thrown;
  let found: EngineError = thrown;
  let [start, end] = [0, batch.rows];
  while (end - start > 1) {
    const middle = (start + end) >> 1;
    const first = failureOf(evaluate, sliceBatch(batch, start, middle));
    if (first === undefined) start = middle;
    else {
      end = middle;
      if (first instanceof EngineError) found = first;
    }
  }
  const alone = failureOf(evaluate, sliceBatch(batch, start, end));
  // What only a whole batch shows, such as values of several kinds in one column, has no row.
  if (!(alone instanceof EngineError) || alone.code !== found.code) return thrown;
  return new EngineError(alone.code, alone.message, { ...alone.details, row: start }, thrown);
}

export function evaluator(expr: Expr): Evaluate {
  const names = [...columnsOf(expr)];
  const evaluate = namingRows(compileExpr(expr));
  return (batch, shared) => {
    const column = evaluate(complete(batch, names), shared);
    // Null and missing in one batch make it tagged JSON, in which null is a value: here it is none.
    return isPlainJson(column) ? settledJson(column).column : column;
  };
}

/** The digits of decimals, where sums can take them so. Where a value has no answer `evaluator` tells of it. */
export function digitsOf(expr: Expr): (batch: Batch, shared: SharedVectors) => Digits | undefined {
  const names = [...columnsOf(expr)];
  const evaluate = compileDigits(expr);
  return (batch, shared) => {
    if (!hasAll(batch, names)) return undefined;
    try {
      return evaluate(batch, shared);
    } catch (thrown) {
      if (thrown instanceof EngineError && thrown.code === "VALUE_UNSUPPORTED") return undefined;
      throw thrown;
    }
  };
}

export function predicate(expr: Expr): (batch: Batch) => Selection {
  const names = [...columnsOf(expr)];
  const evaluate = namingRows(compilePredicate(expr));
  return (batch) => evaluate(complete(batch, names));
}

/** A byte for each row: 1 where the condition is true. */
export function truthsOf(expr: Expr): (batch: Batch, shared?: SharedVectors) => Uint8Array {
  const names = [...columnsOf(expr)];
  const evaluate = namingRows(compileTruths(expr));
  return (batch, shared) => evaluate(complete(batch, names), shared);
}

/** Columns with the names of the expressions. */
export function namedEvaluator(exprs: readonly NamedExpr[]): (batch: Batch) => Column[] {
  const evaluators = exprs.map(({ name, expr }) => ({ name, evaluate: evaluator(expr) }));
  return (batch) => evaluators.map(({ name, evaluate }) => ({ ...evaluate(batch), name }));
}

/** The order of the rows of a batch by the keys. */
export function orderOf(keys: readonly SortExpr[]): (batch: Batch) => readonly SortStep[] {
  const evaluators = keys.map(({ expr }) => evaluator(expr));
  return (batch) =>
    keys.flatMap(({ direction, nulls }, index) =>
      sortSteps(evaluators[index]!(batch), direction, nulls),
    );
}
