// Dates and times as text by ISO 8601, and back.

import { civilOfDays, daysOfCivil, isDate } from "./civil.ts";
import { type LocalTime, localOfMicros, microsOfLocal, secondsOf } from "./local.ts";
import { zoneOf } from "./zones.ts";

const two = (value: number): string => String(value).padStart(2, "0");

/** Four digits, or a sign and six. */
export function yearText(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, "0");
  return `${year < 0 ? "-" : "+"}${String(Math.abs(year)).padStart(6, "0")}`;
}

export function dateText(days: number): string {
  const { year, month, day } = civilOfDays(days);
  return `${yearText(year)}-${two(month)}-${two(day)}`;
}

/** `+01:00`; seconds only where the offset has some. */
export function offsetText(seconds: number): string {
  const size = Math.abs(seconds);
  const rest = size % 60 === 0 ? "" : `:${two(size % 60)}`;
  const sign = seconds < 0 ? "-" : "+";
  return `${sign}${two(Math.floor(size / 3600))}:${two(Math.floor(size / 60) % 60)}${rest}`;
}

function fractionText(micros: number): string {
  if (micros === 0) return "";
  const digits = String(micros).padStart(6, "0");
  return `.${digits.endsWith("000") ? digits.slice(0, 3) : digits}`;
}

function clockText(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return clock.map(two).join(":") + fractionText(micros % 1_000_000);
}

/** `2024-02-29T13:05:00.25Z`; with the offset of another zone; with none of a time without zone. */
export function timestampText(micros: bigint, zoneName: string | undefined): string {
  const local = localOfMicros(micros, zoneName);
  const text = `${dateText(local.days)}T${clockText(local.micros)}`;
  if (zoneName === undefined) return text;
  if (zoneOf(zoneName) === undefined) return `${text}Z`;
  return text + offsetText(offsetOf(micros, zoneName));
}

/** Seconds east of UTC. */
export function offsetOf(micros: bigint, zoneName: string): number {
  return zoneOf(zoneName)?.offsetAt(secondsOf(localOfMicros(micros, undefined))) ?? 0;
}

const datePattern = /^([+-]\d{6}|\d{4})-(\d\d)-(\d\d)/;

/** The date at the start of a text, and how many characters it takes. */
function dateAtStart(text: string): { readonly days: number; readonly length: number } | undefined {
  const match = datePattern.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  if (!isDate(year, month, day)) return undefined;
  return { days: daysOfCivil(year, month, day), length: match[0].length };
}

/** Days since 1970; undefined of what is no date. */
export function parseDate(text: string): number | undefined {
  const found = dateAtStart(text);
  return found?.length === text.length ? found.days : undefined;
}

const clockPattern =
  /^(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(Z|([+-])(\d\d):?(\d\d)(?::(\d\d))?)?)?$/;

export function parseOffset(sign: string, hours: string, minutes: string, seconds = "0"): number {
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign === "-" ? -size : size;
}

/** An offset in the text makes it an instant, which a time without zone cannot hold. */
export function parseTimestamp(text: string, zoneName: string | undefined): bigint | undefined {
  const date = dateAtStart(text);
  if (date === undefined) return undefined;
  const match = clockPattern.exec(text.slice(date.length));
  if (match === null) return undefined;
  const [, hour = "0", minute = "0", second = "0", fraction = "", zone, sign, ...offset] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  const micros = seconds * 1_000_000 + Number(fraction.padEnd(6, "0"));
  const local: LocalTime = { days: date.days, micros };
  if (zone === undefined) return microsOfLocal(local, zoneName);
  if (zoneName === undefined) return undefined;
  const utc = microsOfLocal(local, undefined);
  if (zone === "Z") return utc;
  const east = parseOffset(sign!, offset[0]!, offset[1]!, offset[2]);
  return utc - BigInt(east) * 1_000_000n;
}
