// Columns of days and moments.

import type { AnyMethods, EqualityMethods, ExtremeMethods, OrderedMethods } from "./any-column.ts";
import type { BooleanColumn } from "./boolean-column.ts";
import type { Expression, NeedsOf, NullOf, ValueOrColumn } from "./expression.ts";
import type { BigintColumn, NumberColumn } from "./number-column.ts";
import type { StringColumn } from "./string-column.ts";

/** Units of times. */
export type TimeUnit =
  | "year"
  | "quarter"
  | "month"
  | "week"
  | "day"
  | "hour"
  | "minute"
  | "second"
  | "millisecond";

/** Methods of columns of days and moments; a moment with a zone is taken apart as the clocks there show it. */
export interface DateMethods<N extends null, R> {
  /**
   * The year; 0 is 1 BC.
   * @example
   * flights.groupBy((c) => ({ year: c.at.year() })).count()
   * // => { year: 2024, count: 3 }
   */
  year(): NumberColumn<N, R>;
  /**
   * The quarter of the year, 1 to 4.
   * @example
   * flights.groupBy((c) => ({ quarter: c.at.quarter() })).count()
   * // => { quarter: 1, count: 3 }
   */
  quarter(): NumberColumn<N, R>;
  /**
   * The month, 1 to 12.
   * @example
   * flights.groupBy((c) => ({ month: c.at.month() })).count()
   * // => { month: 2, count: 3 }
   */
  month(): NumberColumn<N, R>;
  /**
   * The day of the month, 1 to 31.
   * @example
   * flights.groupBy((c) => ({ day: c.at.day() })).count()
   * // => { day: 29, count: 3 }
   */
  day(): NumberColumn<N, R>;
  /**
   * The day of the week, 1 (Monday) to 7 (Sunday).
   * @example
   * flights.groupBy((c) => ({ dayOfWeek: c.at.dayOfWeek() })).count()
   * // => { dayOfWeek: 4, count: 3 }
   */
  dayOfWeek(): NumberColumn<N, R>;
  /**
   * The day of the year, 1 to 366.
   * @example
   * flights.groupBy((c) => ({ dayOfYear: c.at.dayOfYear() })).count()
   * // => { dayOfYear: 60, count: 3 }
   */
  dayOfYear(): NumberColumn<N, R>;
  /**
   * The week by ISO 8601: week 1 holds the first Thursday.
   * @example
   * flights.groupBy((c) => ({ weekOfYear: c.at.weekOfYear() })).count()
   * // => { weekOfYear: 9, count: 3 }
   */
  weekOfYear(): NumberColumn<N, R>;
  /**
   * The hour, 0 to 23.
   * @example
   * flights.groupBy((c) => ({ hour: c.at.hour() })).count()
   * // => { hour: 6, count: 1 } { hour: 9, count: 1 } { hour: 13, count: 1 }
   */
  hour(): NumberColumn<N, R>;
  /**
   * The minute, 0 to 59.
   * @example
   * flights.groupBy((c) => ({ minute: c.at.minute() })).count()
   * // => { minute: 30, count: 3 }
   */
  minute(): NumberColumn<N, R>;
  /**
   * The second, 0 to 59.
   * @example
   * flights.groupBy((c) => ({ second: c.at.second() })).count()
   * // => { second: 0, count: 3 }
   */
  second(): NumberColumn<N, R>;
  /**
   * The millisecond of the second, 0 to 999.
   * @example
   * flights.groupBy((c) => ({ millisecond: c.at.millisecond() })).count()
   * // => { millisecond: 0, count: 3 }
   */
  millisecond(): NumberColumn<N, R>;
  /**
   * The microsecond of the second, 0 to 999999.
   * @example
   * flights.groupBy((c) => ({ microsecond: c.at.microsecond() })).count()
   * // => { microsecond: 0, count: 3 }
   */
  microsecond(): NumberColumn<N, R>;
  /**
   * Whole seconds since 1970, rounded down.
   * @example flights.groupBy((c) => ({ epochSeconds: c.at.epochSeconds() })).count()
   */
  epochSeconds(): NumberColumn<N, R>;
  /**
   * Whole milliseconds since 1970, rounded down.
   * @example flights.groupBy((c) => ({ epochMillis: c.at.epochMillis() })).count()
   */
  epochMillis(): NumberColumn<N, R>;
  /**
   * Microseconds since 1970.
   * @example
   * flights.select((c) => ({ x: c.at.epochMicros() }))
   * // => 1709188200000000n, 1709199000000000n, 1709213400000000n
   */
  epochMicros(): BigintColumn<N, R>;
  /**
   * Whether the year has 366 days.
   * @example flights.where((c) => c.at.isLeapYear())
   */
  isLeapYear(): BooleanColumn<N, R>;
  /**
   * The last day of the month.
   * @example
   * flights.select((c) => ({ x: c.at.lastDayOfMonth() }))
   * // => 2024-02-29, 2024-02-29, 2024-02-29
   */
  lastDayOfMonth(): DateColumn<N, R>;
  /**
   * The start of the unit that holds the time; weeks start on Monday.
   * @example
   * flights.groupBy((c) => ({ month: c.at.dateTrunc("month") })).count()
   * // => { month: 2024-02-01, count: 3 }
   */
  dateTrunc(unit: TimeUnit): DateColumn<N, R>;
  /**
   * The time moved by some units; months keep the day, or take the last one of a shorter month.
   * @example
   * flights.select((c) => ({ x: c.at.dateAdd("minute", c.delay) }))
   * // => 2024-02-29T07:12:00Z, 2024-02-29T09:27:00Z, null
   */
  dateAdd<A extends ValueOrColumn<number>>(
    unit: TimeUnit,
    count: A,
  ): DateColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * How many starts of a unit lie between this time and a later one: in years from 31 December to 1 January it is 1.
   * @example
   * flights.select((c) => ({ x: c.at.dateDiff("day", new Date("2025-01-01T00:00:00Z")) }))
   * // => 307, 307, 307
   */
  dateDiff<A extends ValueOrColumn<Date>>(
    unit: TimeUnit,
    to: A,
  ): NumberColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * The same instant on the clocks of a zone.
   * @example
   * flights.select((c) => ({ x: c.at.inZone("America/Los_Angeles").hour() }))
   * // => 22, 1, 5
   */
  inZone(zone: string): DateColumn<N, R>;
  /**
   * The time as text: yyyy MM dd HH mm ss SSS ZZ.
   * @example
   * flights.select((c) => ({ x: c.at.formatDate("yyyy-MM-dd") }))
   * // => "2024-02-29", "2024-02-29", "2024-02-29"
   */
  formatDate(format: string): StringColumn<N, R>;
}

/** A column of dates or timestamps. */
export interface DateColumn<out N extends null = never, in R = unknown>
  extends Expression<Date | N, R>,
    AnyMethods<Date, N, R>,
    EqualityMethods<Date, N, R>,
    ExtremeMethods<Date, N, R>,
    OrderedMethods<Date, N, R>,
    DateMethods<N, R> {}
