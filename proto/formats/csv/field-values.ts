// Values of CSV fields, straight from their bytes.

import { daysOfDate } from "../calendar.ts";

const zero = 48;

function digitsAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = bytes[i]! - zero;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** A whole number of at most 15 digits; NaN for anything else. */
export function smallInteger(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start]!;
  const from = first === 45 || first === 43 ? start + 1 : start;
  if (end - from > 15 || end === from) return Number.NaN;
  const value = digitsAt(bytes, from, end - from);
  return first === 45 ? 0 - value : value;
}

const powers = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/**
 * A decimal number without an exponent of at most 15 digits, exactly rounded: below 2^53 both the digits and
 * the power of ten are exact, so that one division rounds once (Clinger, "How to Read Floating Point Numbers
 * Accurately", PLDI 1990). NaN for anything else.
 */
export function smallDecimal(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const isNegative = bytes[at] === 45;
  if (isNegative || bytes[at] === 43) at++;
  let value = 0;
  let digits = 0;
  let scale = -1;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === 46 && scale < 0) {
      scale = 0;
      continue;
    }
    const digit = byte - zero;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
    digits++;
    if (scale >= 0) scale++;
  }
  if (digits === 0 || digits > 15) return Number.NaN;
  const number = scale > 0 ? value / powers[scale]! : value;
  return isNegative ? -number : number;
}

/** `2024-02-29` as days since 1970; NaN for anything else. */
export function dayOf(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== 10 || bytes[start + 4] !== 45 || bytes[start + 7] !== 45) return Number.NaN;
  const year = digitsAt(bytes, start, 4);
  const month = digitsAt(bytes, start + 5, 2);
  const day = digitsAt(bytes, start + 8, 2);
  if (Number.isNaN(year + month + day)) return Number.NaN;
  return daysOfDate(year, month, day) ?? Number.NaN;
}

const clockText =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)? ?(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/;

export interface ClockValue {
  readonly microseconds: bigint;
  readonly hasZone: boolean;
}

function offsetMinutes(zone: string): number {
  if (zone === "Z" || zone === "UTC") return 0;
  const digits = zone.slice(1).replace(":", "");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || 0);
  return zone.startsWith("-") ? -minutes : minutes;
}

/** Date and time of day as ISO 8601 and SQL write them, with or without a zone; undefined for anything else. */
export function clockOf(text: string): ClockValue | undefined {
  const match = clockText.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone] = match;
  const days = daysOfDate(Number(year), Number(month), Number(day));
  const isClock = Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
  if (days === undefined || !isClock) return undefined;
  const minutes =
    Number(hour) * 60 + Number(minute) - (zone === undefined ? 0 : offsetMinutes(zone));
  const seconds = BigInt(days) * 86_400n + BigInt(minutes * 60 + Number(second));
  const microseconds = seconds * 1_000_000n + BigInt(fraction.slice(0, 6).padEnd(6, "0"));
  return { microseconds, hasZone: zone !== undefined };
}
