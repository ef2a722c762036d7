// Columns of mixed values, as rows of closures may make them, in the narrowest type that keeps every value.

import { buildColumnAs } from "../../../proto/batch/build-column.ts";
import type { Column, TextColumn } from "../../../proto/batch/column.ts";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import { columnText } from "../../../proto/plan/expr-text.ts";
import {
  anyType,
  binaryType,
  boolType,
  type DataType,
  float64Type,
  instantType,
  int64Type,
  jsonType,
  listType,
  nullType,
  utf8Type,
} from "../../../proto/plan/types.ts";

export function isPlainJson(column: Column): column is TextColumn {
  return column.type === "json";
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (value instanceof Date) return "date";
  if (value instanceof Uint8Array) return "bytes";
  if (Array.isArray(value)) return "list";
  return typeof value === "object" ? "record" : typeof value;
}

const ofKind: Readonly<Record<string, DataType>> = {
  string: utf8Type,
  number: float64Type,
  boolean: boolType,
  bigint: int64Type,
  date: instantType,
  bytes: binaryType,
};

function fits(kind: string, value: unknown): boolean {
  switch (kind) {
    case "string":
      return (value as unknown as { isWellFormed(): boolean }).isWellFormed();
    case "bigint":
      return BigInt.asIntN(64, value as bigint) === value;
    case "date":
      return Number.isFinite((value as { getTime(): number }).getTime());
    default:
      return true;
  }
}

/** Types of structs that were found in values: another batch may show more fields. */
const openStructs = new WeakSet<DataType>();

export function isOpenStruct(type: DataType): boolean {
  return openStructs.has(type);
}

function structType(records: readonly Readonly<Record<string, unknown>>[]): DataType {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const type: DataType = {
    kind: "struct",
    fields: names.map((name) => ({
      name,
      type: settledType(records.map((record) => record[name])).type,
      nullable: true,
    })),
  };
  openStructs.add(type);
  return type;
}

interface Settled {
  readonly type: DataType;
  /** The kinds of values that have no type in common. */
  readonly kinds: readonly string[];
}

/** The narrowest type of values; `json` where they have none in common. */
function settledType(values: readonly unknown[]): Settled {
  const present = values.filter((value) => value !== null && value !== undefined);
  const kinds = [...new Set(present.map(kindOf))];
  const [kind] = kinds;
  if (kind === undefined) return { type: nullType, kinds };
  if (kinds.length > 1) {
    const isWhole = (value: unknown) => typeof value === "bigint" || Number.isSafeInteger(value);
    const isNumbers = kinds.every((one) => one === "number" || one === "bigint");
    const whole =
      isNumbers && present.every(isWhole) && present.every((one) => fits(kindOf(one), one));
    return { type: whole ? int64Type : jsonType, kinds };
  }
  if (kind === "list") {
    const { type } = settledType((present as unknown as readonly (readonly unknown[])[]).flat(1));
    return { type: listType(type.kind === "null" ? nullType : type), kinds };
  }
  if (kind === "record") {
    return {
      type: structType(present as unknown as readonly Readonly<Record<string, unknown>>[]),
      kinds,
    };
  }
  const type = ofKind[kind] ?? anyType;
  return { type: present.every((value) => fits(kind, value)) ? type : jsonType, kinds };
}

/** The column in a type of its own, or as it is with the reason why it has none. */
export function settledJson(column: TextColumn): {
  readonly column: Column;
  readonly type: DataType;
  readonly mixture: string | undefined;
} {
  const values = columnValues(column).map((value) => value ?? null);
  const { type, kinds } = settledType(values);
  if (type.kind !== "json") {
    return { column: buildColumnAs(column.name, type, values, "null"), type, mixture: undefined };
  }
  const mixture =
    `column ${columnText(column.name)} holds ${kinds.join(" and ")} in one batch; ` +
    "give its values one type first";
  return { column: { ...column, validity: withoutNulls(values) }, type, mixture };
}

/** The null of tagged JSON as a null of the column. */
function withoutNulls(values: readonly unknown[]): Uint8Array | undefined {
  if (!values.includes(null)) return undefined;
  const bits = new Uint8Array((values.length + 7) >> 3);
  for (let i = 0; i < values.length; i++) {
    if (values[i] !== null) bits[i >> 3] = bits[i >> 3]! | (1 << (i & 7));
  }
  return bits;
}
