// Batches whose memory is written to once a stage says that it uses nothing of them any more, as sources do.

import type { Batch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";

type Part = Uint8Array | Int32Array | Float64Array | BigInt64Array;

function isPart(value: unknown): value is Part {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** The column with `change` made to each of its arrays; a dictionary may be used for ever. */
function withParts(column: Column, change: (part: Part) => Part): Column {
  const changed = Object.entries(column).map(([name, value]): [string, unknown] => {
    if (isPart(value)) return [name, change(value)];
    if (name === "item") return [name, withParts(value as Column, change)];
    if (name !== "fields") return [name, value];
    return [name, (value as readonly Column[]).map((field) => withParts(field, change))];
  });
  return Object.fromEntries(changed) as unknown as Column;
}

/** `slice` of Node's buffers is a view. */
function copied(part: Part): Part {
  return part instanceof Uint8Array ? new Uint8Array(part) : part.slice();
}

/** The same rows in memory of their own. */
export function copiedBatch(batch: Batch): Batch {
  const columns = batch.columns.map((column) => withParts(column, copied));
  return { ...batch, columns };
}

/** Overwrites all that is there. */
export function spoil(batch: Batch): void {
  for (const column of batch.columns) {
    withParts(column, (part) => {
      new Uint8Array(part.buffer, part.byteOffset, part.byteLength).fill(0xa5);
      return part;
    });
  }
}
