// Types of JSON values from a sample: nested, with nulls, and JSON itself where values are mixed.

import {
  boolType,
  commonType,
  type DataType,
  dateType,
  type Field,
  float64Type,
  instantType,
  int53Type,
  int64Type,
  jsonType,
  nullType,
  utf8Type,
} from "../../plan/types.ts";
import { clockOf, dayOf } from "../fields/field-values.ts";
import { wholeOfDigits } from "./json-values.ts";
import { LongNumber } from "./long-numbers.ts";

/** Records of more keys are maps, whose keys are no columns. */
const keysMax = 1000;

const encoder = new TextEncoder();

function textType(text: string): DataType {
  const bytes = encoder.encode(text);
  if (!Number.isNaN(dayOf(bytes, 0, bytes.length))) return dateType;
  const clock = text.length < 40 ? clockOf(text) : undefined;
  if (clock === undefined) return utf8Type;
  return clock.hasZone ? instantType : { kind: "timestamp" };
}

function numberType(value: number): DataType {
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? int53Type : float64Type;
}

/** Whole numbers are exact as far as there is a type for them. */
function longNumberType({ digits }: LongNumber): DataType {
  const whole = wholeOfDigits(digits);
  if (whole === undefined || BigInt.asIntN(64, whole) !== whole) return float64Type;
  return Number.isSafeInteger(Number(whole)) ? int53Type : int64Type;
}

function typeOfValue(value: unknown): DataType {
  switch (typeof value) {
    case "string":
      return textType(value);
    case "number":
      return numberType(value);
    case "boolean":
      return boolType;
    default:
      break;
  }
  if (value === null || value === undefined) return nullType;
  if (value instanceof LongNumber) return longNumberType(value);
  if (Array.isArray(value)) {
    const item = value.map(typeOfValue).reduce(mergeTypes, nullType);
    return { kind: "list", item: { name: "item", type: item, nullable: true } };
  }
  return { kind: "struct", fields: fieldsOfRecord(value as object) };
}

function fieldsOfRecord(record: object): readonly Field[] {
  return Object.entries(record).map(([name, value]) => ({
    name,
    type: typeOfValue(value),
    nullable: true,
  }));
}

const textKinds: readonly DataType["kind"][] = ["date", "timestamp", "utf8"];

/** Dates beside other texts are texts; structs have the fields of both; what has no type in common is JSON. */
function mergeTypes(left: DataType, right: DataType): DataType {
  if (left.kind === "struct" && right.kind === "struct") {
    const fields = mergeFields(left.fields, right.fields);
    return fields === undefined ? jsonType : { kind: "struct", fields };
  }
  if (left.kind === "list" && right.kind === "list") {
    const item = mergeTypes(left.item.type, right.item.type);
    return { kind: "list", item: { name: "item", type: item, nullable: true } };
  }
  const isText = textKinds.includes(left.kind) && textKinds.includes(right.kind);
  const isSame =
    left.kind === right.kind &&
    (left.kind !== "timestamp" || left.zone === (right as typeof left).zone);
  if (isText) return isSame ? left : utf8Type;
  return commonType(left, right) ?? jsonType;
}

function mergeFields(
  left: readonly Field[],
  right: readonly Field[],
): readonly Field[] | undefined {
  const merged = new Map(left.map((field) => [field.name, field]));
  for (const field of right) {
    const known = merged.get(field.name);
    const type = known === undefined ? field.type : mergeTypes(known.type, field.type);
    merged.set(field.name, { ...field, type });
  }
  return merged.size > keysMax ? undefined : [...merged.values()];
}

/** A struct without fields has no columns to be stored in. */
function storable(type: DataType): DataType {
  switch (type.kind) {
    case "null":
      return jsonType;
    case "list":
      return { ...type, item: { ...type.item, type: storable(type.item.type) } };
    case "struct":
      if (type.fields.length === 0) return jsonType;
      return {
        ...type,
        fields: type.fields.map((field) => ({ ...field, type: storable(field.type) })),
      };
    default:
      return type;
  }
}

/** Undefined where a sampled value is no record, or has too many keys. */
export function inferJsonFields(records: readonly unknown[]): readonly Field[] | undefined {
  let fields: readonly Field[] | undefined = [];
  for (const record of records) {
    if (typeof record !== "object" || record === null || Array.isArray(record)) return undefined;
    fields = mergeFields(fields, fieldsOfRecord(record));
    if (fields === undefined) return undefined;
  }
  return fields.map((field) => ({ ...field, type: storable(field.type) }));
}
