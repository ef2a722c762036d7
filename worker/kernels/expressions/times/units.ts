// Starts, steps and differences of calendar units, on the clocks of a time's zone.

import { addMonths, civilOfDays, dayOfWeek, daysOfCivil } from "./civil.ts";
import { type LocalTime, localOfMicros, microsOfDay, microsOfLocal } from "./local.ts";

export type Unit =
  | { readonly kind: "months"; readonly months: number }
  | { readonly kind: "days"; readonly days: number }
  | { readonly kind: "clock"; readonly micros: number };

const units: Readonly<Record<string, Unit>> = {
  year: { kind: "months", months: 12 },
  quarter: { kind: "months", months: 3 },
  month: { kind: "months", months: 1 },
  week: { kind: "days", days: 7 },
  day: { kind: "days", days: 1 },
  hour: { kind: "clock", micros: 3_600_000_000 },
  minute: { kind: "clock", micros: 60_000_000 },
  second: { kind: "clock", micros: 1_000_000 },
  millisecond: { kind: "clock", micros: 1000 },
};

export const unitNames: readonly string[] = Object.keys(units);

export function unitOf(name: string): Unit | undefined {
  return Object.hasOwn(units, name) ? units[name] : undefined;
}

/** The first day of the unit that holds the day. */
export function startOfDays(days: number, unit: Unit): number {
  switch (unit.kind) {
    case "months": {
      const { year, month } = civilOfDays(days);
      const first = Math.floor((month - 1) / unit.months) * unit.months + 1;
      return daysOfCivil(year, first, 1);
    }
    case "days":
      return unit.days === 7 ? days - dayOfWeek(days) + 1 : days;
    case "clock":
      return days;
  }
}

export function startOfMicros(micros: bigint, unit: Unit, zone: string | undefined): bigint {
  const local = localOfMicros(micros, zone);
  // Within a day the clock's rest is taken off the instant: an hour that comes twice stays the same one.
  if (unit.kind === "clock") return micros - BigInt(local.micros % unit.micros);
  return microsOfLocal({ days: startOfDays(local.days, unit), micros: 0 }, zone);
}

/** Undefined where the unit is shorter than a day. */
export function addToDays(days: number, count: number, unit: Unit): number | undefined {
  switch (unit.kind) {
    case "months":
      return addMonths(days, count * unit.months);
    case "days":
      return days + count * unit.days;
    case "clock":
      return undefined;
  }
}

/** Days and longer move the calendar and keep the clock; hours and shorter move the instant. */
export function addToMicros(
  micros: bigint,
  count: number,
  unit: Unit,
  zone: string | undefined,
): bigint {
  if (unit.kind === "clock") return micros + BigInt(count) * BigInt(unit.micros);
  const local = localOfMicros(micros, zone);
  return microsOfLocal({ ...local, days: addToDays(local.days, count, unit)! }, zone);
}

function ordinal({ days, micros }: LocalTime, unit: Unit): number {
  switch (unit.kind) {
    case "months": {
      const { year, month } = civilOfDays(days);
      return Math.floor((year * 12 + month - 1) / unit.months);
    }
    case "days":
      return Math.floor((startOfDays(days, unit) + 3) / unit.days);
    case "clock":
      return days * (microsOfDay / unit.micros) + Math.floor(micros / unit.micros);
  }
}

/** How many units start after `from` and not after `to`; negative where `to` is earlier. */
export function unitsBetween(from: LocalTime, to: LocalTime, unit: Unit): number {
  return ordinal(to, unit) - ordinal(from, unit);
}
