// Gives batches of one dataset the same columns and types, as an Arrow file needs them.

import { type Batch, batchRows, makeBatch } from "./batch.ts";
import { buildColumnAs, type Column, type ColumnType, type NullMeaning } from "./column.ts";
import { columnValues } from "./decode-column.ts";

interface CommonColumn {
  readonly name: string;
  type: ColumnType;
  nulls: NullMeaning;
}

/** The type that holds values of both. */
function commonType(left: ColumnType, right: ColumnType): ColumnType {
  if (left === right || right === "null") return left;
  if (left === "null") return right;
  const numbers = new Set<ColumnType>(["float64", "int53"]);
  return numbers.has(left) && numbers.has(right) ? "float64" : "json";
}

function isCommon(batch: Batch, columns: readonly CommonColumn[]): boolean {
  return (
    batch.columns.length === columns.length &&
    batch.columns.every((column, index) => {
      const wanted = columns[index];
      const { name, type, nulls } = column;
      return name === wanted?.name && type === wanted.type && nulls === wanted.nulls;
    })
  );
}

function hasNulls(column: Column): boolean {
  return column.validity !== undefined || column.type === "null";
}

function commonColumns(batches: readonly Batch[]): readonly CommonColumn[] {
  const columns = new Map<string, CommonColumn>();
  const nullSeen = new Set<string>();
  for (const batch of batches) {
    for (const { name, type } of batch.columns) {
      const known = columns.get(name);
      if (known === undefined) columns.set(name, { name, type, nulls: "null" });
      else known.type = commonType(known.type, type);
    }
    for (const column of batch.columns) {
      if (column.nulls === "null" && hasNulls(column)) nullSeen.add(column.name);
    }
  }
  for (const column of columns.values()) {
    const isMissing = batches.some((batch) => {
      const own = batch.columns.find(({ name }) => name === column.name);
      return own === undefined || (own.nulls === "missing" && hasNulls(own));
    });
    if (!isMissing) continue;
    column.nulls = "missing";
    // One validity bit cannot tell null from missing.
    if (nullSeen.has(column.name)) column.type = "json";
  }
  for (const column of columns.values()) if (column.type === "json") column.nulls = "missing";
  return [...columns.values()];
}

function recast(batch: Batch, columns: readonly CommonColumn[]): Batch {
  const byName = new Map(batch.columns.map((column) => [column.name, column]));
  return makeBatch(
    batch.shape,
    columns.map(({ name, type, nulls }) => {
      const own = byName.get(name);
      const values = own === undefined ? new Array(batch.rows).fill(undefined) : columnValues(own);
      return buildColumnAs(name, type, values, nulls);
    }),
  );
}

export function unifyBatches(batches: readonly Batch[]): readonly Batch[] {
  const shape = batches[0]?.shape ?? "scalar";
  if (batches.some((batch) => batch.shape !== shape)) {
    return batches.map((batch) =>
      makeBatch("scalar", [buildColumnAs("value", "json", batchRows(batch), "missing")]),
    );
  }
  const columns = commonColumns(batches);
  return batches.map((batch) => (isCommon(batch, columns) ? batch : recast(batch, columns)));
}
