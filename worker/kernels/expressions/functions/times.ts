// Kernels of dates and times.

import { boolType, type DataType, int32Type, int53Type } from "../../../../proto/plan/types.ts";
import { type Call, type Kernel, type MakeKernel, valueError } from "../kernel.ts";
import type { Raw } from "../raw.ts";
import { rowwise } from "../rowwise.ts";
import {
  civilOfDays,
  dayOfWeek,
  dayOfYear,
  daysOfCivil,
  daysOfMonth,
  isDate,
  isLeapYear,
  weekOfYear,
} from "../times/civil.ts";
import { formatTime, parseFormat, type TimeParser, timeParser } from "../times/format.ts";
import { offsetOf } from "../times/iso.ts";
import {
  fitsDate,
  fitsTimestamp,
  type LocalTime,
  localOfMicros,
  microsOfDay,
  microsOfLocal,
} from "../times/local.ts";
import {
  addToDays,
  addToMicros,
  startOfDays,
  startOfMicros,
  type Unit,
  unitNames,
  unitOf,
  unitsBetween,
} from "../times/units.ts";
import { zoneOf } from "../times/zones.ts";
import { boolVector, halvesOf, numberVector, type Vector, type WordVector } from "../vector.ts";

function zoneOfType(type: DataType): string | undefined {
  return type.kind === "timestamp" ? type.zone : undefined;
}

function localOf(raw: Raw, type: DataType): LocalTime {
  if (type.kind === "date") return { days: raw as number, micros: 0 };
  return localOfMicros(raw as bigint, zoneOfType(type));
}

/** Numbers of microseconds whose upper half is within this are whole doubles. */
const safeHigh = 2 ** 21;

/** Fills `out` with a number of each time's day and microsecond of the day, on its zone's clocks. */
function eachTime(
  vector: Vector,
  out: Int32Array | Uint8Array,
  pick: (days: number, micros: number) => number,
): void {
  const { type } = vector;
  if (vector.form === "number") {
    for (let i = 0; i < out.length; i++) out[i] = pick(vector.values[i]!, 0);
    return;
  }
  const { values } = vector as WordVector;
  const name = zoneOfType(type);
  const zone = zoneOf(name);
  const halves = halvesOf(values);
  // Rows mostly lie in the order of some time: many equal the row before, and a comparison takes a third of a division.
  let low = ~(halves[0] ?? 0);
  let high = 0;
  let picked = 0;
  for (let i = 0; i < out.length; i++) {
    if (halves[2 * i] !== low || halves[2 * i + 1] !== high) {
      low = halves[2 * i]!;
      high = halves[2 * i + 1]!;
      if (high >= safeHigh || high < -safeHigh) {
        const { days, micros } = localOfMicros(values[i]!, name);
        picked = pick(days, micros);
      } else {
        let total = high * 4294967296 + (low >>> 0);
        if (zone !== undefined) total += zone.offsetAt(Math.floor(total / 1_000_000)) * 1_000_000;
        const days = Math.floor(total / microsOfDay);
        picked = pick(days, total - days * microsOfDay);
      }
    }
    out[i] = picked;
  }
}

function part(pick: (days: number, micros: number) => number): MakeKernel {
  return () => ({
    canFail: false,
    run: ([time], rows, valid) => {
      const out = new Int32Array(rows);
      eachTime(time!, out, pick);
      return numberVector(int32Type, out, valid);
    },
  });
}

const seconds = (micros: number): number => Math.floor(micros / 1_000_000);

function unitNamed(call: Call, name: string): Unit {
  const unit = unitOf(name);
  if (unit !== undefined) return unit;
  throw valueError(call.text, `there is no unit '${name}'; the units are: ${unitNames.join(", ")}`);
}

function checkedTime(call: Call, value: number | bigint | undefined): Raw {
  if (value === undefined) throw valueError(call.text, "a date has no units shorter than a day");
  const fits = typeof value === "number" ? fitsDate(value) : fitsTimestamp(value);
  if (fits) return value;
  throw valueError(call.text, "the time is too far from 1970 to be kept");
}

