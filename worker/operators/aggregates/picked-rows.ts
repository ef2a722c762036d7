// Some rows of a batch with the columns that an aggregate needs: others, such as those of a condition only, are not
// picked.

import type { Batch } from "../../../proto/batch/batch.ts";
import { columnsOf } from "../../../proto/plan/expr.ts";
import { gather } from "../../kernels/columns/gather.ts";
import type { GroupsProgram } from "./groups.ts";

export type PickRows = (batch: Batch, rows: Int32Array) => Batch;

export function rowPicker({ keys, aggregates }: GroupsProgram): PickRows {
  const calls = aggregates.flatMap(({ call: { args, filter } }) =>
    filter === undefined ? args : [...args, filter],
  );
  const exprs = [...keys.map(({ expr }) => expr), ...calls];
  const needed = new Set(exprs.flatMap((expr) => [...columnsOf(expr)]));
  return (batch, rows) => ({
    shape: batch.shape,
    rows: rows.length,
    columns: batch.columns
      .filter(({ name }) => needed.has(name))
      .map((column) => gather(column, rows)),
  });
}
