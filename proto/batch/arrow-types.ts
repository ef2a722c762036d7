// Types of columns as Arrow types with metadata, and back.

import {
  Field as ArrowField,
  type DataType as ArrowType,
  Binary,
  Bool,
  DateDay,
  Decimal,
  Float64,
  Int32,
  Int64,
  List,
  Null,
  Struct,
  TimestampMicrosecond,
  Utf8,
} from "apache-arrow";
import { EngineError, unreachable } from "../errors.ts";
import type { DataType, Field } from "../plan/types.ts";
import { type Column, columnType } from "./column.ts";

export const typeKey = "millrace.type";
export const nullsKey = "millrace.nulls";

export function arrowType(type: DataType): ArrowType {
  switch (type.kind) {
    case "utf8":
    case "json":
      return new Utf8();
    case "binary":
      return new Binary();
    case "float64":
      return new Float64();
    case "int32":
      return new Int32();
    case "int53":
    case "int64":
      return new Int64();
    case "date":
      return new DateDay();
    case "timestamp":
      return new TimestampMicrosecond(type.zone ?? null);
    case "decimal":
      return new Decimal(type.scale, type.precision, 128);
    case "bool":
      return new Bool();
    case "null":
      return new Null();
    case "list":
      return new List(arrowField(type.item));
    case "struct":
      return new Struct(type.fields.map(arrowField));
    case "any":
      throw new EngineError("INTERNAL", "a column of no known type has no Arrow type");
    default:
      return unreachable(type);
  }
}

/** Types that Arrow does not tell apart carry their name as metadata. */
export function arrowField(field: Field): ArrowField {
  const metadata = new Map<string, string>();
  const { kind } = field.type;
  if (kind === "int53" || kind === "json") metadata.set(typeKey, kind);
  return new ArrowField(field.name, arrowType(field.type), field.nullable, metadata);
}

/** The Arrow field of a column as it is stored, and what its nulls mean. */
export function fieldOfColumn(column: Column, nullable: boolean): ArrowField {
  const field = arrowField({ name: column.name, type: columnType(column), nullable });
  if (column.nulls === "missing") field.metadata.set(nullsKey, "missing");
  return field;
}
