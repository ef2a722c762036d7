// Columns of Arrow files that others wrote: every type that ours can hold, whatever its layout is.

import {
  type Field as ArrowField,
  type Data,
  type Decimal,
  type Dictionary,
  type FixedSizeList,
  type Int,
  type Time,
  type Timestamp,
  Type,
  Vector,
} from "apache-arrow";
import { EngineError } from "../errors.ts";
import {
  binaryType,
  boolType,
  type DataType,
  dateType,
  decimalPrecisionMax,
  decimalType,
  type Field,
  float64Type,
  int32Type,
  int53Type,
  int64Type,
  jsonType,
  nullType,
  utf8Type,
} from "../plan/types.ts";
import { columnOf } from "./arrow-read.ts";
import { typeKey } from "./arrow-types.ts";
import { buildColumnAs } from "./build-column.ts";
import { type Column, isValid } from "./column.ts";
import { columnValues } from "./decode-column.ts";

export function arrowFault(uri: string, what: string): EngineError {
  return new EngineError("INPUT_MALFORMED", `${uri} cannot be read as Arrow: ${what}`, {
    file: uri,
  });
}

function unknownType(field: ArrowField, uri: string): EngineError {
  return arrowFault(
    uri,
    `column "${field.name}" has the type ${String(field.type)}, which is not known here`,
  );
}

function intType({ bitWidth, isSigned }: Int, declared: string | undefined): DataType {
  if (bitWidth === 64) {
    return declared === "int53" ? int53Type : isSigned ? int64Type : decimalType(20, 0);
  }
  return bitWidth === 32 && !isSigned ? int53Type : int32Type;
}

/** A dictionary's values as a field of their own. */
function wordsField(field: ArrowField): ArrowField {
  const { dictionary } = field.type as Dictionary;
  return { ...field, type: dictionary, metadata: field.metadata } as ArrowField;
}

function typeOf(field: ArrowField, uri: string): DataType {
  const { type } = field;
  const declared = field.metadata.get(typeKey);
  switch (type.typeId) {
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return declared === "json" ? jsonType : utf8Type;
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
    case Type.FixedSizeBinary:
      return binaryType;
    case Type.Bool:
      return boolType;
    case Type.Null:
      return nullType;
    case Type.Float:
      return float64Type;
    case Type.Date:
      return dateType;
    case Type.Int:
      return intType(type as Int, declared);
    case Type.Time:
      return (type as Time).bitWidth === 32 ? int32Type : int53Type;
    case Type.Timestamp: {
      const { timezone } = type as Timestamp;
      return timezone ? { kind: "timestamp", zone: timezone } : { kind: "timestamp" };
    }
    case Type.Decimal: {
      const { precision, scale, bitWidth } = type as Decimal;
      const isHeld = precision <= decimalPrecisionMax && scale >= 0 && scale <= precision;
      if (!isHeld || bitWidth < 128) throw unknownType(field, uri);
      return decimalType(precision, scale);
    }
    case Type.List:
    case Type.LargeList:
    case Type.FixedSizeList:
    case Type.Map: {
      const [item] = type.children as ArrowField[];
      return { kind: "list", item: { ...foreignField(item!, uri), name: "item" } };
    }
    case Type.Struct:
      return {
        kind: "struct",
        fields: (type.children as ArrowField[]).map((child) => foreignField(child, uri)),
      };
    case Type.Dictionary:
      return typeOf(wordsField(field), uri);
    default:
      throw unknownType(field, uri);
  }
}

/** Throws INPUT_MALFORMED, naming the column, for types that no column can hold. */
export function foreignField(field: ArrowField, uri: string): Field {
  return { name: field.name, type: typeOf(field, uri), nullable: field.nullable };
}

/** Types whose layout is not ours, by way of their values. */
function columnByValues(field: ArrowField, data: Data, type: DataType): Column {
  const vector = new Vector([data]);
  const values = Array.from({ length: data.length }, (_, index) => vector.get(index) as unknown);
  return buildColumnAs(field.name, type, values, "null");
}

function codesOf(data: Data): Int32Array {
  const { values, length } = data;
  if (values instanceof Int32Array) return values.subarray(0, length);
  return Int32Array.from({ length }, (_, index) => Number(values[index]));
}

/** What every column says of itself. */
function baseOf(field: ArrowField, data: Data) {
  const validity = data.nullCount > 0 ? (data.nullBitmap ?? undefined) : undefined;
  return { name: field.name, length: data.length, nulls: "null", validity } as const;
}

/** Values as `buildColumnAs` takes them, times without loss. */
function exactValues(column: Column): readonly unknown[] {
  if (column.type !== "timestamp") return columnValues(column);
  const { values } = column;
  return Array.from(values, (value, index) => (isValid(column, index) ? value : null));
}

