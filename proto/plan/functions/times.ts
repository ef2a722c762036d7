// Functions of dates and times. Instants show the calendar and clock of the zone of their type.

import {
  boolType,
  dateType,
  instantType,
  int32Type,
  int53Type,
  int64Type,
  utf8Type,
} from "../types.ts";
import { define, number, optional, text, time, timestamp } from "./define.ts";
import type { ScalarFunction } from "./function.ts";

const part = (name: string, summary: string): ScalarFunction =>
  define(`${name}(time)`, summary, [time], int32Type);

const clock = (name: string, summary: string): ScalarFunction =>
  define(`${name}(time)`, summary, [timestamp], int32Type);

const units = "year, quarter, month, week (from Monday), day, hour, minute, second, millisecond";

export const timeFunctions = {
  year: part("year", "The year; 0 is 1 BC."),
  quarter: part("quarter", "The quarter of the year, 1 to 4."),
  month: part("month", "The month, 1 to 12."),
  day: part("day", "The day of the month, 1 to 31."),
  dayOfWeek: part("dayOfWeek", "The day of the week, 1 (Monday) to 7 (Sunday)."),
  dayOfYear: part("dayOfYear", "The day of the year, 1 to 366."),
  weekOfYear: part("weekOfYear", "The week by ISO 8601: week 1 holds the first Thursday."),
  hour: clock("hour", "The hour, 0 to 23."),
  minute: clock("minute", "The minute, 0 to 59."),
  second: clock("second", "The second, 0 to 59."),
  millisecond: clock("millisecond", "The millisecond of the second, 0 to 999."),
  microsecond: clock("microsecond", "The microsecond of the second, 0 to 999999."),
  isLeapYear: define("isLeapYear(time)", "Whether the year has 366 days.", [time], boolType),
  dateTrunc: define(
    "dateTrunc(unit, time)",
    `The start of the unit (${units}) that holds the time.`,
    [text, time],
    ([, type]) => type!,
  ),
  dateAdd: define(
    "dateAdd(unit, count, time)",
    "The time moved by units; months keep the day, or take the last one of a shorter month.",
    [text, number, time],
    ([, , type]) => type!,
  ),
  dateDiff: define(
    "dateDiff(unit, from, to)",
    "How many starts of units lie between: dateDiff('year', 31 December, 1 January) is 1.",
    [text, time, time],
    int53Type,
  ),
  lastDayOfMonth: define(
    "lastDayOfMonth(time)",
    "The last day of the month of the time.",
    [time],
    dateType,
  ),
  makeDate: define(
    "makeDate(year, month, day)",
    "The date; one that does not exist is an error.",
    [number, number, number],
    dateType,
  ),
  makeTimestamp: define(
    "makeTimestamp(year, month, day, hour, minute, second)",
    "The time on a clock without a zone; seconds may have a fraction. One that does not exist is an error.",
    [number, number, number, number, number, number],
    { kind: "timestamp" },
  ),
  inZone: define(
    "inZone(instant, zone)",
    "The same instant on the clocks of a zone, such as 'Europe/Berlin' (a literal).",
    [timestamp, text],
    ([type], literals) => {
      if (type!.kind === "timestamp" && type!.zone === undefined) {
        return { problem: "needs an instant; cast a time without zone to timestamp(zone) first" };
      }
      const zone = literals[1];
      if (typeof zone !== "string") return { problem: "needs the zone as a literal" };
      return { kind: "timestamp", zone };
    },
  ),
  toDate: define(
    "toDate(text, format)",
    "The date that the text says in the format; a text that does not fit is an error.",
    [text, text],
    dateType,
  ),
  tryToDate: define(
    "tryToDate(text, format)",
    "As toDate, with null for a text that does not fit.",
    [text, text],
    dateType,
  ),
  toTimestamp: define(
    "toTimestamp(text, format, zone?)",
    "The instant that the text says, by its offset (ZZ) or else in the zone (UTC).",
    [text, text, optional(text)],
    instantType,
  ),
  tryToTimestamp: define(
    "tryToTimestamp(text, format, zone?)",
    "As toTimestamp, with null for a text that does not fit.",
    [text, text, optional(text)],
    instantType,
  ),
  formatDate: define(
    "formatDate(time, format)",
    "The time as text: yyyy MM dd HH mm ss SSS ZZ, and more (see the semantics page).",
    [time, text],
    utf8Type,
  ),
  epochSeconds: define(
    "epochSeconds(time)",
    "Whole seconds since 1970, rounded down.",
    [time],
    int53Type,
  ),
  epochMillis: define(
    "epochMillis(time)",
    "Whole milliseconds since 1970, rounded down.",
    [time],
    int53Type,
  ),
  epochMicros: define("epochMicros(time)", "Microseconds since 1970.", [time], int64Type),
  fromEpochSeconds: define(
    "fromEpochSeconds(seconds)",
    "The instant so many seconds after 1970; fractions count down to microseconds.",
    [number],
    instantType,
  ),
  fromEpochMillis: define(
    "fromEpochMillis(milliseconds)",
    "The instant so many milliseconds after 1970; fractions count down to microseconds.",
    [number],
    instantType,
  ),
} as const satisfies Record<string, ScalarFunction>;
