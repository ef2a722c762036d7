// Columns of true and false, with three-valued logic as in SQL: null is unknown.

import type { Aggregate } from "./aggregate.ts";
import type { AnyMethods, EqualityMethods, ExtremeMethods, OrderedMethods } from "./any-column.ts";
import type { Expression, NeedsOf, NullOf, ValueOrColumn } from "./expression.ts";

/** Methods of columns of true and false. */
export interface BooleanMethods<N extends null, R> {
  /**
   * True where both are; false where one is false, even beside null.
   * @example flights.where((c) => c.delay.gt(30).and(c.origin.eq("SEA")))
   */
  and<O extends ValueOrColumn<boolean>>(other: O): BooleanColumn<N | NullOf<O>, R & NeedsOf<O>>;
  /**
   * True where one is true, even beside null; false where both are.
   * @example flights.where((c) => c.origin.eq("SEA").or(c.destination.eq("SEA")))
   */
  or<O extends ValueOrColumn<boolean>>(other: O): BooleanColumn<N | NullOf<O>, R & NeedsOf<O>>;
  /**
   * True where this is false; null of null.
   * @example flights.where((c) => c.origin.isIn("SEA", "SFO").not())
   */
  not(): BooleanColumn<N, R>;
  /**
   * Aggregate: whether one is true.
   * @example
   * flights.groupBy("origin").agg((c) => ({ late: c.delay.gt(60).anyTrue() }))
   * // => { origin: "SEA", late: false } { origin: "SFO", late: false }
   */
  anyTrue(): Aggregate<boolean | N, null, R>;
  /**
   * Aggregate: whether none is false.
   * @example
   * flights.groupBy("origin").agg((c) => ({ punctual: c.delay.le(0).allTrue() }))
   * // => { origin: "SEA", punctual: false } { origin: "SFO", punctual: true }
   */
  allTrue(): Aggregate<boolean | N, null, R>;
}

/** A column of true and false. */
export interface BooleanColumn<out N extends null = never, in R = unknown>
  extends Expression<boolean | N, R>,
    AnyMethods<boolean, N, R>,
    EqualityMethods<boolean, N, R>,
    ExtremeMethods<boolean, N, R>,
    OrderedMethods<boolean, N, R>,
    BooleanMethods<N, R> {}
