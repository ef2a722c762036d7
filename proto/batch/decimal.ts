// Decimals between their text, as rows see them, and the words in which columns store them.

import { EngineError } from "../errors.ts";

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/**
 * `12.34`, or `1.234e1`, at scale 2 is 1234n. Undefined for what is no decimal, or has digits that the type cannot hold:
 * nothing is rounded.
 */
export function parseDecimal(text: string, precision: number, scale: number): bigint | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  const behindPoint = scale - fraction.length + Number(exponent);
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  if (digits === "") return 0n;
  // Before powers are made of exponents: those may be of any length.
  if (digits.length + behindPoint > precision || digits.length + behindPoint < 1) return undefined;
  const kept = digits.slice(0, digits.length + Math.min(0, behindPoint));
  if (/[1-9]/.test(digits.slice(kept.length))) return undefined;
  const value = BigInt(kept.padEnd(digits.length + behindPoint, "0"));
  return sign === "-" ? -value : value;
}

/** 1234n at scale 2 is `12.34`; always with all digits of the scale. */
export function decimalText(value: bigint, scale: number): string {
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString().padStart(scale + 1, "0");
  const sign = negative ? "-" : "";
  if (scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** Whether `decimalOfRow` takes the value. */
export function fitsDecimal(value: number | string, precision: number, scale: number): boolean {
  return parseDecimal(String(value), precision, scale) !== undefined;
}

/** A decimal of a row: its text, or a number or bigint with no more digits than the type holds. */
export function decimalOfRow(value: unknown, precision: number, scale: number): bigint {
  const text = String(value);
  const parsed = parseDecimal(text, precision, scale);
  if (parsed !== undefined) return parsed;
  throw new EngineError(
    "VALUE_UNSUPPORTED",
    `${typeof value} ${JSON.stringify(text.slice(0, 100))} does not fit decimal(${precision},${scale}); ` +
      "round it first, or give the column more digits",
  );
}

export function readDecimal(values: BigInt64Array, words: 1 | 2, index: number): bigint {
  if (words === 1) return values[index]!;
  return (values[2 * index + 1]! << 64n) | BigInt.asUintN(64, values[2 * index]!);
}

export function writeDecimal(
  values: BigInt64Array,
  words: 1 | 2,
  index: number,
  value: bigint,
): void {
  if (words === 1) {
    values[index] = value;
    return;
  }
  values[2 * index] = BigInt.asIntN(64, value);
  values[2 * index + 1] = value >> 64n;
}
