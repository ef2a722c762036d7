// Methods that columns of every type have, and those of types that have an order.

import type { Aggregate } from "./aggregate.ts";
import type { BooleanColumn } from "./boolean-column.ts";
import type { ColumnFor, ColumnOf } from "./column-for.ts";
import type { ColumnType, IsDecimal } from "./column-type.ts";
import type {
  Expression,
  NeedsOf,
  NullOf,
  NullOfAll,
  SortTerm,
  ValueOrColumn,
} from "./expression.ts";
import type { WindowValue } from "./window.ts";

/** `V`: values without null; `N`: `null` where there may be none, else `never`; `R`: the columns needed. */
export interface AnyMethods<V, N extends null, R> {
  /**
   * Whether there is no value. Never null itself.
   * @example flights.where((c) => c.delay.isNull())
   */
  isNull(): BooleanColumn<never, R>;
  /**
   * Whether there is a value. Never null itself.
   * @example flights.where((c) => c.delay.isNotNull())
   */
  isNotNull(): BooleanColumn<never, R>;
  /**
   * The value as another type. A value that it cannot hold ends the job.
   * @param type such as `int32`, `utf8` or `decimal(15, 2)`
   * @example
   * flights.select((c) => ({ x: c.delay.cast(utf8) }))
   * // => "42", "-3", null
   */
  cast<To>(type: ColumnType<To>): ColumnFor<To | N, R>;
  /**
   * The value as another type, or null where it cannot hold the value.
   * @param type such as `int32`, `utf8` or `decimal(15, 2)`
   * @example
   * flights.select((c) => ({ x: c.tail.tryCast(int32) }))
   * // => null, null, null
   */
  tryCast<To>(type: ColumnType<To>): ColumnFor<To | null, R>;
  /**
   * In ascending order; nulls come first.
   * @example flights.sortBy((c) => [c.origin.asc(), c.delay.desc()])
   */
  asc(): SortTerm<R>;
  /**
   * In descending order; nulls come last.
   * @example flights.sortBy((c) => c.delay.desc())
   */
  desc(): SortTerm<R>;
  /**
   * Aggregate: how many values are not null.
   * @example
   * flights.groupBy("origin").agg((c) => ({ known: c.delay.count() }))
   * // => { origin: "SEA", known: 1 } { origin: "SFO", known: 1 }
   */
  count(): Aggregate<number, never, R>;
  /**
   * Aggregate: how many different values there are, null left out.
   * @example
   * flights.agg((c) => ({ airports: c.origin.countDistinct() }))
   * // => { airports: 2 }
   */
  countDistinct(): Aggregate<number, never, R>;
  /**
   * Aggregate: about how many different values there are (HyperLogLog, standard error 1.6 %), in little memory.
   * @example
   * flights.agg((c) => ({ airports: c.origin.approxCountDistinct() }))
   * // => { airports: 2 }
   */
  approxCountDistinct(): Aggregate<number, never, R>;
  /**
   * Aggregate: the first value in the order of the rows, which may be null.
   * @example
   * flights.sortBy((c) => c.at).groupBy("origin").agg((c) => ({ first: c.tail.first() }))
   * // => { origin: "SEA", first: "N17" } { origin: "SFO", first: null }
   */
  first(): Aggregate<V | N, null, R>;
  /**
   * Aggregate: the last value in the order of the rows, which may be null.
   * @example
   * flights.sortBy((c) => c.at).groupBy("origin").agg((c) => ({ last: c.tail.last() }))
   * // => { origin: "SEA", last: "N17" } { origin: "SFO", last: null }
   */
  last(): Aggregate<V | N, null, R>;
  /**
   * Aggregate: all values in the order of the rows, nulls left out.
   * @example
   * flights.groupBy("origin").agg((c) => ({ destinations: c.destination.collectList() }))
   * // => { origin: "SEA", destinations: ["SFO", "JFK"] } { origin: "SFO", destinations: ["SEA"] }
   */
  collectList(): Aggregate<readonly V[], never, R>;
  /**
   * Window function: the value some rows before, in the order of the window; null where there is no such row.
   * @param rows how many rows before, 1 unless told
   * @example flights.withColumn("before", (c) => c.delay.lag().over({ partitionBy: c.tail, orderBy: c.at }))
   */
  lag(rows?: number): WindowValue<V | null, R>;
  /**
   * Window function: the value some rows after, in the order of the window; null where there is no such row.
   * @param rows how many rows after, 1 unless told
   * @example flights.withColumn("next", (c) => c.at.lead().over({ partitionBy: c.tail, orderBy: c.at }))
   */
  lead(rows?: number): WindowValue<V | null, R>;
  /**
   * Window function: the value of the first row of the frame.
   * @example flights.withColumn("first", (c) => c.at.firstValue().over({ partitionBy: c.tail, orderBy: c.at }))
   */
  firstValue(): WindowValue<V | N, R>;
  /**
   * Window function: the value of the last row of the frame.
   * @example flights.withColumn("latest", (c) => c.at.lastValue().over({ partitionBy: c.tail, orderBy: c.at }))
   */
  lastValue(): WindowValue<V | N, R>;
}

/** `unknown` where an operand fits; text does not fit decimals, though to TypeScript both are strings. */
export type NoText<V, O> =
  IsDecimal<V> extends true
    ? O extends Expression<infer Value>
      ? IsText<NonNullable<Value>> extends true
        ? "a column of text is no decimal: cast it, as in cast(decimal(15, 2))"
        : unknown
      : unknown
    : unknown;

