// The columns that an operator reads, where it hands on none as they are.

import { columnsOf, type Expr } from "../../proto/plan/expr.ts";
import type { OperatorProgram } from "../../proto/plan/program.ts";

/** Undefined where it may need every column. */
export function columnsReadBy(
  operator: OperatorProgram | undefined,
): ReadonlySet<string> | undefined {
  switch (operator?.kind) {
    case "select":
      return columnsOfAll(operator.columns.map(({ expr }) => expr));
    case "aggregate": {
      // States of others have columns of their own names.
      if (operator.phase === "final") return undefined;
      const keys = operator.keys.map(({ expr }) => expr);
      const aggregates = operator.aggregates.flatMap(({ call: { args, filter } }) => [
        ...args,
        ...(filter === undefined ? [] : [filter]),
      ]);
      return columnsOfAll([...keys, ...aggregates]);
    }
    default:
      return undefined;
  }
}

function columnsOfAll(exprs: readonly Expr[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const expr of exprs) columnsOf(expr, names);
  return names;
}
