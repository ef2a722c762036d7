// Dates and times, by the calendar of Date.

import type { DataType } from "../../../proto/plan/types.ts";
import { floatOf, type PlainCall, type PlainFunction, wholeOf } from "./plain-call.ts";
import { formatFields, readFormat } from "./plain-formats.ts";
import { type Raw, unanswerable } from "./raw-values.ts";
import {
  daysOf,
  type Fields,
  fieldsOf,
  isRealDate,
  localMicros,
  microsOfDay,
  microsOfLocal,
  offsetSeconds,
} from "./zone-times.ts";

function zoneOf(type: DataType | undefined): string | undefined {
  return type?.kind === "timestamp" ? type.zone : undefined;
}

/** Microseconds since 1970 as its clocks show them. */
function localOf(raw: Raw, zone: string | undefined): bigint {
  return typeof raw === "number" ? BigInt(raw) * microsOfDay : localMicros(raw as bigint, zone);
}

const part = (pick: (fields: Fields) => Raw): PlainFunction => {
  return (call, [time]) => pick(fieldsOf(localOf(time, zoneOf(call.types[0]))));
};

const dayOfYear = (fields: Fields): number => fields.days - daysOf(fields.year, 1, 1) + 1;

/** Week 1 is the one with 4 January. */
function isoWeek(fields: Fields): number {
  const monday = fields.days - fields.weekday + 1;
  const firstMonday = (year: number) => {
    const fourth = daysOf(year, 1, 4);
    return fourth - fieldsOf(BigInt(fourth) * microsOfDay).weekday + 1;
  };
  const year = [fields.year + 1, fields.year, fields.year - 1].find(
    (candidate) => firstMonday(candidate) <= monday,
  )!;
  return (monday - firstMonday(year)) / 7 + 1;
}

const clockUnits: Readonly<Record<string, bigint>> = {
  hour: 3_600_000_000n,
  minute: 60_000_000n,
  second: 1_000_000n,
  millisecond: 1000n,
};
const monthUnits: Readonly<Record<string, number>> = { year: 12, quarter: 3, month: 1 };
const dayUnits: Readonly<Record<string, number>> = { week: 7, day: 1 };

/** The first day of the unit. */
function startOf(unit: string, { year, month, days, weekday }: Fields): number {
  const months = monthUnits[unit];
  if (months !== undefined) return daysOf(year, month - ((month - 1) % months), 1);
  return unit === "week" ? days - weekday + 1 : days;
}

function kept(call: PlainCall, value: number | bigint): Raw {
  const fits =
    typeof value === "bigint" ? BigInt.asIntN(64, value) === value : (value | 0) === value;
  if (!fits) throw unanswerable(call.text, "the time is too far from 1970");
  return value;
}

const dateTrunc: PlainFunction = (call, [unit, time]) => {
  const zone = zoneOf(call.types[1]);
  const name = unit as string;
  const fields = fieldsOf(localOf(time, zone));
  const clock = clockUnits[name];
  if (typeof time === "number") return clock === undefined ? startOf(name, fields) : time;
  const micros = time as bigint;
  if (clock === undefined)
    return kept(call, microsOfLocal(BigInt(startOf(name, fields)) * microsOfDay, zone));
  const local = localOf(time, zone);
  return kept(call, micros - (((local % clock) + clock) % clock));
};

function movedDays(unit: string, count: number, fields: Fields): number {
  const months = monthUnits[unit];
  if (months === undefined) return fields.days + count * dayUnits[unit]!;
  const target = fields.year * 12 + fields.month - 1 + count * months;
  const year = Math.floor(target / 12);
  const month = target - year * 12 + 1;
  const last = fieldsOf(BigInt(daysOf(year, month + 1, 1) - 1) * microsOfDay).day;
  return daysOf(year, month, Math.min(fields.day, last));
}

const dateAdd: PlainFunction = (call, args) => {
  const [unit, , time] = args;
  const name = unit as string;
  const count = wholeOf(call, args, 1)!;
  const zone = zoneOf(call.types[2]);
  const clock = clockUnits[name];
  if (clock !== undefined) {
    if (typeof time === "number") throw unanswerable(call.text, "a date has no such unit");
    return kept(call, (time as bigint) + BigInt(count) * clock);
  }
  const local = localOf(time, zone);
  const fields = fieldsOf(local);
  const days = movedDays(name, count, fields);
  if (typeof time === "number") return kept(call, days);
  const clockPart = local - BigInt(fields.days) * microsOfDay;
  return kept(call, microsOfLocal(BigInt(days) * microsOfDay + clockPart, zone));
};

