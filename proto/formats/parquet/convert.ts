// Stored values to values of the type that is wanted, once per page or dictionary.

import { decimalWords } from "../../batch/column.ts";
import { EngineError } from "../../errors.ts";
import { type DataType, typeText } from "../../plan/types.ts";
import type { Written } from "./dense.ts";
import type { TimeUnit } from "./metadata.ts";
import type { LeafNode } from "./schema.ts";
import type { Stored } from "./values.ts";

export function doesNotFit(leaf: LeafNode, wanted: DataType): EngineError {
  return new EngineError(
    "INPUT_MALFORMED",
    `column "${leaf.name}" holds ${typeText(leaf.type)}, where the schema says ${typeText(wanted)}`,
  );
}

function outside(leaf: LeafNode, wanted: DataType, value: bigint): EngineError {
  return new EngineError(
    "INPUT_MALFORMED",
    `column "${leaf.name}" holds ${value}, which is no ${typeText(wanted)}`,
  );
}

function halvesOf(values: BigInt64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2);
}

/** 32 bits to 64, or to the 128 of a wide decimal. */
function widen(values: Int32Array, unsigned: boolean, words: 1 | 2): BigInt64Array {
  const out = new BigInt64Array(values.length * words);
  const halves = halvesOf(out);
  const step = words * 2;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const sign = unsigned ? 0 : value >> 31;
    halves[step * i] = value;
    for (let half = 1; half < step; half++) halves[step * i + half] = sign;
  }
  return out;
}

function twoWords(values: BigInt64Array, unsigned: boolean): BigInt64Array {
  const out = new BigInt64Array(values.length * 2);
  const from = halvesOf(values);
  const to = halvesOf(out);
  for (let i = 0; i < values.length; i++) {
    const sign = unsigned ? 0 : from[2 * i + 1]! >> 31;
    to[4 * i] = from[2 * i]!;
    to[4 * i + 1] = from[2 * i + 1]!;
    to[4 * i + 2] = sign;
    to[4 * i + 3] = sign;
  }
  return out;
}

/** Big-endian two's complement of any width to one or two words. */
function decimalsOf(
  bytes: Uint8Array,
  startOf: (index: number) => number,
  count: number,
  words: 1 | 2,
  leaf: LeafNode,
): BigInt64Array {
  const out = new BigInt64Array(count * words);
  const little = new Uint8Array(out.buffer);
  const size = words * 8;
  for (let i = 0; i < count; i++) {
    const start = startOf(i);
    const width = startOf(i + 1) - start;
    const sign = width > 0 && bytes[start]! >= 0x80 ? 0xff : 0;
    const base = i * size;
    for (let byte = 0; byte < size; byte++) {
      const at = start + width - 1 - byte;
      little[base + byte] = byte < width ? bytes[at]! : sign;
    }
    for (let byte = size; byte < width; byte++) {
      // More bytes than the precision needs are only more signs.
      if (bytes[start + width - 1 - byte] !== sign) throw doesNotFit(leaf, leaf.type);
    }
  }
  return out;
}

const perMillisecond = 1000n;

/** To microseconds; nanoseconds are rounded down. */
function microseconds(values: BigInt64Array, unit: TimeUnit): BigInt64Array {
  if (unit === "us") return values;
  if (unit === "ms") return values.map((value) => value * perMillisecond);
  const out = new BigInt64Array(values.length);
  const from = halvesOf(values);
  const to = halvesOf(out);
  for (let i = 0; i < values.length; i++) {
    // Long division by halves: no step of it leaves the whole numbers that a float holds.
    const high = from[2 * i + 1]!;
    const quotient = Math.floor(high / 1000);
    const rest = (high - quotient * 1000) * 4294967296 + (from[2 * i]! >>> 0);
    to[2 * i] = Math.floor(rest / 1000);
    to[2 * i + 1] = quotient;
  }
  return out;
}

const julianDayOfEpoch = 2_440_588;

