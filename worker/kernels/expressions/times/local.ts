// Timestamps as days and microseconds of the day on the clocks of their zone, and back.

import { zoneOf } from "./zones.ts";

export const microsOfDay = 86_400_000_000;
const microsOfDayWide = 86_400_000_000n;

export interface LocalTime {
  readonly days: number;
  /** 0 to 86 399 999 999. */
  readonly micros: number;
}

/** Numbers beyond 2^53 would round; those are split as bigints. */
const exactMicros = 9_007_199_254_740_991;

function split(micros: bigint): LocalTime {
  const small = Number(micros);
  if (small <= exactMicros && small >= -exactMicros) {
    const days = Math.floor(small / microsOfDay);
    return { days, micros: small - days * microsOfDay };
  }
  const rest = ((micros % microsOfDayWide) + microsOfDayWide) % microsOfDayWide;
  return { days: Number((micros - rest) / microsOfDayWide), micros: Number(rest) };
}

function moved({ days, micros }: LocalTime, seconds: number): LocalTime {
  if (seconds === 0) return { days, micros };
  const shifted = micros + seconds * 1_000_000;
  const carry = Math.floor(shifted / microsOfDay);
  return { days: days + carry, micros: shifted - carry * microsOfDay };
}

export function localOfMicros(micros: bigint, zoneName: string | undefined): LocalTime {
  const utc = split(micros);
  const zone = zoneOf(zoneName);
  if (zone === undefined) return utc;
  return moved(utc, zone.offsetAt(secondsOf(utc)));
}

export function secondsOf({ days, micros }: LocalTime): number {
  return days * 86_400 + Math.floor(micros / 1_000_000);
}

/** Microseconds since 1970; may lie outside 64 bits. */
export function microsOfLocal(local: LocalTime, zoneName: string | undefined): bigint {
  const zone = zoneOf(zoneName);
  const { days, micros } =
    zone === undefined ? local : moved(local, -zone.offsetOfLocal(secondsOf(local)));
  return BigInt(days) * microsOfDayWide + BigInt(micros);
}

export function fitsTimestamp(micros: bigint): boolean {
  return BigInt.asIntN(64, micros) === micros;
}

export function fitsDate(days: number): boolean {
  return (days | 0) === days;
}
