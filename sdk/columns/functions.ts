// Functions that are no methods of a column: those without one or with many, and aggregates of columns by name.

import type { Aggregate } from "./aggregate.ts";
import { aggregateOf, callOf, WindowFunctionValue } from "./build.ts";
import type { DateColumn } from "./date-column.ts";
import type { Expression, NeedsOf, NullOf, ValueOfOperand, ValueOrColumn } from "./expression.ts";
import type { ListColumn, StructColumn } from "./nested-column.ts";
import type { StringColumn } from "./string-column.ts";
import type { WindowValue } from "./window.ts";
import "./methods.ts";

type Whole = ValueOrColumn<number>;

/**
 * Aggregate: how many rows there are; of an expression, how many values are not null.
 * @param expression what is counted; rows where it is not given
 * @example
 * flights.groupBy("origin").agg({ flights: count() })
 * // => { origin: "SEA", flights: 2 } { origin: "SFO", flights: 1 }
 */
export function count<R = unknown>(
  expression?: Expression<unknown, R>,
): Aggregate<number, never, R> {
  return made("count", expression === undefined ? [] : [expression]);
}

/**
 * Aggregate: the sum, nulls left out. A total of whole numbers that does not fit ends the job.
 * @param expression numbers
 * @example
 * sales.groupBy("shop").agg({ total: sum(col("price")) })
 * // => { shop: "north", total: 3.5 } { shop: "south", total: 4 }
 */
export function sum<V, R>(expression: Expression<V, R>): Aggregate<V, null, R> {
  return made("sum", [expression]);
}

/**
 * Aggregate: the mean as a float64, nulls left out.
 * @param expression numbers
 * @example
 * sales.groupBy("shop").agg({ mean: avg(col("price")) })
 * // => { shop: "north", mean: 1.75 } { shop: "south", mean: 4 }
 */
export function avg<R>(expression: Expression<unknown, R>): Aggregate<number | null, null, R> {
  return made("avg", [expression]);
}

/**
 * Aggregate: the first value in order, nulls left out.
 * @param expression values that have an order
 * @example flights.groupBy("origin").agg({ earliest: min(col("at")) })
 */
export function min<V, R>(expression: Expression<V, R>): Aggregate<V, null, R> {
  return made("min", [expression]);
}

/**
 * Aggregate: the last value in order, nulls left out.
 * @param expression values that have an order
 * @example flights.groupBy("origin").agg({ latest: max(col("at")) })
 */
export function max<V, R>(expression: Expression<V, R>): Aggregate<V, null, R> {
  return made("max", [expression]);
}

/**
 * Aggregate: how many different values there are, null left out.
 * @param expression what is counted
 * @example
 * flights.agg({ airports: countDistinct(col("origin")) })
 * // => { airports: 2 }
 */
export function countDistinct<R>(expression: Expression<unknown, R>): Aggregate<number, never, R> {
  return made("countDistinct", [expression]);
}

/**
 * Window function: 1 for the first row of each window, 2 for the second, and so on.
 * @example
 * flights.where((c) => rowNumber().over({ partitionBy: c.origin, orderBy: c.delay.desc() }).le(3))
 */
export function rowNumber(): WindowValue<number, unknown> {
  return ofWindow("rowNumber");
}

/**
 * Window function: how many rows come before in the order, plus 1; equal rows have equal ranks.
 * @example
 * flights.withColumn("rank", (c) => rank().over({ partitionBy: c.origin, orderBy: c.delay.desc() }))
 */
export function rank(): WindowValue<number, unknown> {
  return ofWindow("rank");
}

/**
 * Window function: as `rank`, without gaps after equal rows.
 * @example
 * flights.withColumn("rank", (c) => denseRank().over({ partitionBy: c.origin, orderBy: c.delay.desc() }))
 */
export function denseRank(): WindowValue<number, unknown> {
  return ofWindow("denseRank");
}

/**
 * Window function: the rank as a share, from 0 to 1.
 * @example flights.withColumn("share", (c) => percentRank().over({ orderBy: c.delay }))
 */
export function percentRank(): WindowValue<number, unknown> {
  return ofWindow("percentRank");
}