function dateTrunc(call: Call): Kernel {
  const type = call.types[1]!;
  const zone = zoneOfType(type);
  const truncate = (name: string, time: number | bigint) => {
    const unit = unitNamed(call, name);
    const start =
      typeof time === "number" ? startOfDays(time, unit) : startOfMicros(time, unit, zone);
    return checkedTime(call, start);
  };
  return rowwise(call, truncate, { canFail: true });
}

function dateAdd(call: Call): Kernel {
  const zone = zoneOfType(call.types[2]!);
  const add = (name: string, count: number, time: number | bigint) => {
    const unit = unitNamed(call, name);
    // Beyond, the calendar's arithmetic would round; no date of 32 bits is that far.
    if (Math.abs(count) > 2 ** 43) return checkedTime(call, Number.POSITIVE_INFINITY);
    const moved =
      typeof time === "number"
        ? addToDays(time, count, unit)
        : addToMicros(time, count, unit, zone);
    return checkedTime(call, moved);
  };
  return rowwise(call, add, { canFail: true, argTypes: [undefined, int53Type] });
}

function dateDiff(call: Call): Kernel {
  const [, from, to] = call.types as readonly [DataType, DataType, DataType];
  const zone = zoneOfType(from) ?? zoneOfType(to);
  const local = (time: number | bigint): LocalTime =>
    typeof time === "number" ? { days: time, micros: 0 } : localOfMicros(time, zone);
  const difference = (name: string, start: number | bigint, end: number | bigint) =>
    unitsBetween(local(start), local(end), unitNamed(call, name));
  return rowwise(call, difference, { canFail: true });
}

function lastDayOfMonth(call: Call): Kernel {
  return rowwise(call, (time: Raw) => {
    const { year, month } = civilOfDays(localOf(time, call.types[0]!).days);
    return daysOfCivil(year, month, daysOfMonth(year, month));
  });
}

function daysOrError(call: Call, year: number, month: number, day: number): number {
  if (isDate(year, month, day)) return daysOfCivil(year, month, day);
  throw valueError(call.text, `there is no date ${year}-${month}-${day}`);
}

const wholes = Array.from({ length: 5 }, () => int53Type);

function makeDate(call: Call): Kernel {
  const make = (year: number, month: number, day: number) => {
    return checkedTime(call, daysOrError(call, year, month, day));
  };
  return rowwise(call, make, { canFail: true, argTypes: wholes.slice(0, 3) });
}

function makeTimestamp(call: Call): Kernel {
  const make = (...parts: [number, number, number, number, number, number]) => {
    const [year, month, day, hour, minute, second] = parts;
    const days = daysOrError(call, year, month, day);
    const isTime = hour >= 0 && hour < 24 && minute >= 0 && minute < 60;
    if (!isTime || !(second >= 0 && second < 60)) {
      throw valueError(call.text, `there is no time ${hour}:${minute}:${second}`);
    }
    const micros = hour * 3_600_000_000 + minute * 60_000_000 + Math.floor(second * 1_000_000);
    return checkedTime(call, microsOfLocal({ days, micros }, undefined));
  };
  const argTypes: DataType[] = [...wholes, { kind: "float64" }];
  return rowwise(call, make, { canFail: true, argTypes });
}

function inZone(call: Call): Kernel {
  zoneOf(zoneOfType(call.result));
  return {
    canFail: false,
    run: ([instant]) => ({ ...instant!, type: call.result, constant: false }) as Vector,
  };
}

function formatOf(call: Call, format: string) {
  const parts = parseFormat(format);
  if ("unknown" in parts) {
    throw valueError(
      call.text,
      `the format ${JSON.stringify(format)} has ${JSON.stringify(parts.unknown)}, which means nothing; ` +
        "write text between single quotes",
    );
  }
  return parts;
}

/** One made thing, kept while its key stays: formats are mostly literals. */
function lastMade<T>(make: (key: string) => T): (key: string) => T {
  let known: { readonly key: string; readonly made: T } | undefined;
  return (key) => {
    if (known?.key !== key) known = { key, made: make(key) };
    return known.made;
  };
}

