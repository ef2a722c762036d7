// Gives batches of one dataset the same columns and types, as an Arrow file needs them.

import {
  type DataType,
  type Field,
  float64Type,
  int53Type,
  jsonType,
  sameType,
} from "../plan/types.ts";
import { type Batch, batchRows, makeBatch } from "./batch.ts";
import { buildColumnAs } from "./build-column.ts";
import { type Column, columnType, type NullMeaning } from "./column.ts";
import { columnValues } from "./decode-column.ts";

interface CommonColumn {
  readonly name: string;
  type: DataType;
  nulls: NullMeaning;
}

const plainNumbers = new Set<DataType["kind"]>(["float64", "int53", "int32"]);

/**
 * The type that holds the values of both exactly, where one other than JSON does: rows must not change, so a bigint is
 * no float64. Where one has seen no value yet, say of the items of empty lists, the other tells.
 */
export function exactCommonType(left: DataType, right: DataType): DataType | undefined {
  if (sameType(left, right) || right.kind === "null") return left;
  if (left.kind === "null") return right;
  if (left.kind === "list" && right.kind === "list") {
    const item = commonField(left.item, right.item);
    return item && { kind: "list", item };
  }
  if (left.kind === "struct" && right.kind === "struct") {
    const fields = commonFields(left.fields, right.fields);
    return fields && { kind: "struct", fields };
  }
  if (!plainNumbers.has(left.kind) || !plainNumbers.has(right.kind)) return undefined;
  return left.kind === "float64" || right.kind === "float64" ? float64Type : int53Type;
}

function commonField(left: Field, right: Field): Field | undefined {
  if (left.name !== right.name) return undefined;
  const type = exactCommonType(left.type, right.type);
  return type && { name: left.name, type, nullable: left.nullable || right.nullable };
}

function commonFields(
  left: readonly Field[],
  right: readonly Field[],
): readonly Field[] | undefined {
  if (left.length !== right.length) return undefined;
  const fields = left.map((field, at) => commonField(field, right[at]!));
  return fields.every((field) => field !== undefined) ? fields : undefined;
}

function isCommon(batch: Batch, columns: readonly CommonColumn[]): boolean {
  return (
    batch.columns.length === columns.length &&
    batch.columns.every((column, index) => {
      const wanted = columns[index];
      if (wanted === undefined || column.name !== wanted.name) return false;
      return column.nulls === wanted.nulls && sameType(columnType(column), wanted.type);
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
    for (const column of batch.columns) {
      const { name } = column;
      const type = columnType(column);
      const known = columns.get(name);
      if (known === undefined) columns.set(name, { name, type, nulls: "null" });
      else known.type = exactCommonType(known.type, type) ?? jsonType;
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
    if (nullSeen.has(column.name)) column.type = jsonType;
  }
  for (const column of columns.values()) if (column.type.kind === "json") column.nulls = "missing";
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
      makeBatch("scalar", [buildColumnAs("value", jsonType, batchRows(batch), "missing")]),
    );
  }
  const columns = commonColumns(batches);
  return batches.map((batch) => (isCommon(batch, columns) ? batch : recast(batch, columns)));
}
