// Expressions over the rows of one batch, each evaluated once.

import type { Batch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import type { Expr } from "../../../proto/plan/expr.ts";
import { SharedVectors } from "../../kernels/expressions/bound.ts";
import {
  compileFormula,
  type Digits,
  type Evaluate,
  type Selection,
} from "../../kernels/expressions/compile-expr.ts";
import type { RowFormula } from "../../kernels/expressions/sum-formulas.ts";
import { digitsOf, evaluator, predicate, truthsOf } from "../evaluate.ts";

export class BatchExpressions {
  private readonly texts = new WeakMap<Expr, string>();
  private readonly evaluators = new Map<string, Evaluate>();
  private readonly digitEvaluators = new Map<string, ReturnType<typeof digitsOf>>();
  private readonly formulas = new Map<string, ReturnType<typeof compileFormula>>();
  private readonly predicates = new Map<string, (batch: Batch) => Selection>();
  private readonly truthEvaluators = new Map<string, ReturnType<typeof truthsOf>>();
  private columns = new Map<string, Column>();
  private selections = new Map<string, Selection>();
  private digitsByText = new Map<string, Digits | undefined>();
  private shared = new SharedVectors();
  private batch: Batch | undefined;

  begin(batch: Batch): void {
    this.batch = batch;
    this.shared = new SharedVectors();
    this.digitsByText = new Map();
    this.columns = new Map();
    this.selections = new Map();
  }

  /** Equal for equal expressions only: other than what is shown to people, it tells the types of literals. */
  private textOf(expr: Expr): string {
    let text = this.texts.get(expr);
    if (text === undefined) {
      text = JSON.stringify(expr);
      this.texts.set(expr, text);
    }
    return text;
  }

  column(expr: Expr): Column {
    const text = this.textOf(expr);
    const known = this.columns.get(text);
    if (known !== undefined) return known;
    let evaluate = this.evaluators.get(text);
    if (evaluate === undefined) {
      evaluate = evaluator(expr);
      this.evaluators.set(text, evaluate);
    }
    const column = evaluate(this.batch!, this.shared);
    this.columns.set(text, column);
    return column;
  }

  /** Decimals as sums take them best; undefined where they have to be a column. */
  digits(expr: Expr): Digits | undefined {
    const text = this.textOf(expr);
    if (this.digitsByText.has(text)) return this.digitsByText.get(text);
    let evaluate = this.digitEvaluators.get(text);
    if (evaluate === undefined) {
      evaluate = digitsOf(expr);
      this.digitEvaluators.set(text, evaluate);
    }
    const digits = evaluate(this.batch!, this.shared);
    this.digitsByText.set(text, digits);
    return digits;
  }

  /** As a part of a loop over rows; undefined where it has to be a column. */
  formula(expr: Expr): RowFormula | undefined {
    const text = this.textOf(expr);
    let compiled = this.formulas.get(text);
    if (compiled === undefined) {
      compiled = compileFormula(expr);
      this.formulas.set(text, compiled);
    }
    return compiled(this.batch!, this.shared);
  }

  selection(expr: Expr): Selection {
    const text = this.textOf(expr);
    if (this.selections.has(text)) return this.selections.get(text);
    let select = this.predicates.get(text);
    if (select === undefined) {
      select = predicate(expr);
      this.predicates.set(text, select);
    }
    const selection = select(this.batch!);
    this.selections.set(text, selection);
    return selection;
  }

  /** A byte for each row: 1 where the condition is true. */
  truths(expr: Expr): Uint8Array {
    const text = this.textOf(expr);
    let evaluate = this.truthEvaluators.get(text);
    if (evaluate === undefined) {
      evaluate = truthsOf(expr);
      this.truthEvaluators.set(text, evaluate);
    }
    return evaluate(this.batch!, this.shared);
  }
}
