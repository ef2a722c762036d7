// Values while an expression is evaluated: whole numbers of 64 bits, microseconds and digits of decimals are
// bigints, dates are days since 1970; and the way from the values of rows and back.

import { decimalOfRow, decimalText } from "../../../proto/batch/decimal.ts";
import { EngineError } from "../../../proto/errors.ts";
import type { Expr } from "../../../proto/plan/expr.ts";
import {
  anyType,
  binaryType,
  boolType,
  commonType,
  type DataType,
  float64Type,
  instantType,
  int64Type,
  jsonType,
  listType,
  nullType,
  type Schema,
  utf8Type,
} from "../../../proto/plan/types.ts";
import { decodeValue } from "../../../proto/plan/values.ts";

export type Raw = unknown;

export type DecimalType = Extract<DataType, { kind: "decimal" }>;

export function unanswerable(what: string, problem: string): EngineError {
  return new EngineError("VALUE_UNSUPPORTED", `${what}: ${problem}`);
}

const dayMs = 86_400_000;

export function rawOfRow(value: unknown, type: DataType): Raw {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case "date":
      return value instanceof Date ? Math.floor(value.getTime() / dayMs) : value;
    case "timestamp":
      return value instanceof Date ? BigInt(value.getTime()) * 1000n : value;
    case "decimal":
      return typeof value === "bigint" ? value : decimalOfRow(value, type.precision, type.scale);
    case "int64":
      return BigInt(value as bigint);
    case "list":
      return (value as readonly unknown[]).map((item) => rawOfRow(item, type.item.type));
    case "struct": {
      const struct = value as Readonly<Record<string, unknown>>;
      return Object.fromEntries(
        type.fields.map((field) => [field.name, rawOfRow(struct[field.name], field.type)]),
      );
    }
    default:
      return value;
  }
}

export function rowOfRaw(raw: Raw, type: DataType): unknown {
  if (raw === null) return null;
  switch (type.kind) {
    case "date":
      return new Date((raw as number) * dayMs);
    case "timestamp": {
      const micros = raw as bigint;
      return new Date(Number((micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n));
    }
    case "decimal":
      return decimalText(raw as bigint, type.scale);
    case "list":
      return (raw as readonly Raw[]).map((item) => rowOfRaw(item, type.item.type));
    case "struct": {
      const struct = raw as Readonly<Record<string, Raw>>;
      return Object.fromEntries(
        type.fields.map(({ name, type: own }) => [name, rowOfRaw(struct[name] ?? null, own)]),
      );
    }
    default:
      return raw;
  }
}

export function rawOfLiteral({ type, text }: Extract<Expr, { kind: "literal" }>): Raw {
  if (text === null) return null;
  switch (type.kind) {
    case "int32":
    case "int53":
    case "float64":
    case "date":
      return Number(text);
    case "int64":
    case "timestamp":
      return BigInt(text);
    case "bool":
      return text === "true";
    case "decimal":
      return decimalOfRow(text, type.precision, type.scale);
    case "binary":
      return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    case "json":
    case "list":
    case "struct":
      return rawOfRow(decodeValue(text), type);
    default:
      return text;
  }
}

/** The type that a batch would give a column with only this value. */
export function typeOfValue(value: unknown): DataType {
  if (value === null || value === undefined) return nullType;
  if (value instanceof Date) return instantType;
  if (value instanceof Uint8Array) return binaryType;
  if (Array.isArray(value)) {
    const types = value.map(typeOfValue);
    const item = types.reduce<DataType | undefined>(
      (type, next) => type && commonType(type, next),
      nullType,
    );
    return item === undefined ? jsonType : listType(item);
  }
  const simple: Readonly<Record<string, DataType>> = {
    string: utf8Type,
    number: float64Type,
    bigint: int64Type,
    boolean: boolType,
  };
  if (typeof value !== "object") return simple[typeof value] ?? anyType;
  return {
    kind: "struct",
    fields: Object.entries(value).map(([name, own]) => ({
      name,
      type: typeOfValue(own),
      nullable: true,
    })),
  };
}

export function schemaOfRow(
  row: Readonly<Record<string, unknown>>,
  names: Iterable<string>,
): Schema {
  return {
    fields: Array.from(names, (name) => ({ name, type: typeOfValue(row[name]), nullable: true })),
  };
}
