// One raw value as a value of another type: what a cast means.

import { decimalText } from "../../../proto/batch/decimal.ts";
import type { DataType } from "../../../proto/plan/types.ts";
import { sameType } from "../../../proto/plan/types.ts";
import type { Raw } from "./raw.ts";
import { dateText, parseDate, parseTimestamp, timestampText } from "./times/iso.ts";
import { fitsDate, fitsTimestamp, localOfMicros, microsOfLocal } from "./times/local.ts";

/** The type cannot hold the value. */
export const failed: unique symbol = Symbol("failed");

/** undefined: there is no such cast, whatever the value. */
type CastOfValue = ((value: never) => Raw | typeof failed) | undefined;

const safeMax = BigInt(Number.MAX_SAFE_INTEGER);

function wholeFromBigint(value: bigint, to: DataType): Raw | typeof failed {
  switch (to.kind) {
    case "int32":
      return BigInt.asIntN(32, value) === value ? Number(value) : failed;
    case "int53":
      return value <= safeMax && value >= -safeMax ? Number(value) : failed;
    default:
      return BigInt.asIntN(64, value) === value ? value : failed;
  }
}

/** `a / b` rounded to the nearest, halves away from zero; `b` is positive. */
export function divideHalfUp(a: bigint, b: bigint): bigint {
  const size = a < 0n ? -a : a;
  const rounded = (2n * size + b) / (2n * b);
  return a < 0n ? -rounded : rounded;
}

function rescaled(value: bigint, from: number, to: number): bigint {
  if (to >= from) return value * 10n ** BigInt(to - from);
  return divideHalfUp(value, 10n ** BigInt(from - to));
}

type DecimalType = Extract<DataType, { kind: "decimal" }>;

function fitted(value: bigint, to: DecimalType): bigint | typeof failed {
  const limit = 10n ** BigInt(to.precision);
  return value < limit && value > -limit ? value : failed;
}

const numberPattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

/** Digits of a number's text as a decimal, rounded half away from zero. */
function decimalOfText(text: string, to: DecimalType): bigint | typeof failed {
  const match = numberPattern.exec(text);
  if (match === null) return failed;
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return failed;
  const scale = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  const value =
    scale >= 0 ? rescaled(digits, scale, to.scale) : digits * 10n ** BigInt(to.scale - scale);
  return fitted(sign === "-" ? -value : value, to);
}

const wholePattern = /^[+-]?\d+$/;
const floatPattern = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|Infinity)$|^NaN$/;

export function parseWhole(text: string, to: DataType): Raw | typeof failed {
  if (!wholePattern.test(text)) return failed;
  // BigInt knows no plus sign.
  return wholeFromBigint(BigInt(text.startsWith("+") ? text.slice(1) : text), to);
}

export function parseFloatText(text: string): number | typeof failed {
  return floatPattern.test(text) ? Number(text) : failed;
}

function fromText(to: DataType): CastOfValue {
  switch (to.kind) {
    case "bool":
      return (text: string) => (text === "true" ? true : text === "false" ? false : failed);
    case "int32":
    case "int53":
    case "int64":
      return (text: string) => parseWhole(text, to);
    case "float64":
      return parseFloatText;
    case "decimal":
      return (text: string) => decimalOfText(text, to);
    case "date":
      return (text: string) => {
        const days = parseDate(text);
        return days !== undefined && fitsDate(days) ? days : failed;
      };
    case "timestamp":
      return (text: string) => {
        const micros = parseTimestamp(text, to.zone);
        return micros !== undefined && fitsTimestamp(micros) ? micros : failed;
      };
    case "binary":
      return (text: string) => new TextEncoder().encode(text);
    default:
      return undefined;
  }
}

function fromNumber(to: DataType): CastOfValue {
  switch (to.kind) {
    case "bool":
      return (value: number) => (Number.isNaN(value) ? failed : value !== 0);
    case "int32":
    case "int53":
    case "int64":
      return (value: number) =>
        Number.isFinite(value) ? wholeFromBigint(BigInt(Math.trunc(value)), to) : failed;
    case "float64":
      return (value: number) => value;
    case "decimal":
      return (value: number) => decimalOfText(String(value), to);
    case "utf8":
      return (value: number) => String(value);
    default:
      return undefined;
  }
}

function fromInt64(to: DataType): CastOfValue {
  switch (to.kind) {
    case "bool":
      return (value: bigint) => value !== 0n;
    case "int32":
    case "int53":
    case "int64":
      return (value: bigint) => wholeFromBigint(value, to);
    case "float64":
      return (value: bigint) => Number(value);
    case "decimal":
      return (value: bigint) => fitted(rescaled(value, 0, to.scale), to);
    case "utf8":
      return (value: bigint) => String(value);
    default:
      return undefined;
  }
}