function dictionaryColumn(field: ArrowField, data: Data, uri: string): Column {
  const type = typeOf(field, uri);
  // Batches after the first may add words of their own.
  const words = (data.dictionary?.data ?? []).map((piece) =>
    foreignColumn(wordsField(field), piece, uri),
  );
  const base = baseOf(field, data);
  const [only] = words;
  if (words.length === 1 && only?.type === "utf8" && only.validity === undefined) {
    return { ...base, type: "dictionary", codes: codesOf(data), dictionary: only };
  }
  const values = words.flatMap(exactValues);
  const isNull = (row: number) =>
    base.validity !== undefined && ((base.validity[row >> 3]! >> (row & 7)) & 1) === 0;
  const valueAt = (code: number, row: number) => (isNull(row) ? null : values[code]);
  return buildColumnAs(field.name, type, Array.from(codesOf(data), valueAt), "null");
}

function offsetsOf(field: ArrowField, data: Data, uri: string): Int32Array {
  const { length } = data;
  if (field.type.typeId === Type.FixedSizeList) {
    const { listSize } = field.type as FixedSizeList;
    return Int32Array.from({ length: length + 1 }, (_, index) => index * listSize);
  }
  const offsets = data.valueOffsets as Int32Array | BigInt64Array;
  if (offsets instanceof Int32Array) return offsets.subarray(0, length + 1);
  if (offsets[length]! > 0x7fffffffn) {
    throw arrowFault(
      uri,
      `a batch of "${field.name}" has ${offsets[length]!} items; write smaller ones`,
    );
  }
  return Int32Array.from({ length: length + 1 }, (_, index) => Number(offsets[index]));
}

const unsignedPrecision = 20;

/** Low and high word of each, the latter zero. */
function unsignedColumn(field: ArrowField, data: Data): Column {
  const from = data.values as BigUint64Array;
  const values = new BigInt64Array(2 * data.length);
  for (let row = 0; row < data.length; row++) values[2 * row] = BigInt.asIntN(64, from[row]!);
  const shape = { type: "decimal", precision: unsignedPrecision, scale: 0 } as const;
  return { ...baseOf(field, data), ...shape, values };
}

/** Milliseconds of what has 32 bits, microseconds of what has 64. */
function timeColumn(field: ArrowField, data: Data): Column {
  const { unit } = field.type as Time;
  const base = baseOf(field, data);
  const { length } = data;
  if (data.values instanceof Int32Array) {
    const values = data.values.subarray(0, length);
    return { ...base, type: "int32", values: unit === 0 ? values.map((at) => at * 1000) : values };
  }
  const values = (data.values as BigInt64Array).subarray(0, length);
  return { ...base, type: "int53", values: unit === 3 ? values.map((at) => at / 1000n) : values };
}

/** Of 256 bits the lower 128, which hold all digits of the precisions that are known. */
function narrowDecimal(field: ArrowField, data: Data): Data {
  const words = data.values as Uint32Array;
  const stride = (field.type as Decimal).bitWidth / 32;
  const narrow = new Uint32Array(4 * data.length);
  for (let row = 0; row < data.length; row++) {
    narrow.set(words.subarray(stride * row, stride * row + 4), 4 * row);
  }
  return {
    ...data,
    values: narrow,
    nullCount: data.nullCount,
    nullBitmap: data.nullBitmap,
  } as Data;
}

/** The column as ours: views of the file's bytes where the layouts are the same. */
export function foreignColumn(field: ArrowField, data: Data, uri: string): Column {
  const { type } = field;
  switch (type.typeId) {
    case Type.LargeUtf8:
    case Type.Utf8View:
    case Type.LargeBinary:
    case Type.BinaryView:
    case Type.FixedSizeBinary:
      return columnByValues(field, data, typeOf(field, uri));
    case Type.Float:
      return data.values instanceof Uint16Array
        ? columnByValues(field, data, float64Type)
        : columnOf(field, data);
    case Type.Int:
      return data.values instanceof BigUint64Array
        ? unsignedColumn(field, data)
        : columnOf(field, data);
    case Type.Time:
      return timeColumn(field, data);
    case Type.Decimal: {
      const { bitWidth, precision, scale } = type as Decimal;
      if (bitWidth === 128) return columnOf(field, data);
      const narrow = {
        ...field,
        type: { ...type, typeId: type.typeId, bitWidth: 128, precision, scale },
      };
      return columnOf(narrow as unknown as ArrowField, narrowDecimal(field, data));
    }
    case Type.Dictionary:
      return dictionaryColumn(field, data, uri);
    case Type.List:
    case Type.LargeList:
    case Type.FixedSizeList:
    case Type.Map: {
      const [child] = type.children as ArrowField[];
      const item = { ...foreignColumn(child!, data.children[0]!, uri), name: "item" };
      return { ...baseOf(field, data), type: "list", offsets: offsetsOf(field, data, uri), item };
    }
    case Type.Struct: {
      const fields = (type.children as ArrowField[]).map((child, index) =>
        foreignColumn(child, data.children[index]!, uri),
      );
      return { ...baseOf(field, data), type: "struct", fields };
    }
    default:
      return columnOf(field, data);
  }
}