/** Nanoseconds of the day in 8 bytes, then the Julian day in 4. */
function int96Microseconds(bytes: Uint8Array): BigInt64Array {
  const out = new BigInt64Array(bytes.length / 12);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i < out.length; i++) {
    const nanoseconds = view.getBigInt64(12 * i, true);
    const day = view.getInt32(12 * i + 8, true) - julianDayOfEpoch;
    out[i] = BigInt(day) * 86_400_000_000n + nanoseconds / 1000n;
  }
  return out;
}

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function halves(bytes: Uint8Array): Float64Array {
  const out = new Float64Array(bytes.length >> 1);
  for (let i = 0; i < out.length; i++) out[i] = half(bytes[2 * i]! | (bytes[2 * i + 1]! << 8));
  return out;
}

/** Numbers of at most 53 bits, checked where the file does not promise it. */
function checkSafe(leaf: LeafNode, wanted: DataType, values: BigInt64Array): BigInt64Array {
  const high = halvesOf(values);
  for (let i = 0; i < values.length; i++) {
    const upper = high[2 * i + 1]!;
    if (upper >= 0x200000 || upper < -0x200000) throw outside(leaf, wanted, values[i]!);
  }
  return values;
}

type DecimalType = Extract<DataType, { kind: "decimal" }>;

/** Digits are never rounded, nor cut. */
function holdsDecimal(wanted: DecimalType, type: DecimalType): boolean {
  return wanted.scale === type.scale && wanted.precision >= type.precision;
}

function fromInt32(stored: Int32Array, leaf: LeafNode, wanted: DataType): Written {
  const { logical } = leaf.element;
  const isUnsigned = logical?.kind === "integer" && !logical.signed && logical.bits === 32;
  switch (wanted.kind) {
    case "int32":
    case "date":
      if (leaf.type.kind !== wanted.kind) break;
      return { kind: "int32", values: stored };
    case "int53":
    case "int64":
      if (leaf.type.kind !== "int32" && leaf.type.kind !== "int53") break;
      return { kind: "int64", values: widen(stored, isUnsigned, 1), words: 1 };
    case "float64":
      if (leaf.type.kind !== "int32") break;
      return { kind: "float64", values: Float64Array.from(stored) };
    case "decimal": {
      const { type } = leaf;
      if (type.kind !== "decimal" || !holdsDecimal(wanted, type)) break;
      const words = decimalWords(wanted.precision);
      return { kind: "int64", values: widen(stored, false, words), words };
    }
    default:
      break;
  }
  throw doesNotFit(leaf, wanted);
}

/** Whole numbers of 64 bits without a sign, which are a decimal(20,0) by nature. */
function fromUnsigned64(stored: BigInt64Array, leaf: LeafNode, wanted: DataType): Written {
  if (wanted.kind === "decimal" && wanted.scale === 0 && wanted.precision >= 20) {
    return { kind: "int64", values: twoWords(stored, true), words: 2 };
  }
  if (wanted.kind !== "int64" && wanted.kind !== "int53") throw doesNotFit(leaf, wanted);
  const large = stored.find((value) => value < 0n);
  if (large !== undefined) throw outside(leaf, wanted, BigInt.asUintN(64, large));
  const values = wanted.kind === "int53" ? checkSafe(leaf, wanted, stored) : stored;
  return { kind: "int64", values, words: 1 };
}

