// Columns of numbers: those of JavaScript, whole ones of 64 bits, and exact decimals. As in JavaScript they do
// not mix by themselves: cast one.

import type { Aggregate } from "./aggregate.ts";
import type {
  AnyMethods,
  EqualityMethods,
  ExtremeMethods,
  NoText,
  OrderedMethods,
} from "./any-column.ts";
import type { BooleanColumn } from "./boolean-column.ts";
import type { ColumnOf } from "./column-for.ts";
import type { Decimal } from "./column-type.ts";
import type { DateColumn } from "./date-column.ts";
import type { Expression, NeedsOf, NullOf, ValueOrColumn } from "./expression.ts";
import type { StringColumn } from "./string-column.ts";

/** Methods of columns of numbers. `V`: number, bigint or Decimal; `Other`: what they are reckoned with. */
export interface NumericMethods<V, N extends null, R, Other = ValueOrColumn<V>, Divisor = Other> {
  /**
   * The sum. Whole numbers that overflow end the job.
   * @example flights.withColumn("padded", (c) => c.delay.add(15))
   */
  add<O extends Other>(other: O & NoText<V, O>): ColumnOf<V, N | NullOf<O>, R & NeedsOf<O>>;
  /**
   * The difference. Whole numbers that overflow end the job.
   * @example flights.withColumn("early", (c) => c.delay.sub(15))
   */
  sub<O extends Other>(other: O & NoText<V, O>): ColumnOf<V, N | NullOf<O>, R & NeedsOf<O>>;
  /**
   * The product. Whole numbers that overflow end the job.
   * @example sales.withColumn("twice", (c) => c.price.mul(2))
   */
  mul<O extends Other>(other: O & NoText<V, O>): ColumnOf<V, N | NullOf<O>, R & NeedsOf<O>>;
  /**
   * The quotient as a float64; division by zero gives an infinity or NaN, as in JavaScript.
   * @example flights.withColumn("hours", (c) => c.delay.div(60))
   */
  div<O extends Divisor>(other: O & NoText<V, O>): NumberColumn<N | NullOf<O>, R & NeedsOf<O>>;
  /**
   * The remainder, with the sign of this number; by a whole zero it ends the job.
   * @example flights.withColumn("minutes", (c) => c.delay.mod(60))
   */
  mod<O extends Other>(other: O & NoText<V, O>): ColumnOf<V, N | NullOf<O>, R & NeedsOf<O>>;
  /**
   * The number with its sign turned.
   * @example flights.withColumn("early", (c) => c.delay.neg())
   */
  neg(): ColumnOf<V, N, R>;
  /**
   * The number without its sign.
   * @example flights.withColumn("off", (c) => c.delay.abs())
   */
  abs(): ColumnOf<V, N, R>;
  /**
   * Rounded to some digits after the point (0 unless told; negative ones lie before it), halves away from zero.
   * @example
   * flights.select((c) => ({ x: c.delay.div(60).round(1) }))
   * // => 0.7, -0.1, null
   */
  round(digits?: number): ColumnOf<V, N, R>;
  /**
   * The next whole number that is not greater.
   * @example
   * flights.select((c) => ({ x: c.delay.div(60).floor() }))
   * // => 0, -1, null
   */
  floor(): ColumnOf<V, N, R>;
  /**
   * The next whole number that is not less.
   * @example
   * flights.select((c) => ({ x: c.delay.div(60).ceil() }))
   * // => 1, -0, null
   */
  ceil(): ColumnOf<V, N, R>;
  /**
   * The number without its fraction.
   * @example
   * flights.select((c) => ({ x: c.delay.div(60).trunc() }))
   * // => 0, -0, null
   */
  trunc(): ColumnOf<V, N, R>;
  /**
   * -1, 0 or 1; NaN of NaN.
   * @example
   * flights.select((c) => ({ x: c.delay.sign() }))
   * // => 1, -1, null
   */
  sign(): NumberColumn<N, R>;
  /**
   * Aggregate: the sum, nulls left out. A total of whole numbers that does not fit ends the job.
   * @example
   * sales.groupBy("shop").agg((c) => ({ total: c.price.sum() }))
   * // => { shop: "north", total: 3.5 } { shop: "south", total: 4 }
   */
  sum(): Aggregate<V | N, null, R>;
  /**
   * Aggregate: the mean as a float64, nulls left out.
   * @example
   * flights.groupBy("origin").agg((c) => ({ delay: c.delay.avg() }))
   * // => { origin: "SEA", delay: 42 } { origin: "SFO", delay: -3 }
   */
  avg(): Aggregate<number | N, null, R>;
  /**
   * Aggregate: the sample variance, which is null of fewer than two values.
   * @example
   * flights.agg((c) => ({ spread: c.delay.variance() }))
   * // => { spread: 1012.5 }
   */
  variance(): Aggregate<number | null, null, R>;
  /**
   * Aggregate: the sample standard deviation, which is null of fewer than two values.
   * @example
   * flights.agg((c) => ({ spread: c.delay.stddev() }))
   * // => { spread: 31.81980515339464 }
   */
  stddev(): Aggregate<number | null, null, R>;
  /**
   * Aggregate: the value in the middle, or the mean of the two around it, as a float64. Exact: all values of a group
   * are kept until then, and come to one task.
   * @example
   * flights.agg((c) => ({ median: c.delay.median() }))
   * // => { median: 19.5 }
   */
  median(): Aggregate<number | N, null, R>;
  /**
   * Aggregate: the value below which this share of the values lies, between two on the line (as `quantile_cont` and
   * `percentile`). Exact, at the cost of `median`.
   * @param share from 0 to 1
   * @example
   * flights.agg((c) => ({ late: c.delay.quantile(0.9) }))
   * // => { late: 37.5 }
   */
  quantile(share: number): Aggregate<number | N, null, R>;
  /**
   * Aggregate: about the value below which this share of the values lies (t-digest).
   * @param share from 0 to 1
   * @example
   * flights.agg((c) => ({ median: c.delay.approxQuantile(0.5) }))
   * // => { median: 19.5 }
   */
  approxQuantile(share: number): Aggregate<number | N, null, R>;
}

