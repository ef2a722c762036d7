// The types of columns: what a schema declares, a plan checks, a batch holds and a file stores.

/**
 * `int53`: whole numbers that are safe as a JavaScript `number`. `int64`: `bigint`. `date`: days since 1970.
 * `json`: a nested or mixed value as tagged JSON. `null`: nothing but nulls. `any`: not known before the run.
 */
export type ScalarKind =
  | "null"
  | "bool"
  | "int32"
  | "int53"
  | "int64"
  | "float64"
  | "utf8"
  | "binary"
  | "date"
  | "json"
  | "any";

export type DataType =
  | { readonly kind: ScalarKind }
  /** Microseconds since 1970. With a zone an instant that is shown in that zone, else a clock on a wall. */
  | { readonly kind: "timestamp"; readonly zone?: string }
  /** `precision` digits (at most 38), `scale` of them after the point. */
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "list"; readonly item: Field }
  | { readonly kind: "struct"; readonly fields: readonly Field[] };

export type DataTypeKind = DataType["kind"];

export interface Field {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
}

/** Columns in order; names are unique. */
export interface Schema {
  readonly fields: readonly Field[];
}

const scalar = (kind: ScalarKind): DataType => Object.freeze({ kind });

export const nullType = scalar("null");
export const boolType = scalar("bool");
export const int32Type = scalar("int32");
export const int53Type = scalar("int53");
export const int64Type = scalar("int64");
export const float64Type = scalar("float64");
export const utf8Type = scalar("utf8");
export const binaryType = scalar("binary");
export const dateType = scalar("date");
export const jsonType = scalar("json");
export const anyType = scalar("any");
export const instantType: DataType = Object.freeze({ kind: "timestamp", zone: "UTC" });

/** Digits of the widest decimal. */
export const decimalPrecisionMax = 38;
/** Up to this many digits a decimal fits one word of 64 bits. */
export const decimalPrecisionOfOneWord = 18;

export function decimalType(precision: number, scale: number): DataType {
  return { kind: "decimal", precision, scale };
}

export function listType(item: DataType, nullable = true): DataType {
  return { kind: "list", item: { name: "item", type: item, nullable } };
}

/** `decimal(15,2)`, `list<utf8>`, `struct<a: int32, b: utf8?>`: what plans and errors show. */
export function typeText(type: DataType): string {
  switch (type.kind) {
    case "timestamp":
      return type.zone === undefined ? "timestamp" : `timestamp(${type.zone})`;
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "list":
      return `list<${typeText(type.item.type)}${type.item.nullable ? "?" : ""}>`;
    case "struct":
      return `struct<${type.fields.map(fieldText).join(", ")}>`;
    default:
      return type.kind;
  }
}

export function fieldText(field: Field): string {
  return `${field.name}: ${typeText(field.type)}${field.nullable ? "?" : ""}`;
}

export function schemaText(schema: Schema): string {
  return `{${schema.fields.map(fieldText).join(", ")}}`;
}

/** Names of fields count in structs, not in lists; nullability does not count. */
export function sameType(a: DataType, b: DataType): boolean {
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case "timestamp":
      return a.zone === (b as typeof a).zone;
    case "decimal":
      return a.precision === (b as typeof a).precision && a.scale === (b as typeof a).scale;
    case "list":
      return sameType(a.item.type, (b as typeof a).item.type);
    case "struct": {
      const other = (b as typeof a).fields;
      if (a.fields.length !== other.length) return false;
      return a.fields.every(({ name, type }, index) => {
        const field = other[index]!;
        return name === field.name && sameType(type, field.type);
      });
    }
    default:
      return true;
  }
}

export function isNumeric(type: DataType): boolean {
  return ["int32", "int53", "int64", "float64", "decimal"].includes(type.kind);
}

/** Whole digits that a type of whole numbers may need as a decimal. */
const integerDigits: Readonly<Partial<Record<DataTypeKind, number>>> = {
  int32: 10,
  int53: 16,
  int64: 19,
};

/** The decimals that hold all numbers of the type. */
export function asDecimal(type: DataType): { readonly precision: number; readonly scale: number } {
  if (type.kind === "decimal") return type;
  return { precision: integerDigits[type.kind] ?? decimalPrecisionMax, scale: 0 };
}

function commonNumber(a: DataType, b: DataType): DataType {
  const either = (kind: DataTypeKind) => a.kind === kind || b.kind === kind;
  if (either("float64")) return float64Type;
  if (either("decimal")) {
    const left = asDecimal(a);
    const right = asDecimal(b);
    const scale = Math.max(left.scale, right.scale);
    const whole = Math.max(left.precision - left.scale, right.precision - right.scale);
    return decimalType(Math.min(whole + scale, decimalPrecisionMax), scale);
  }
  if (either("int64")) return int64Type;
  return either("int53") ? int53Type : int32Type;
}

/** The type that holds the values of both; undefined where there is none short of `json`. */
export function commonType(a: DataType, b: DataType): DataType | undefined {
  if (sameType(a, b)) return a;
  if (a.kind === "null") return b;
  if (b.kind === "null") return a;
  if (a.kind === "any" || b.kind === "any") return anyType;
  if (isNumeric(a) && isNumeric(b)) return commonNumber(a, b);
  const kinds = new Set<DataTypeKind>([a.kind, b.kind]);
  if (kinds.has("date") && kinds.has("timestamp")) return a.kind === "timestamp" ? a : b;
  // Both are instants: only what they show differs.
  if (a.kind === "timestamp" && b.kind === "timestamp" && a.zone && b.zone) return instantType;
  if (a.kind === "list" && b.kind === "list") {
    const item = commonType(a.item.type, b.item.type);
    return item && listType(item, a.item.nullable || b.item.nullable);
  }
  return undefined;
}

export function findField(schema: Schema, name: string): Field | undefined {
  return schema.fields.find((field) => field.name === name);
}

export function namesIn({ fields }: Schema): ReadonlySet<string> {
  return new Set(fields.map(({ name }) => name));
}
