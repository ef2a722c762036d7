// Numbers from one type to another, whole columns at a time.

import { readDecimal, writeDecimal } from "../../../proto/batch/decimal.ts";
import { type DataType, decimalType, typeText } from "../../../proto/plan/types.ts";
import { exactDoubles, wordsOfDoubles } from "./exact-doubles.ts";
import { valueError } from "./kernel.ts";
import { runLoop } from "./loops.ts";
import {
  formOf,
  isShort,
  isValidAt,
  type NumberVector,
  numbersToWords,
  numberVector,
  type Vector,
  type WordVector,
  wordsOf,
  wordVector,
} from "./vector.ts";

export const safeIntegerMax = 2 ** 53 - 1;

export function powerOfTen(exponent: number): bigint {
  return 10n ** BigInt(exponent);
}

/** Of a decimal itself; of whole numbers that which holds all of them. */
export function decimalOf(type: DataType): Extract<DataType, { kind: "decimal" }> {
  const digits = { int32: 10, int53: 16, int64: 19 }[type.kind as "int32"] ?? 38;
  const decimal = type.kind === "decimal" ? type : decimalType(digits, 0);
  return decimal as Extract<DataType, { kind: "decimal" }>;
}

function scaleOf(type: DataType): number {
  return type.kind === "decimal" ? type.scale : 0;
}

/** The bigint of one slot: whole numbers, timestamps, and the digits of decimals. */
export function bigintAt(vector: Vector, row: number): bigint {
  const slot = vector.constant ? 0 : row;
  if (vector.form === "number") return BigInt(vector.values[slot]!);
  return readDecimal((vector as WordVector).values, wordsOf(vector.type), slot);
}

const toFloat: Readonly<Partial<Record<Vector["form"], string>>> = {
  number: "out[i] = x;",
  words: "out[i] = xh * 4294967296 + xl;",
};

/** Any number as a double, rounded to the nearest. */
export function toDoubles(vector: Vector): NumberVector {
  const { type, length, valid, constant } = vector;
  if (type.kind === "float64") return vector as NumberVector;
  const out = new Float64Array(length);
  const scale = scaleOf(type);
  if (scale > 0 || wordsOf(type) === 2) decimalsToDoubles(vector, out, scale);
  else runLoop(toFloat[vector.form]!, [{ ...vector, constant: false }], out, length);
  return { ...numberVector({ kind: "float64" }, out, valid), constant };
}

function decimalsToDoubles(vector: Vector, out: Float64Array, scale: number): void {
  if (vector.form === "number" && scale <= 22) {
    // Both are exact, so that the quotient is the nearest double.
    runLoop(`out[i] = x / 1e${scale};`, [{ ...vector, constant: false }], out, out.length);
    return;
  }
  const digits = scale <= 22 ? exactDoubles(vector) : undefined;
  if (digits !== undefined) {
    const divisor = 10 ** scale;
    for (let i = 0; i < out.length; i++) out[i] = digits[i]! / divisor;
    return;
  }
  for (let i = 0; i < out.length; i++) {
    if (isValidAt(vector, i)) out[i] = Number(`${bigintAt(vector, i)}e-${scale}`);
  }
}

/**
 * A whole number or decimal as one of another type that holds all its values: no value fails.
 * Throws where a decimal has too many digits for the type.
 */
export function widened(vector: Vector, to: DataType, text: string): Vector {
  const from = vector.type;
  if (to.kind === "float64") return toDoubles(vector);
  if (from.kind === to.kind && from.kind !== "decimal") return { ...vector, type: to };
  const shift = scaleOf(to) - scaleOf(from);
  const { valid, constant, length } = vector;
  if (vector.form === "number") {
    const form = formOf(to);
    if (shift === 0) {
      if (form === "words" && wordsOf(to) === 1) {
        return { ...wordVector(to, numbersToWords(vector.values), valid), constant };
      }
      if (form === "number" && !isShort(to)) {
        return { ...numberVector(to, Float64Array.from(vector.values), valid), constant };
      }
    }
    if (form === "number" && shift > 0) {
      const out = new Float64Array(length);
      const limit = to.kind === "decimal" ? 10 ** to.precision - 1 : safeIntegerMax;
      const body = `const v = x * ${10 ** shift}; out[i] = v; if (v > ${limit} || v < -${limit}) fail;`;
      const failed = runLoop(body, [{ ...vector, constant: false }], out, length, valid);
      if (failed >= 0) throw tooWide(vector, failed, to, text);
      return { ...numberVector(to, out, valid), constant };
    }
  }
  const doubles = widenedDoubles(vector, to, shift);
  if (doubles !== undefined) return { ...doubles, constant };
  return { ...widenedByBigint(vector, to, shift, text), constant };
}

/** Undefined where a value, or what it becomes, is not exact as a double, or has too many digits. */
function widenedDoubles(vector: Vector, to: DataType, shift: number): Vector | undefined {
  const digits = exactDoubles(vector);
  if (digits === undefined || shift < 0 || formOf(to) !== "words") return undefined;
  const { length, valid } = vector;
  const max =
    to.kind === "decimal" ? Math.min(safeIntegerMax, 10 ** to.precision - 1) : safeIntegerMax;
  const factor = 10 ** shift;
  const out = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const value = digits[i]! * factor;
    if (value <= max && value >= -max) out[i] = value;
    else if (isValidAt(vector, i)) return undefined;
  }
  return wordsOfDoubles(to, out, valid);
}

function widenedByBigint(vector: Vector, to: DataType, shift: number, text: string): Vector {
  const { length, valid } = vector;
  const words = wordsOf(to);
  const out = new BigInt64Array(length * words);
  const factor = powerOfTen(Math.max(shift, 0));
  const limit = to.kind === "decimal" ? powerOfTen(to.precision) : 1n << 63n;
  for (let i = 0; i < length; i++) {
    if (!isValidAt(vector, i)) continue;
    const value = bigintAt(vector, i) * factor;
    if (value >= limit || value <= -limit) throw tooWide(vector, i, to, text);
    writeDecimal(out, words, i, value);
  }
  const wide = wordVector(to, out, valid);
  if (formOf(to) === "words") return wide;
  return numberVector(to, Float64Array.from(out, Number), valid);
}

function tooWide(vector: Vector, row: number, to: DataType, text: string) {
  const digits = `${bigintAt(vector, row)}e-${scaleOf(vector.type)}`;
  return valueError(text, `${digits} has too many digits for ${typeText(to)}`);
}