/** Methods of columns of JavaScript's numbers. */
export interface NumberMethods<N extends null, R> {
  /**
   * The square root; NaN of a negative number.
   * @example
   * flights.select((c) => ({ x: c.delay.sqrt() }))
   * // => 6.48074069840786, NaN, null
   */
  sqrt(): NumberColumn<N, R>;
  /**
   * The cube root.
   * @example
   * flights.select((c) => ({ x: c.delay.cbrt() }))
   * // => 3.4760266448864496, -1.4422495703074083, null
   */
  cbrt(): NumberColumn<N, R>;
  /**
   * e to the power of the number.
   * @example
   * flights.select((c) => ({ x: c.delay.exp() }))
   * // => 1739274941520501000, 0.049787068367863944, null
   */
  exp(): NumberColumn<N, R>;
  /**
   * The natural logarithm; NaN of a negative number, -Infinity of 0.
   * @example
   * flights.select((c) => ({ x: c.delay.ln() }))
   * // => 3.7376696182833684, NaN, null
   */
  ln(): NumberColumn<N, R>;
  /**
   * The logarithm to the base 10.
   * @example
   * flights.select((c) => ({ x: c.delay.log10() }))
   * // => 1.6232492903979006, NaN, null
   */
  log10(): NumberColumn<N, R>;
  /**
   * The logarithm to the base 2.
   * @example
   * flights.select((c) => ({ x: c.delay.log2() }))
   * // => 5.392317422778761, NaN, null
   */
  log2(): NumberColumn<N, R>;
  /**
   * The sine of an angle in radians.
   * @example
   * flights.select((c) => ({ x: c.delay.sin() }))
   * // => -0.9165215479156338, -0.1411200080598672, null
   */
  sin(): NumberColumn<N, R>;
  /**
   * The cosine of an angle in radians.
   * @example
   * flights.select((c) => ({ x: c.delay.cos() }))
   * // => -0.39998531498835127, -0.9899924966004454, null
   */
  cos(): NumberColumn<N, R>;
  /**
   * The tangent of an angle in radians.
   * @example
   * flights.select((c) => ({ x: c.delay.tan() }))
   * // => 2.2913879924374863, 0.1425465430742778, null
   */
  tan(): NumberColumn<N, R>;
  /**
   * The angle in radians of a sine; NaN outside -1 to 1.
   * @example flights.select((c) => ({ x: c.delay.asin() }))
   */
  asin(): NumberColumn<N, R>;
  /**
   * The angle in radians of a cosine; NaN outside -1 to 1.
   * @example flights.select((c) => ({ x: c.delay.acos() }))
   */
  acos(): NumberColumn<N, R>;
  /**
   * The angle in radians of a tangent.
   * @example
   * flights.select((c) => ({ x: c.delay.atan() }))
   * // => 1.5469913006098266, -1.2490457723982544, null
   */
  atan(): NumberColumn<N, R>;
  /**
   * An angle in radians as degrees.
   * @example
   * flights.select((c) => ({ x: c.delay.degrees() }))
   * // => 2406.4227395494577, -171.88733853924697, null
   */
  degrees(): NumberColumn<N, R>;
  /**
   * An angle in degrees as radians.
   * @example
   * flights.select((c) => ({ x: c.delay.radians() }))
   * // => 0.7330382858376184, -0.05235987755982989, null
   */
  radians(): NumberColumn<N, R>;
  /**
   * The number to a power, as a float64.
   * @example
   * flights.select((c) => ({ x: c.delay.pow(2) }))
   * // => 1764, 9, null
   */
  pow<A extends ValueOrColumn<number>>(exponent: A): NumberColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * The angle in radians of the point whose y this is.
   * @example
   * flights.select((c) => ({ x: c.delay.atan2(1) }))
   * // => 1.5469913006098266, -1.2490457723982544, null
   */
  atan2<A extends ValueOrColumn<number>>(x: A): NumberColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * Whether the number is NaN; false of whole numbers.
   * @example flights.where((c) => c.delay.div(0).isNaN())
   */
  isNaN(): BooleanColumn<N, R>;
  /**
   * Whether the number is neither NaN nor an infinity.
   * @example flights.where((c) => c.delay.div(0).isFinite())
   */
  isFinite(): BooleanColumn<N, R>;
  /**
   * The character of a code point; one that does not exist ends the job.
   * @example
   * flights.select((c) => ({ x: c.distance.chr() }))
   * // => "ʧ", "ʧ", "ॶ"
   */
  chr(): StringColumn<N, R>;
  /**
   * The instant so many seconds after 1970; fractions count down to microseconds.
   * @example
   * flights.select((c) => ({ x: c.delay.fromEpochSeconds() }))
   * // => 1970-01-01T00:00:42Z, 1969-12-31T23:59:57Z, null
   */
  fromEpochSeconds(): DateColumn<N, R>;
  /**
   * The instant so many milliseconds after 1970; fractions count down to microseconds.
   * @example
   * flights.select((c) => ({ x: c.delay.fromEpochMillis() }))
   * // => 1970-01-01T00:00:00.042Z, 1969-12-31T23:59:59.997Z, null
   */
  fromEpochMillis(): DateColumn<N, R>;
}

