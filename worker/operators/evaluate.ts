// Expressions over batches as operators use them: a record without a key has a null there.

import type { Batch } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import { columnsOf, type Expr, type NamedExpr, type SortExpr } from "../../proto/plan/expr.ts";
import { columnOf } from "../kernels/columns/concat.ts";
import { type SortStep, sortSteps } from "../kernels/columns/sort-words.ts";
import {
  compileExpr,
  compilePredicate,
  type Evaluate,
  type Selection,
} from "../kernels/expressions/compile-expr.ts";
import { isPlainJson, settledJson } from "../kernels/expressions/settle-json.ts";

/** The batch with columns of nulls for those of the names that its records do not have. */
function complete(batch: Batch, names: readonly string[]): Batch {
  if (batch.shape !== "record") return batch;
  const absent = names.filter((name) => !batch.columns.some((column) => column.name === name));
  if (absent.length === 0) return batch;
  return { ...batch, columns: [...batch.columns, ...absent.map((name) => columnOf(batch, name))] };
}

export function evaluator(expr: Expr): Evaluate {
  const names = [...columnsOf(expr)];
  const evaluate = compileExpr(expr);
  return (batch) => {
    const column = evaluate(complete(batch, names));
    // Null and missing in one batch make it tagged JSON, in which null is a value: here it is none.
    return isPlainJson(column) ? settledJson(column).column : column;
  };
}

export function predicate(expr: Expr): (batch: Batch) => Selection {
  const names = [...columnsOf(expr)];
  const evaluate = compilePredicate(expr);
  return (batch) => evaluate(complete(batch, names));
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
