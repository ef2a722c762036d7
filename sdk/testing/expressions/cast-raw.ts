// One value as a value of another type, step by step over exact fractions and calendar fields.

import { decimalText } from "../../../proto/batch/decimal.ts";
import { type DataType, sameType, typeText } from "../../../proto/plan/types.ts";
import { type DecimalType, type Raw, rowOfRaw, unanswerable } from "./raw-values.ts";
import {
  isoDate,
  isoTimestamp,
  localMicros,
  microsOfDay,
  microsOfLocal,
  readIso,
} from "./zone-times.ts";

/** Thrown within this file for a value that the type cannot hold. */
const misfit = Symbol("misfit");

function inRange(value: bigint, type: DataType): Raw {
  const bits = { int32: 31n, int53: 53n, int64: 63n, timestamp: 63n, date: 31n }[
    type.kind as "int32"
  ];
  const limit = 2n ** bits;
  const lowest = type.kind === "int53" ? 1n - limit : -limit;
  if (value < lowest || value >= limit) throw misfit;
  return type.kind === "int64" || type.kind === "timestamp" ? value : Number(value);
}

/** `digits / 10^scale`, rounded half away from zero to a whole number of 10^-wanted. */
function toScale(digits: bigint, scale: number, wanted: number): bigint {
  if (wanted >= scale) return digits * 10n ** BigInt(wanted - scale);
  const unit = 10n ** BigInt(scale - wanted);
  const size = digits < 0n ? -digits : digits;
  const up = (size % unit) * 2n >= unit ? 1n : 0n;
  const rounded = size / unit + up;
  return digits < 0n ? -rounded : rounded;
}

function asDecimal(digits: bigint, scale: number, to: DecimalType): bigint {
  const value = toScale(digits, scale, to.scale);
  const length = String(value < 0n ? -value : value).length;
  if (length > to.precision && value !== 0n) throw misfit;
  return value;
}

/** A number's text as digits and a scale. */
function digitsOf(text: string): { readonly digits: bigint; readonly scale: number } {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text);
  const [, sign, whole = "", fraction = "", exponent = "0"] = match ?? [];
  if (match === null || whole + fraction === "") throw misfit;
  const size = BigInt(whole + fraction);
  const scale = fraction.length - Number(exponent);
  const digits = sign === "-" ? -size : size;
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

function fromText(text: string, to: DataType): Raw {
  switch (to.kind) {
    case "bool":
      if (text !== "true" && text !== "false") throw misfit;
      return text === "true";
    case "int32":
    case "int53":
    case "int64":
      if (!/^[+-]?[0-9]+$/.test(text)) throw misfit;
      return inRange(BigInt(text.replace("+", "")), to);
    case "float64": {
      const isName = /^([+-]?Infinity|NaN)$/.test(text);
      if (!isName && !/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text)) throw misfit;
      return Number(text);
    }
    case "decimal": {
      const { digits, scale } = digitsOf(text);
      return asDecimal(digits, scale, to);
    }
    case "date": {
      const read = readIso(text, "date");
      if (read === undefined) throw misfit;
      return Number(read.micros / microsOfDay);
    }
    case "timestamp": {
      const read = readIso(text, "time");
      if (read === undefined) throw misfit;
      if (read.offset === undefined) return inRange(microsOfLocal(read.micros, to.zone), to);
      if (to.zone === undefined) throw misfit;
      return inRange(read.micros - BigInt(read.offset) * 1_000_000n, to);
    }
    case "binary":
      return new TextEncoder().encode(text);
    default:
      return undefined;
  }
}

function fromFloat(value: number, to: DataType): Raw {
  switch (to.kind) {
    case "bool":
      if (Number.isNaN(value)) throw misfit;
      return value !== 0;
    case "int32":
    case "int53":
    case "int64":
      if (!Number.isFinite(value)) throw misfit;
      return inRange(BigInt(value < 0 ? Math.ceil(value) : Math.floor(value)), to);
    case "float64":
      return value;
    case "decimal": {
      const { digits, scale } = digitsOf(String(value));
      return asDecimal(digits, scale, to);
    }
    case "utf8":
      return String(value);
    default:
      return undefined;
  }
}