/** Methods of columns of whole numbers. */
export interface BitMethods<V, N extends null, R> {
  /**
   * The bits that both have. For whole numbers.
   * @example
   * flights.select((c) => ({ x: c.delay.bitAnd(3) }))
   * // => 2, 1, null
   */
  bitAnd<A extends ValueOrColumn<V>>(other: A): ColumnOf<V, N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * The bits that one of both has. For whole numbers.
   * @example
   * flights.select((c) => ({ x: c.delay.bitOr(3) }))
   * // => 43, -1, null
   */
  bitOr<A extends ValueOrColumn<V>>(other: A): ColumnOf<V, N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * The bits that exactly one has. For whole numbers.
   * @example
   * flights.select((c) => ({ x: c.delay.bitXor(3) }))
   * // => 41, -2, null
   */
  bitXor<A extends ValueOrColumn<V>>(other: A): ColumnOf<V, N | NullOf<A>, R & NeedsOf<A>>;
}

/** What a decimal is exactly reckoned with; the text is for messages of the compiler. */
export type BigintOrDecimalColumn<
  _Hint extends
    string = "decimals are exact: cast the other, as in cast(decimal(15, 2)), or this one to float64",
> = bigint | null | Expression<Decimal | bigint | null>;

/** What a decimal is compared with, or divided by; the text is for messages of the compiler. */
export type NumberOrDecimalColumn<
  _Hint extends string = "of text make a decimal first, as in lit('12.50', decimal(15, 2))",
> = number | bigint | null | Expression<Decimal | number | bigint | null>;

/** A column of numbers: int32, int53 or float64. */
export interface NumberColumn<out N extends null = never, in R = unknown>
  extends Expression<number | N, R>,
    AnyMethods<number, N, R>,
    EqualityMethods<number, N, R>,
    ExtremeMethods<number, N, R>,
    OrderedMethods<number, N, R>,
    NumericMethods<number, N, R>,
    NumberMethods<N, R>,
    BitMethods<number, N, R> {}

/** A column of whole numbers of 64 bits. */
export interface BigintColumn<out N extends null = never, in R = unknown>
  extends Expression<bigint | N, R>,
    AnyMethods<bigint, N, R>,
    EqualityMethods<bigint, N, R>,
    ExtremeMethods<bigint, N, R>,
    OrderedMethods<bigint, N, R>,
    NumericMethods<bigint, N, R>,
    BitMethods<bigint, N, R> {}

/** A column of exact decimals. */
export interface DecimalColumn<out N extends null = never, in R = unknown>
  extends Expression<Decimal | N, R>,
    AnyMethods<Decimal, N, R>,
    EqualityMethods<Decimal, N, R, NumberOrDecimalColumn>,
    ExtremeMethods<Decimal, N, R, NumberOrDecimalColumn>,
    OrderedMethods<Decimal, N, R, NumberOrDecimalColumn>,
    NumericMethods<Decimal, N, R, BigintOrDecimalColumn, NumberOrDecimalColumn> {}