function parsing(call: Call, onFailure: "error" | "null"): Kernel {
  const parserOf = lastMade((format): TimeParser => timeParser(formatOf(call, format)));
  const parse = (text: string, format: string, zone = "UTC") => {
    const time = parserOf(format)(text);
    const value = time && (call.result.kind === "date" ? time.days : instantOf(time, zone));
    const fits =
      typeof value === "number" ? fitsDate(value) : value !== undefined && fitsTimestamp(value);
    if (fits) return value;
    if (onFailure === "null") return null;
    const shown = JSON.stringify(text.slice(0, 100));
    throw valueError(call.text, `${shown} does not fit the format ${JSON.stringify(format)}`);
  };
  return rowwise(call, parse, { canFail: true });
}

function instantOf(
  { offset, ...local }: LocalTime & { readonly offset: number | undefined },
  zone: string,
): bigint {
  if (offset === undefined) return microsOfLocal(local, zone);
  return microsOfLocal(local, undefined) - BigInt(offset) * 1_000_000n;
}

function formatDate(call: Call): Kernel {
  const partsOf = lastMade((format) => formatOf(call, format));
  const type = call.types[0]!;
  const zone = zoneOfType(type);
  const format = (time: Raw, pattern: string) => {
    const offset = zone === undefined ? 0 : offsetOf(time as bigint, zone);
    return formatTime(partsOf(pattern), localOf(time, type), offset);
  };
  return rowwise(call, format, { canFail: true });
}

function floorDivide(value: bigint, by: bigint): bigint {
  const rest = ((value % by) + by) % by;
  return (value - rest) / by;
}

/** Microseconds since 1970; a date and a time without zone count as in UTC. */
function microsOf(time: number | bigint): bigint {
  return typeof time === "bigint" ? time : BigInt(time) * BigInt(microsOfDay);
}

const epoch = (by: bigint): MakeKernel => {
  return (call) =>
    rowwise(call, (time: number | bigint) => Number(floorDivide(microsOf(time), by)));
};

function epochMicros(call: Call): Kernel {
  const micros = (time: number | bigint) => checkedTime(call, microsOf(time));
  return rowwise(call, micros, { canFail: true });
}

function fromEpoch(factor: number): MakeKernel {
  return (call) => {
    const isWhole = call.types[0]!.kind !== "float64" && call.types[0]!.kind !== "decimal";
    const instant = (value: number | bigint) => {
      if (isWhole) return checkedTime(call, BigInt(value) * BigInt(factor));
      const micros = Math.floor((value as number) * factor);
      return checkedTime(call, Number.isFinite(micros) ? BigInt(micros) : 1n << 64n);
    };
    const argTypes = isWhole ? [undefined] : [{ kind: "float64" } as DataType];
    return rowwise(call, instant, { canFail: true, argTypes });
  };
}

export const timeKernels = {
  year: part((days) => civilOfDays(days).year),
  quarter: part((days) => Math.ceil(civilOfDays(days).month / 3)),
  month: part((days) => civilOfDays(days).month),
  day: part((days) => civilOfDays(days).day),
  dayOfWeek: part(dayOfWeek),
  dayOfYear: part(dayOfYear),
  weekOfYear: part(weekOfYear),
  hour: part((_, micros) => Math.floor(micros / 3_600_000_000)),
  minute: part((_, micros) => Math.floor(seconds(micros) / 60) % 60),
  second: part((_, micros) => seconds(micros) % 60),
  millisecond: part((_, micros) => Math.floor((micros % 1_000_000) / 1000)),
  microsecond: part((_, micros) => micros % 1_000_000),
  isLeapYear: () => ({
    canFail: false,
    run: ([time], rows, valid) => {
      const out = new Uint8Array(rows);
      eachTime(time!, out, (days) => (isLeapYear(civilOfDays(days).year) ? 1 : 0));
      return boolVector(boolType, out, valid);
    },
  }),
  dateTrunc,
  dateAdd,
  dateDiff,
  lastDayOfMonth,
  makeDate,
  makeTimestamp,
  inZone,
  toDate: (call) => parsing(call, "error"),
  tryToDate: (call) => parsing(call, "null"),
  toTimestamp: (call) => parsing(call, "error"),
  tryToTimestamp: (call) => parsing(call, "null"),
  formatDate,
  epochSeconds: epoch(1_000_000n),
  epochMillis: epoch(1000n),
  epochMicros,
  fromEpochSeconds: fromEpoch(1_000_000),
  fromEpochMillis: fromEpoch(1000),
} satisfies Record<string, MakeKernel>;
