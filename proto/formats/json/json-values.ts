// Values of JSON as values of typed columns: checked, and converted where JSON has no type of its own.

import { fitsDecimal, parseDecimal } from "../../batch/decimal.ts";
import { type DataType, type Field, typeText } from "../../plan/types.ts";
import { clockOf, dayOf } from "../fields/field-values.ts";
import { asDoubles, LongNumber } from "./long-numbers.ts";

/** What does not fit, with the path to it. */
export class JsonFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = "JsonFault";
  }
}

function unfit(value: unknown, type: DataType, path: string): JsonFault {
  const text = value instanceof LongNumber ? value.digits : JSON.stringify(value);
  const shown = text?.slice(0, 80) ?? "nothing";
  return new JsonFault(`${shown} at "${path}" is no ${typeText(type)}`);
}

const encoder = new TextEncoder();

/** The value, of `parseJson`, as buildColumnAs takes it. Throws JsonFault where it is none of the type. */
export function valueOfJson(value: unknown, field: Field, path: string): unknown {
  const { type, nullable } = field;
  if (value === null || value === undefined) {
    if (nullable || type.kind === "null") return null;
    throw new JsonFault(`"${path}" is missing, which the schema says is never null`);
  }
  if (value instanceof LongNumber) return valueOfDigits(value, type, path);
  switch (type.kind) {
    case "utf8":
      if (typeof value === "string") return value;
      throw unfit(value, type, path);
    case "bool":
      if (typeof value === "boolean") return value;
      throw unfit(value, type, path);
    case "float64":
      if (typeof value === "number") return value;
      throw unfit(value, type, path);
    case "int32":
      if (typeof value === "number" && (value | 0) === value) return value;
      throw unfit(value, type, path);
    case "int53":
      if (Number.isSafeInteger(value)) return value;
      throw unfit(value, type, path);
    case "int64":
      return int64OfJson(value, type, path);
    case "decimal": {
      const isShown = typeof value === "number" || typeof value === "string";
      if (isShown && fitsDecimal(value, type.precision, type.scale)) return value;
      throw unfit(value, type, path);
    }
    case "date":
    case "timestamp":
      return timeOfJson(value, type, path);
    case "binary":
      return bytesOfJson(value, type, path);
    case "json":
      return asDoubles(value);
    case "list":
      if (!Array.isArray(value)) throw unfit(value, type, path);
      return value.map((item, index) => valueOfJson(item, type.item, `${path}[${index}]`));
    case "struct": {
      if (typeof value !== "object" || Array.isArray(value)) throw unfit(value, type, path);
      const record = value as Readonly<Record<string, unknown>>;
      return Object.fromEntries(
        type.fields.map((inner) => {
          const own = Object.hasOwn(record, inner.name) ? record[inner.name] : undefined;
          return [inner.name, valueOfJson(own, inner, `${path}.${inner.name}`)];
        }),
      );
    }
    default:
      throw unfit(value, type, path);
  }
}

/** Exact where the type is, the nearest double where that is what the type holds. */
function valueOfDigits(value: LongNumber, type: DataType, path: string): unknown {
  const { digits } = value;
  switch (type.kind) {
    case "float64":
    case "json":
      return value.nearest;
    case "decimal":
      if (fitsDecimal(digits, type.precision, type.scale)) return digits;
      throw unfit(value, type, path);
    case "int32":
    case "int53": {
      const whole = Number(wholeOfDigits(digits) ?? Number.NaN);
      const fits = type.kind === "int32" ? (whole | 0) === whole : Number.isSafeInteger(whole);
      if (fits) return whole;
      throw unfit(value, type, path);
    }
    case "int64": {
      const whole = wholeOfDigits(digits);
      if (whole !== undefined && BigInt.asIntN(64, whole) === whole) return whole;
      throw unfit(value, type, path);
    }
    default:
      throw unfit(value, type, path);
  }
}

/** Undefined for what is no whole number, or far too large. */
export function wholeOfDigits(digits: string): bigint | undefined {
  return parseDecimal(digits, 38, 0);
}

/** A number that JSON.parse loses nothing of, or a text of digits. */
function int64OfJson(value: unknown, type: DataType, path: string): bigint {
  if (Number.isSafeInteger(value)) return BigInt(value as number);
  if (typeof value === "string" && /^-?\d{1,19}$/.test(value)) {
    const whole = BigInt(value);
    if (BigInt.asIntN(64, whole) === whole) return whole;
  }
  throw unfit(value, type, path);
}

/** Base64, as bytes are written. */
function bytesOfJson(value: unknown, type: DataType, path: string): Uint8Array {
  if (typeof value !== "string") throw unfit(value, type, path);
  try {
    return Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
  } catch {
    throw unfit(value, type, path);
  }
}

function timeOfJson(value: unknown, type: DataType, path: string): unknown {
  if (typeof value !== "string") throw unfit(value, type, path);
  if (type.kind === "date") {
    const bytes = encoder.encode(value);
    const days = dayOf(bytes, 0, bytes.length);
    if (Number.isNaN(days)) throw unfit(value, type, path);
    return new Date(days * 86_400_000);
  }
  const clock = clockOf(value);
  const isInstant = type.kind === "timestamp" && type.zone !== undefined;
  if (clock === undefined || (clock.hasZone && !isInstant)) throw unfit(value, type, path);
  return clock.microseconds;
}
