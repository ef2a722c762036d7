// Which columns an operator reads, told to the one before it, so that no others are picked row by row.

import type { Batch } from "../../proto/batch/batch.ts";
import { columnsOf, type Expr } from "../../proto/plan/expr.ts";

/** Names of columns; undefined: all there are. */
export type Wanted = ReadonlySet<string> | undefined;

/** Those of the expressions, and some more. */
export function wantedBy(exprs: readonly Expr[], more: Iterable<string> = []): Wanted {
  const names = new Set(more);
  for (const expr of exprs) columnsOf(expr, names);
  return names;
}

/** The batch without columns that nobody wants; at least one stays, since rows without columns have no number. */
export function onlyWanted(batch: Batch, wanted: Wanted): Batch {
  if (wanted === undefined || batch.shape !== "record") return batch;
  const columns = batch.columns.filter(({ name }) => wanted.has(name));
  if (columns.length === batch.columns.length) return batch;
  return { ...batch, columns: columns.length > 0 ? columns : batch.columns.slice(0, 1) };
}