type IsText<V> = [V] extends [string] ? (IsDecimal<V> extends true ? false : true) : false;

/** `Other`: what a column is compared with. */
export interface EqualityMethods<V, N extends null, R, Other = ValueOrColumn<V>> {
  /**
   * Whether both are equal; unknown (null) beside a null. NaN equals NaN, and -0 equals 0.
   * @example flights.where((c) => c.origin.eq("SEA"))
   */
  eq<O extends Other>(other: O & NoText<V, O>): BooleanColumn<N | NullOf<O>, R & NeedsOf<O>>;
  /**
   * Whether both differ; unknown (null) beside a null.
   * @example flights.where((c) => c.origin.ne(c.destination))
   */
  ne<O extends Other>(other: O & NoText<V, O>): BooleanColumn<N | NullOf<O>, R & NeedsOf<O>>;
  /**
   * Whether both are equal, where null equals null. Never null itself.
   * @example flights.where((c) => c.delay.eqOrBothNull(null))
   */
  eqOrBothNull<O extends Other>(other: O & NoText<V, O>): BooleanColumn<never, R & NeedsOf<O>>;
  /**
   * Whether the value is one of these; null where it is not and one of them is null.
   * @example flights.where((c) => c.origin.isIn("SEA", "SFO"))
   */
  isIn<const O extends readonly Other[]>(
    ...values: O
  ): BooleanColumn<N | NullOf<O[number]>, R & NeedsOf<O[number]>>;
  /**
   * The value, or the first of the others that is not null.
   * @example flights.withColumn("delay", (c) => c.delay.coalesce(0))
   */
  coalesce<const O extends readonly Other[]>(
    ...others: O
  ): ColumnOf<V, N & NullOfAll<O>, R & NeedsOf<O[number]>>;
  /**
   * Null where the value equals this one.
   * @example flights.withColumn("delay", (c) => c.delay.nullIf(-1))
   */
  nullIf<O extends Other>(value: O & NoText<V, O>): ColumnOf<V, null, R & NeedsOf<O>>;
}

/** Of types whose values have an order: numbers, strings by code point, dates, false before true. */
export interface OrderedMethods<V, N extends null, R, Other = ValueOrColumn<V>> {
  /**
   * Whether this comes before the other; unknown (null) beside a null. NaN comes after all other numbers.
   * @example flights.where((c) => c.delay.lt(0))
   */
  lt<O extends Other>(other: O & NoText<V, O>): BooleanColumn<N | NullOf<O>, R & NeedsOf<O>>;
  /**
   * Whether this comes before the other or equals it; unknown (null) beside a null.
   * @example flights.where((c) => c.delay.le(0))
   */
  le<O extends Other>(other: O & NoText<V, O>): BooleanColumn<N | NullOf<O>, R & NeedsOf<O>>;
  /**
   * Whether this comes after the other; unknown (null) beside a null.
   * @example flights.where((c) => c.delay.gt(30))
   */
  gt<O extends Other>(other: O & NoText<V, O>): BooleanColumn<N | NullOf<O>, R & NeedsOf<O>>;
  /**
   * Whether this comes after the other or equals it; unknown (null) beside a null.
   * @example flights.where((c) => c.at.ge(new Date("2024-01-01T00:00:00Z")))
   */
  ge<O extends Other>(other: O & NoText<V, O>): BooleanColumn<N | NullOf<O>, R & NeedsOf<O>>;
  /**
   * Whether this lies from one value to another, both included.
   * @example flights.where((c) => c.delay.between(15, 60))
   */
  between<A extends Other, B extends Other>(
    low: A & NoText<V, A>,
    high: B & NoText<V, B>,
  ): BooleanColumn<N | NullOf<A> | NullOf<B>, R & NeedsOf<A> & NeedsOf<B>>;
}

/** Of types whose values have an order. */
export interface ExtremeMethods<V, N extends null, R, Other = ValueOrColumn<V>> {
  /**
   * The last of this and other values in order; nulls are left out, and NaN is the greatest number.
   * @example
   * flights.select((c) => ({ x: c.delay.greatest(0) }))
   * // => 42, 0, 0
   */
  greatest<const O extends readonly Other[]>(
    ...others: O
  ): ColumnOf<V, N & NullOfAll<O>, R & NeedsOf<O[number]>>;
  /**
   * The first of this and other values in order; nulls are left out.
   * @example
   * flights.select((c) => ({ x: c.delay.least(0) }))
   * // => 0, -3, 0
   */
  least<const O extends readonly Other[]>(
    ...others: O
  ): ColumnOf<V, N & NullOfAll<O>, R & NeedsOf<O[number]>>;
  /**
   * Aggregate: the first value in order, nulls left out.
   * @example flights.groupBy("origin").agg((c) => ({ earliest: c.at.min() }))
   */
  min(): Aggregate<V | N, null, R>;
  /**
   * Aggregate: the last value in order, nulls left out.
   * @example
   * flights.groupBy("origin").agg((c) => ({ worst: c.delay.max() }))
   * // => { origin: "SEA", worst: 42 } { origin: "SFO", worst: -3 }
   */
  max(): Aggregate<V | N, null, R>;
}

/** A column of a type that TypeScript does not know: cast it to use it. */
export interface UnknownColumn<out N extends null = null, in R = unknown>
  extends Expression<unknown, R>,
    AnyMethods<unknown, N, R>,
    EqualityMethods<unknown, N, R> {}
