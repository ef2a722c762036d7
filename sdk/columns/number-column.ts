// Columns of numbers: those of JavaScript, whole ones of 64 bits, and exact decimals. As in JavaScript they do
// not mix by themselves: cast one.

import type { Aggregate } from "./aggregate.ts";
import type { AnyMethods, EqualityMethods, ExtremeMethods, OrderedMethods } from "./any-column.ts";
import type { ColumnOf } from "./column-for.ts";
import type { Decimal } from "./column-type.ts";
import type { Expression, NeedsOf, NullOf, Operand } from "./expression.ts";

/** Methods of columns of numbers. `V`: number, bigint or Decimal; `Other`: what they are reckoned with. */
export interface NumericMethods<V, N extends null, R, Other = Operand<V>, Divisor = Other> {
  /**
   * The sum. Whole numbers that overflow end the job.
   * @example flights.withColumn("padded", (c) => c.delay.add(15))
   */
  add<O extends Other>(other: O): ColumnOf<V, N | NullOf<O>, R & NeedsOf<O>>;
  /**
   * The difference. Whole numbers that overflow end the job.
   * @example flights.withColumn("early", (c) => c.delay.sub(15))
   */
  sub<O extends Other>(other: O): ColumnOf<V, N | NullOf<O>, R & NeedsOf<O>>;
  /**
   * The product. Whole numbers that overflow end the job.
   * @example sales.withColumn("twice", (c) => c.price.mul(2))
   */
  mul<O extends Other>(other: O): ColumnOf<V, N | NullOf<O>, R & NeedsOf<O>>;
  /**
   * The quotient as a float64; division by zero gives an infinity or NaN, as in JavaScript.
   * @example flights.withColumn("hours", (c) => c.delay.div(60))
   */
  div<O extends Divisor>(other: O): NumberColumn<N | NullOf<O>, R & NeedsOf<O>>;
  /**
   * The remainder, with the sign of this number; by a whole zero it ends the job.
   * @example flights.withColumn("minutes", (c) => c.delay.mod(60))
   */
  mod<O extends Other>(other: O): ColumnOf<V, N | NullOf<O>, R & NeedsOf<O>>;
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
   * Aggregate: the sum, nulls left out. Whole numbers that overflow end the job.
   * @example sales.groupBy("shop").agg((c) => ({ total: c.price.sum() }))
   */
  sum(): Aggregate<V | N, null, R>;
  /**
   * Aggregate: the mean as a float64, nulls left out.
   * @example flights.groupBy("origin").agg((c) => ({ delay: c.delay.avg() }))
   */
  avg(): Aggregate<number | N, null, R>;
  /**
   * Aggregate: the sample variance, which is null of fewer than two values.
   * @example flights.agg((c) => ({ spread: c.delay.variance() }))
   */
  variance(): Aggregate<number | null, null, R>;
  /**
   * Aggregate: the sample standard deviation, which is null of fewer than two values.
   * @example flights.agg((c) => ({ spread: c.delay.stddev() }))
   */
  stddev(): Aggregate<number | null, null, R>;
  /**
   * Aggregate: about the value below which this share of the values lies (t-digest).
   * @param share from 0 to 1
   * @example flights.agg((c) => ({ median: c.delay.approxQuantile(0.5) }))
   */
  approxQuantile(share: number): Aggregate<number | N, null, R>;
}

/** What a decimal is exactly reckoned with. */
export type ExactOperand = bigint | null | Expression<Decimal | bigint | null>;

/** What a decimal is compared with, or divided by. */
export type DecimalOperand = number | bigint | null | Expression<Decimal | number | bigint | null>;

/** A column of numbers: int32, int53 or float64. */
export interface NumberColumn<out N extends null = never, in R = unknown>
  extends Expression<number | N, R>,
    AnyMethods<number, N, R>,
    EqualityMethods<number, N, R>,
    ExtremeMethods<number, N, R>,
    OrderedMethods<number, N, R>,
    NumericMethods<number, N, R> {}

/** A column of whole numbers of 64 bits. */
export interface BigintColumn<out N extends null = never, in R = unknown>
  extends Expression<bigint | N, R>,
    AnyMethods<bigint, N, R>,
    EqualityMethods<bigint, N, R>,
    ExtremeMethods<bigint, N, R>,
    OrderedMethods<bigint, N, R>,
    NumericMethods<bigint, N, R> {}

/** A column of exact decimals. */
export interface DecimalColumn<out N extends null = never, in R = unknown>
  extends Expression<Decimal | N, R>,
    AnyMethods<Decimal, N, R>,
    EqualityMethods<Decimal, N, R, DecimalOperand>,
    ExtremeMethods<Decimal, N, R>,
    OrderedMethods<Decimal, N, R, DecimalOperand>,
    NumericMethods<Decimal, N, R, ExactOperand, DecimalOperand> {}