function fromInt64(stored: BigInt64Array, leaf: LeafNode, wanted: DataType): Written {
  const { type } = leaf;
  const { logical } = leaf.element;
  if (logical?.kind === "integer" && !logical.signed) return fromUnsigned64(stored, leaf, wanted);
  const isWhole = type.kind === "int64" || type.kind === "int53";
  switch (wanted.kind) {
    case "int64":
      if (!isWhole) break;
      return { kind: "int64", values: stored, words: 1 };
    case "int53": {
      if (!isWhole) break;
      const isNano = logical?.kind === "time" && logical.unit === "ns";
      const values = isNano ? microseconds(stored, "ns") : stored;
      return { kind: "int64", values: checkSafe(leaf, wanted, values), words: 1 };
    }
    case "timestamp":
      if (type.kind !== "timestamp" || logical?.kind !== "timestamp") break;
      if ((type.zone === undefined) !== (wanted.zone === undefined)) break;
      return { kind: "int64", values: microseconds(stored, logical.unit), words: 1 };
    case "decimal": {
      if (type.kind !== "decimal" || !holdsDecimal(wanted, type)) break;
      const words = decimalWords(wanted.precision);
      return { kind: "int64", values: words === 1 ? stored : twoWords(stored, false), words };
    }
    default:
      break;
  }
  throw doesNotFit(leaf, wanted);
}

function fromFixed(
  stored: Extract<Stored, { kind: "fixed" }>,
  leaf: LeafNode,
  wanted: DataType,
): Written {
  const { width, values } = stored;
  const count = values.length / width;
  switch (wanted.kind) {
    case "decimal": {
      const { type } = leaf;
      if (type.kind !== "decimal" || !holdsDecimal(wanted, type)) break;
      const words = decimalWords(wanted.precision);
      const decimals = decimalsOf(values, (index) => index * width, count, words, leaf);
      return { kind: "int64", values: decimals, words };
    }
    case "timestamp":
      if (width !== 12 || leaf.type.kind !== "timestamp" || wanted.zone !== undefined) break;
      return { kind: "int64", values: int96Microseconds(values), words: 1 };
    case "float64":
      if (leaf.type.kind !== "float64") break;
      return { kind: "float64", values: halves(values) };
    case "binary": {
      if (leaf.type.kind !== "binary") break;
      const offsets = Int32Array.from({ length: count + 1 }, (_, index) => index * width);
      return { kind: "bytes", offsets, values };
    }
    default:
      break;
  }
  throw doesNotFit(leaf, wanted);
}

function fromBytes(
  stored: Extract<Stored, { kind: "bytes" }>,
  leaf: LeafNode,
  wanted: DataType,
): Written {
  if (wanted.kind === "decimal" && leaf.type.kind === "decimal") {
    if (!holdsDecimal(wanted, leaf.type)) throw doesNotFit(leaf, wanted);
    const words = decimalWords(wanted.precision);
    const { offsets, values } = stored;
    const count = offsets.length - 1;
    const decimals = decimalsOf(values, (index) => offsets[index]!, count, words, leaf);
    return { kind: "int64", values: decimals, words };
  }
  const isText = wanted.kind === "utf8" || wanted.kind === "json";
  const isSame =
    wanted.kind === leaf.type.kind || (wanted.kind === "json" && leaf.type.kind === "utf8");
  // Many writers do not say that their texts are text.
  const isToldText = isText && leaf.type.kind === "binary";
  if (isSame || isToldText) return stored;
  throw doesNotFit(leaf, wanted);
}

/** Throws INPUT_MALFORMED where the file holds another type, or a value that the wanted type cannot hold. */
export function convertStored(stored: Stored, leaf: LeafNode, wanted: DataType): Written {
  // Such a column has no values, if maybe an empty dictionary.
  if (leaf.type.kind === "null") return { kind: "int32", values: new Int32Array(0) };
  switch (stored.kind) {
    case "int32":
      return fromInt32(stored.values, leaf, wanted);
    case "int64":
      return fromInt64(stored.values, leaf, wanted);
    case "float":
      if (wanted.kind !== "float64") throw doesNotFit(leaf, wanted);
      return { kind: "float64", values: Float64Array.from(stored.values) };
    case "double":
      if (wanted.kind !== "float64") throw doesNotFit(leaf, wanted);
      return { kind: "float64", values: stored.values };
    case "bool":
      if (wanted.kind !== "bool") throw doesNotFit(leaf, wanted);
      return { kind: "bool", values: stored.values };
    case "bytes":
      return fromBytes(stored, leaf, wanted);
    case "fixed":
      return fromFixed(stored, leaf, wanted);
  }
}