/** Starts of the unit up to a time, counted from some start. */
function ordinal(unit: string, local: bigint): number {
  const { year, month, days, weekday } = fieldsOf(local);
  if (unit === "year") return year;
  if (unit === "quarter") return year * 4 + Math.ceil(month / 3);
  if (unit === "month") return year * 12 + month;
  if (unit === "week") return (days - weekday + 1 + 3) / 7;
  if (unit === "day") return days;
  const clock = clockUnits[unit]!;
  return Number((local - (((local % clock) + clock) % clock)) / clock);
}

const dateDiff: PlainFunction = (call, [unit, from, to]) => {
  const zone = zoneOf(call.types[1]) ?? zoneOf(call.types[2]);
  const of = (time: Raw) => ordinal(unit as string, localOf(time, zone));
  return of(to) - of(from);
};

const makeTimestamp: PlainFunction = (call, args) => {
  const [year, month, day, hour, minute] = [0, 1, 2, 3, 4].map((i) => wholeOf(call, args, i)!);
  const second = floatOf(call, args, 5);
  const isClock = hour! >= 0 && hour! < 24 && minute! >= 0 && minute! < 60;
  if (!isRealDate(year!, month!, day!) || !isClock || !(second >= 0 && second < 60)) {
    throw unanswerable(call.text, "there is no such time");
  }
  const clock = hour! * 3_600_000_000 + minute! * 60_000_000 + Math.floor(second * 1_000_000);
  return BigInt(daysOf(year!, month!, day!)) * microsOfDay + BigInt(clock);
};

function parsing(onFailure: "error" | "null"): PlainFunction {
  return (call, [text, format, zone = "UTC"]) => {
    const read = readFormat(text as string, format as string);
    if (read === undefined) {
      if (onFailure === "null") return null;
      throw unanswerable(call.text, "the text does not fit the format");
    }
    if (call.result.kind === "date") return fieldsOf(read.micros).days;
    if (read.offset === undefined) return microsOfLocal(read.micros, zone as string);
    return read.micros - BigInt(read.offset) * 1_000_000n;
  };
}

const epoch = (unit: bigint): PlainFunction => {
  return (_, [time]) => {
    const micros = localOf(time, undefined);
    return Number((micros - (((micros % unit) + unit) % unit)) / unit);
  };
};

const fromEpoch = (factor: number): PlainFunction => {
  return (call, args) => {
    const isFraction = ["float64", "decimal"].includes(call.types[0]!.kind);
    if (!isFraction) return kept(call, BigInt(args[0] as number) * BigInt(factor));
    const micros = Math.floor(floatOf(call, args, 0) * factor);
    if (!Number.isFinite(micros)) throw unanswerable(call.text, "there is no such time");
    return kept(call, BigInt(micros));
  };
};

export const timeFunctions: Readonly<Record<string, PlainFunction>> = {
  year: part(({ year }) => year),
  quarter: part(({ month }) => Math.floor((month + 2) / 3)),
  month: part(({ month }) => month),
  day: part(({ day }) => day),
  dayOfWeek: part(({ weekday }) => weekday),
  dayOfYear: part(dayOfYear),
  weekOfYear: part(isoWeek),
  hour: part(({ hour }) => hour),
  minute: part(({ minute }) => minute),
  second: part(({ second }) => second),
  millisecond: part(({ micros }) => Math.floor(micros / 1000)),
  microsecond: part(({ micros }) => micros),
  isLeapYear: part(({ year }) => daysOf(year + 1, 1, 1) - daysOf(year, 1, 1) === 366),
  dateTrunc,
  dateAdd,
  dateDiff,
  lastDayOfMonth: part(({ year, month }) => daysOf(year, month + 1, 1) - 1),
  makeDate: (call, args) => {
    const [year, month, day] = [0, 1, 2].map((index) => wholeOf(call, args, index)!);
    if (!isRealDate(year!, month!, day!)) throw unanswerable(call.text, "there is no such date");
    return daysOf(year!, month!, day!);
  },
  makeTimestamp,
  inZone: (_, [time]) => time,
  toDate: parsing("error"),
  tryToDate: parsing("null"),
  toTimestamp: parsing("error"),
  tryToTimestamp: parsing("null"),
  formatDate: (call, [time, format]) => {
    const zone = zoneOf(call.types[0]);
    const offset = zone === undefined || zone === "UTC" ? 0 : offsetSeconds(time as bigint, zone);
    return formatFields(fieldsOf(localOf(time, zone)), format as string, offset);
  },
  epochSeconds: epoch(1_000_000n),
  epochMillis: epoch(1000n),
  epochMicros: (call, [time]) => kept(call, localOf(time, undefined)),
  fromEpochSeconds: fromEpoch(1_000_000),
  fromEpochMillis: fromEpoch(1000),
};
