// Arrow data as columns: views of its buffers where the layouts are the same.

import {
  type Data,
  type DateUnit,
  type Decimal,
  type Field,
  type Timestamp,
  Type,
} from "apache-arrow";
import { assert, EngineError } from "../errors.ts";
import { nullsKey, typeKey } from "./arrow-types.ts";
import { type Column, decimalWords, type NullMeaning } from "./column.ts";

function nullsOf(field: Field): NullMeaning {
  return field.metadata.get(nullsKey) === "missing" ? "missing" : "null";
}

function unknownType(field: Field): EngineError {
  return new EngineError(
    "MESSAGE_INVALID",
    `column ${field.name} of a batch has the Arrow type ${String(field.type)}, which is not known here`,
  );
}

/** The words of our own width: Arrow has 128 bits for every decimal. */
function decimalValues(data: Data, precision: number): BigInt64Array {
  const raw = data.values as Uint32Array;
  const words = new BigInt64Array(raw.buffer, raw.byteOffset, data.length * 2);
  if (decimalWords(precision) === 2) return words;
  const out = new BigInt64Array(data.length);
  for (let i = 0; i < out.length; i++) out[i] = words[2 * i]!;
  return out;
}

const perSecond = [1n, 1000n, 1_000_000n, 1_000_000_000n];
const microsecondsUnit = 2;

function microsecondsOf(values: BigInt64Array, unit: number): BigInt64Array {
  if (unit === microsecondsUnit) return values;
  const from = perSecond[unit]!;
  if (unit < microsecondsUnit) return values.map((value) => (value * 1_000_000n) / from);
  // Nanoseconds are rounded down, also before 1970.
  return values.map((value) => (value - (((value % 1000n) + 1000n) % 1000n)) / 1000n);
}

const dayUnit: DateUnit = 0;

function daysOf(data: Data, unit: DateUnit): Int32Array {
  if (unit === dayUnit) return (data.values as Int32Array).subarray(0, data.length);
  const days = data.values as BigInt64Array;
  return Int32Array.from({ length: data.length }, (_, i) => Number(days[i]! / 86_400_000n));
}

export function columnOf(field: Field, data: Data): Column {
  const { length } = data;
  assert(data.offset === 0, `column ${field.name} is a slice`);
  const validity = data.nullCount > 0 ? (data.nullBitmap ?? undefined) : undefined;
  const base = { name: field.name, length, nulls: nullsOf(field), validity };
  const declared = field.metadata.get(typeKey);
  const offsets = () => (data.valueOffsets as Int32Array).subarray(0, length + 1);
  switch (field.type.typeId) {
    case Type.Utf8: {
      const type = declared === "json" ? "json" : "utf8";
      return { ...base, type, offsets: offsets(), values: data.values as Uint8Array };
    }
    case Type.Binary:
      return { ...base, type: "binary", offsets: offsets(), values: data.values as Uint8Array };
    case Type.Float: {
      const values = data.values as Float64Array | Float32Array | Uint16Array;
      if (values instanceof Float64Array) {
        return { ...base, type: "float64", values: values.subarray(0, length) };
      }
      if (!(values instanceof Float32Array)) throw unknownType(field);
      return { ...base, type: "float64", values: Float64Array.from(values.subarray(0, length)) };
    }
    case Type.Int:
      return intColumn(base, field, data, declared);
    case Type.Date:
      return {
        ...base,
        type: "date",
        values: daysOf(data, (field.type as { unit: DateUnit }).unit),
      };
    case Type.Timestamp: {
      const { unit, timezone } = field.type as Timestamp;
      const values = (data.values as BigInt64Array).subarray(0, length);
      const zone = timezone ?? undefined;
      return { ...base, type: "timestamp", zone, values: microsecondsOf(values, unit) };
    }
    case Type.Decimal: {
      const { precision, scale, bitWidth } = field.type as Decimal;
      if (bitWidth !== 128) throw unknownType(field);
      return { ...base, type: "decimal", precision, scale, values: decimalValues(data, precision) };
    }
    case Type.Bool:
      return { ...base, type: "bool", values: data.values as Uint8Array };
    case Type.Null:
      return { ...base, validity: undefined, type: "null" };
    case Type.List: {
      const item = columnOf(field.type.children[0] as Field, data.children[0]!);
      return { ...base, type: "list", offsets: offsets(), item: { ...item, name: "item" } };
    }
    case Type.Struct: {
      const fields = (field.type.children as Field[]).map((child, index) =>
        columnOf(child, data.children[index]!),
      );
      return { ...base, type: "struct", fields };
    }
    default:
      throw unknownType(field);
  }
}

function intColumn(
  base: Pick<Column, "name" | "length" | "nulls" | "validity">,
  field: Field,
  data: Data,
  declared: string | undefined,
): Column {
  const { length } = base;
  const values = data.values as
    | BigInt64Array
    | BigUint64Array
    | Int32Array
    | Int16Array
    | Int8Array
    | Uint32Array;
  if (values instanceof BigInt64Array) {
    const type = declared === "int53" ? "int53" : "int64";
    return { ...base, type, values: values.subarray(0, length) };
  }
  if (values instanceof BigUint64Array) throw unknownType(field);
  if (values instanceof Int32Array) {
    return { ...base, type: "int32", values: values.subarray(0, length) };
  }
  if (values instanceof Uint32Array) {
    const wide = BigInt64Array.from({ length }, (_, i) => BigInt(values[i]!));
    return { ...base, type: "int53", values: wide };
  }
  return { ...base, type: "int32", values: Int32Array.from(values.subarray(0, length)) };
}
