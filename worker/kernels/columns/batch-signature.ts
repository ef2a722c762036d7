// Which batches can be joined without a change of any value: those whose columns have the same names and types.

import type { Batch } from "../../../proto/batch/batch.ts";
import { columnType } from "../../../proto/batch/column.ts";
import { typeText } from "../../../proto/plan/types.ts";

/** Equal for batches that can be joined as they are. */
export function batchSignature(batch: Batch): string {
  const columns = batch.columns.map(
    (column) => `${JSON.stringify(column.name)} ${typeText(columnType(column))} ${column.nulls}`,
  );
  return [batch.shape, ...columns].join();
}
