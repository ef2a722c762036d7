// Values of fields of CSV and NDJSON, straight from their bytes.

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
 * A decimal number without an exponent, exactly rounded: of at most 15 digits by one division, whose operands are
 * exact (Clinger, "How to Read Floating Point Numbers Accurately", PLDI 1990), of up to 19 as `longQuotient` says.
 * NaN for anything else.
 */
export function smallDecimal(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const isNegative = bytes[at] === 45;
  if (isNegative || bytes[at] === 43) at++;
  let value = 0;
  let tail = 0;
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
    // Zeros in front are no digits: `0.` comes before most of them.
    if (digits < 15) value = value * 10 + digit;
    else tail = tail * 10 + digit;
    if (digits > 0 || digit > 0) digits++;
    if (scale >= 0) scale++;
  }
  if (scale > 22 || digits > 19 || end - start <= (isNegative ? 1 : 0)) return Number.NaN;
  if (digits === 0 && !hasDigit(bytes, start, end)) return Number.NaN;
  const divisor = scale > 0 ? powers[scale]! : 1;
  const number =
    digits <= 15 ? value / divisor : longQuotient(value, powers[digits - 15]!, tail, divisor);
  return isNegative ? -number : number;
}

/**
 * A decimal without an exponent as a whole number of units of 10^-scale; NaN where that has more than 15 digits, or for
 * anything else.
 */
export function smallUnits(bytes: Uint8Array, start: number, end: number, scale: number): number {
  const first = bytes[start]!;
  let value = 0;
  let digits = 0;
  let behindPoint = -1;
  for (let at = first === 45 || first === 43 ? start + 1 : start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === 46 && behindPoint < 0) {
      behindPoint = 0;
      continue;
    }
    const digit = byte - zero;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
    digits++;
    if (behindPoint >= 0) behindPoint++;
  }
  const added = scale - Math.max(0, behindPoint);
  if (digits === 0 || added < 0 || digits + added > 15) return Number.NaN;
  const units = value * powers[added]!;
  return first === 45 ? 0 - units : units;
}

function hasDigit(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === zero) return true;
  return false;
}

const splitter = 2 ** 27 + 1;

/** What a product of doubles lost by rounding (Dekker, "A floating-point technique", 1971). */
function productError(a: number, b: number, product: number): number {
  const aBig = a * splitter;
  const bBig = b * splitter;
  const aHigh = aBig - (aBig - a);
  const bHigh = bBig - (bBig - b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/**
 * `(head * shift + tail) / divisor`, rounded once: the quotient is worked out as a sum of two doubles, which is right
 * to 2^-95 of it; NaN where that does not tell which double is nearest. All operands are whole and exact.
 */
function longQuotient(head: number, shift: number, tail: number, divisor: number): number {
  const product = head * shift;
  const sum = product + tail;
  const rest = productError(head, shift, product) + (tail - (sum - product));
  const quotient = sum / divisor;
  const back = quotient * divisor;
  const more = (sum - back - productError(quotient, divisor, back) + rest) / divisor;
  const doubt = quotient * 2 ** -95;
  const nearest = quotient + (more + doubt);
  return nearest === quotient + (more - doubt) ? nearest : Number.NaN;
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

/**
 * The usual way to write a time: `2024-02-29T12:30:00`, with a space for the T, a fraction of up to six digits, and a Z
 * or without them. In microseconds since 1970, exact; NaN for anything else, and for years too far off.
 */
export function clockMicrosOf(bytes: Uint8Array, start: number, end: number): number {
  const stop = bytes[end - 1] === 90 ? end - 1 : end;
  const fractionDigits = stop - start - 20;
  if (stop - start !== 19 && (fractionDigits < 1 || fractionDigits > 6)) return Number.NaN;
  const separator = bytes[start + 10];
  if (separator !== 84 && separator !== 32) return Number.NaN;
  if (bytes[start + 13] !== 58 || bytes[start + 16] !== 58) return Number.NaN;
  const days = dayOf(bytes, start, start + 10);
  const hour = digitsAt(bytes, start + 11, 2);
  const minute = digitsAt(bytes, start + 14, 2);
  const second = digitsAt(bytes, start + 17, 2);
  if (!(hour < 24 && minute < 60 && second < 60)) return Number.NaN;
  let micros = 0;
  if (fractionDigits > 0) {
    if (bytes[start + 19] !== 46) return Number.NaN;
    micros = digitsAt(bytes, start + 20, fractionDigits) * powers[6 - fractionDigits]!;
  }
  const value = (days * 86_400 + hour * 3600 + minute * 60 + second) * 1_000_000 + micros;
  return Number.isSafeInteger(value) ? value : Number.NaN;
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