/**
 * Window function: the window cut into parts of equal size, numbered from 1.
 * @param parts how many parts
 * @example flights.withColumn("quarter", (c) => ntile(4).over({ orderBy: c.delay }))
 */
export function ntile(parts: number): WindowValue<number, unknown> {
  return ofWindow("ntile", parts);
}

/**
 * Texts that are not null, with a separator between them; null where the separator is.
 * @param separator stands between each two texts
 * @param texts what is put together
 * @example
 * flights.select((c) => ({ x: concatWs("-", c.origin, c.destination) }))
 * // => "SEA-SFO", "SFO-SEA", "SEA-JFK"
 */
export function concatWs<
  A extends ValueOrColumn<string>,
  const B extends readonly ValueOrColumn<string>[],
>(separator: A, ...texts: B): StringColumn<NullOf<A>, NeedsOf<A | B[number]>> {
  return called("concatWs", [separator, ...texts]);
}

/**
 * The date of a year, a month and a day; one that does not exist ends the job.
 * @param year such as 2024
 * @param month from 1
 * @param day from 1
 * @example
 * flights.select((c) => ({ x: makeDate(c.at.year(), 1, 1) }))
 * // => 2024-01-01, 2024-01-01, 2024-01-01
 */
export function makeDate<Y extends Whole, M extends Whole, D extends Whole>(
  year: Y,
  month: M,
  day: D,
): DateColumn<NullOf<Y | M | D>, NeedsOf<Y | M | D>> {
  return called("makeDate", [year, month, day]);
}

/**
 * The time on a clock without a zone; one that does not exist ends the job.
 * @param year such as 2024
 * @param month from 1
 * @param day from 1
 * @param hour from 0
 * @param minute from 0
 * @param second may have a fraction
 * @example
 * flights.select((c) => ({ x: makeTimestamp(c.at.year(), 1, 1, 12, 0, 0) }))
 * // => 2024-01-01T12:00:00Z, 2024-01-01T12:00:00Z, 2024-01-01T12:00:00Z
 */
export function makeTimestamp<
  Y extends Whole,
  M extends Whole,
  D extends Whole,
  H extends Whole,
  N extends Whole,
  S extends Whole,
>(
  year: Y,
  month: M,
  day: D,
  hour: H,
  minute: N,
  second: S,
): DateColumn<NullOf<Y | M | D | H | N | S>, NeedsOf<Y | M | D | H | N | S>> {
  return called("makeTimestamp", [year, month, day, hour, minute, second]);
}

/**
 * A list of values.
 * @param values expressions and plain values of one type
 * @example
 * flights.select((c) => ({ x: makeList(c.origin, c.destination) }))
 * // => ["SEA", "SFO"], ["SFO", "SEA"], ["SEA", "JFK"]
 */
export function makeList<const O extends readonly unknown[]>(
  ...values: O
): ListColumn<ValueOfOperand<O[number]>, never, NeedsOf<O[number]>> {
  return called("makeList", values);
}

/**
 * An object of values by their names.
 * @param fields expressions by the names of the fields
 * @example
 * flights.select((c) => ({ x: makeStruct({ from: c.origin, to: c.destination }) }))
 * // => { from: "SEA", to: "SFO" }, { from: "SFO", to: "SEA" }, { from: "SEA", to: "JFK" }
 */
export function makeStruct<const Fields extends Readonly<Record<string, Expression<unknown>>>>(
  fields: Fields,
): StructColumn<
  { readonly [Name in keyof Fields]: ValueOfOperand<Fields[Name]> },
  never,
  NeedsOf<Fields[keyof Fields]>
> {
  return called("makeStruct", Object.entries(fields).flat());
}

function called<C>(name: string, operands: readonly unknown[]): C {
  return callOf(name, operands) as unknown as C;
}

function made<A>(name: string, operands: readonly Expression<unknown>[]): A {
  return aggregateOf(name, operands) as unknown as A;
}

function ofWindow(name: string, ...operands: readonly unknown[]): WindowValue<number, unknown> {
  return new WindowFunctionValue(name, operands) as unknown as WindowValue<number, unknown>;
}