function fromExact(digits: bigint, scale: number, to: DataType): Raw {
  switch (to.kind) {
    case "bool":
      return digits !== 0n;
    case "int32":
    case "int53":
    case "int64":
      return inRange(toScale(digits, scale, 0), to);
    case "float64":
      return Number(decimalText(digits, scale));
    case "decimal":
      return asDecimal(digits, scale, to);
    case "utf8":
      return decimalText(digits, scale);
    default:
      return undefined;
  }
}

function fromTime(raw: Raw, from: DataType, to: DataType): Raw {
  const zone = from.kind === "timestamp" ? from.zone : undefined;
  const micros = from.kind === "date" ? BigInt(raw as number) * microsOfDay : (raw as bigint);
  const local = localMicros(micros, zone);
  switch (to.kind) {
    case "utf8":
      return from.kind === "date" ? isoDate(local) : isoTimestamp(micros, zone);
    case "date":
      return Number((local - (((local % microsOfDay) + microsOfDay) % microsOfDay)) / microsOfDay);
    case "timestamp": {
      const isInstant = from.kind === "timestamp" && zone !== undefined;
      if (isInstant && to.zone !== undefined) return micros;
      return inRange(microsOfLocal(local, to.zone), to);
    }
    default:
      return undefined;
  }
}

function fromNested(raw: Raw, from: DataType, to: DataType): Raw {
  if (from.kind === "list" && to.kind === "list") {
    return (raw as readonly Raw[]).map((item) => converted(item, from.item.type, to.item.type));
  }
  if (from.kind !== "struct" || to.kind !== "struct") return undefined;
  const struct = raw as Readonly<Record<string, Raw>>;
  const entries = to.fields.map(({ name, type }) => {
    const own = from.fields.find((field) => field.name === name);
    return [name, own === undefined ? null : converted(struct[name] ?? null, own.type, type)];
  });
  return Object.fromEntries(entries) as Raw;
}

/** undefined where there is no such cast. */
function converted(raw: Raw, from: DataType, to: DataType): Raw {
  if (raw === null) return null;
  if (sameType(from, to)) return raw;
  if (to.kind === "json") return rowOfRaw(raw, from);
  switch (from.kind) {
    case "utf8":
      return fromText(raw as string, to);
    case "float64":
      return fromFloat(raw as number, to);
    case "int32":
    case "int53":
    case "int64":
      return fromExact(BigInt(raw as number), 0, to);
    case "decimal":
      return fromExact(raw as bigint, from.scale, to);
    case "bool":
      return to.kind === "utf8" ? String(raw) : fromExact(raw === true ? 1n : 0n, 0, to);
    case "date":
    case "timestamp":
      return fromTime(raw, from, to);
    case "binary":
      return to.kind === "utf8" ? textOfBytes(raw as Uint8Array) : undefined;
    default:
      return fromNested(raw, from, to);
  }
}

function textOfBytes(bytes: Uint8Array): string {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const again = new TextEncoder().encode(text);
  if (again.length !== bytes.length || again.some((byte, index) => byte !== bytes[index]))
    throw misfit;
  return text;
}

export function castRaw(
  raw: Raw,
  from: DataType,
  to: DataType,
  onFailure: "error" | "null",
  text: string,
): Raw {
  try {
    const value = converted(raw, from, to);
    if (value !== undefined) return value;
  } catch (thrown) {
    if (thrown !== misfit) throw thrown;
    if (onFailure === "null") return null;
    throw unanswerable(text, `a value of the type ${typeText(from)} is no ${typeText(to)}`);
  }
  throw unanswerable(text, `there is no cast from ${typeText(from)} to ${typeText(to)}`);
}
