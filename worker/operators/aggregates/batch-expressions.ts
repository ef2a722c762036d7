// Expressions over the rows of one batch, each evaluated once.

import type { Batch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import type { Expr } from "../../../proto/plan/expr.ts";
import { exprText } from "../../../proto/plan/expr-text.ts";
import type { Selection } from "../../kernels/expressions/compile-expr.ts";
import { evaluator, predicate } from "../evaluate.ts";

export class BatchExpressions {
  private readonly evaluators = new Map<string, (batch: Batch) => Column>();
  private readonly predicates = new Map<string, (batch: Batch) => Selection>();
  private columns = new Map<string, Column>();
  private selections = new Map<string, Selection>();
  private batch: Batch | undefined;

  begin(batch: Batch): void {
    this.batch = batch;
    this.columns = new Map();
    this.selections = new Map();
  }

  column(expr: Expr): Column {
    const text = exprText(expr);
    const known = this.columns.get(text);
    if (known !== undefined) return known;
    let evaluate = this.evaluators.get(text);
    if (evaluate === undefined) {
      evaluate = evaluator(expr);
      this.evaluators.set(text, evaluate);
    }
    const column = evaluate(this.batch!);
    this.columns.set(text, column);
    return column;
  }

  selection(expr: Expr): Selection {
    const text = exprText(expr);
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
}