function fromDecimal(from: DecimalType, to: DataType): CastOfValue {
  const { scale } = from;
  switch (to.kind) {
    case "bool":
      return (value: bigint) => value !== 0n;
    case "int32":
    case "int53":
    case "int64":
      return (value: bigint) => wholeFromBigint(rescaled(value, scale, 0), to);
    case "float64":
      return (value: bigint) => Number(`${value}e-${scale}`);
    case "decimal":
      return (value: bigint) => fitted(rescaled(value, scale, to.scale), to);
    case "utf8":
      return (value: bigint) => decimalText(value, scale);
    default:
      return undefined;
  }
}

function fromBool(to: DataType): CastOfValue {
  switch (to.kind) {
    case "int32":
    case "int53":
    case "float64":
      return (value: boolean) => Number(value);
    case "int64":
      return (value: boolean) => BigInt(value);
    case "decimal":
      return (value: boolean) => fitted(rescaled(BigInt(value), 0, to.scale), to);
    case "utf8":
      return (value: boolean) => String(value);
    default:
      return undefined;
  }
}

function fromDate(to: DataType): CastOfValue {
  switch (to.kind) {
    case "utf8":
      return dateText;
    case "timestamp":
      return (days: number) => {
        const micros = microsOfLocal({ days, micros: 0 }, to.zone);
        return fitsTimestamp(micros) ? micros : failed;
      };
    default:
      return undefined;
  }
}

function fromTimestamp(zone: string | undefined, to: DataType): CastOfValue {
  switch (to.kind) {
    case "utf8":
      return (micros: bigint) => timestampText(micros, zone);
    case "date":
      return (micros: bigint) => localOfMicros(micros, zone).days;
    case "timestamp": {
      if ((zone === undefined) === (to.zone === undefined)) return (micros: bigint) => micros;
      return (micros: bigint) => {
        const there = microsOfLocal(localOfMicros(micros, zone), to.zone);
        return fitsTimestamp(there) ? there : failed;
      };
    }
    default:
      return undefined;
  }
}

function fromBinary(to: DataType): CastOfValue {
  if (to.kind !== "utf8") return undefined;
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return (bytes: Uint8Array) => {
    try {
      return decoder.decode(bytes);
    } catch {
      return failed;
    }
  };
}

type ListType = Extract<DataType, { kind: "list" }>;
type StructType = Extract<DataType, { kind: "struct" }>;

function fromList(from: ListType, to: DataType): CastOfValue {
  if (to.kind !== "list") return undefined;
  const item = castOfValue(from.item.type, to.item.type);
  if (item === undefined) return undefined;
  return (items: readonly Raw[]) => {
    const out = items.map((one) => (one === null ? null : item(one as never)));
    return out.includes(failed) ? failed : out;
  };
}

/** Field by field, by name; one that is missing is null. */
function fromStruct(from: StructType, to: DataType): CastOfValue {
  if (to.kind !== "struct") return undefined;
  const casts = to.fields.map(({ name, type }) => {
    const own = from.fields.find((field) => field.name === name);
    return { name, cast: own === undefined ? () => null : castOfValue(own.type, type) };
  });
  if (casts.some(({ cast }) => cast === undefined)) return undefined;
  return (struct: Readonly<Record<string, Raw>>) => {
    const entries = casts.map(({ name, cast }): [string, Raw] => {
      const value = struct[name] ?? null;
      return [name, value === null ? null : cast!(value as never)];
    });
    return entries.some(([, value]) => value === failed) ? failed : Object.fromEntries(entries);
  };
}

/** What makes a value of `from` one of `to`; undefined where nothing does. Values are not null. */
export function castOfValue(from: DataType, to: DataType): CastOfValue {
  if (sameType(from, to)) return (value: Raw) => value;
  switch (from.kind) {
    case "null":
      return () => null;
    case "utf8":
      return fromText(to);
    case "float64":
    case "int32":
    case "int53":
      return fromNumber(to);
    case "int64":
      return fromInt64(to);
    case "decimal":
      return fromDecimal(from, to);
    case "bool":
      return fromBool(to);
    case "date":
      return fromDate(to);
    case "timestamp":
      return fromTimestamp(from.zone, to);
    case "binary":
      return fromBinary(to);
    case "list":
      return fromList(from, to);
    case "struct":
      return fromStruct(from, to);
    case "json":
    case "any":
      return undefined;
  }
}
