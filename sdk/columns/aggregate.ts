// Aggregates: one value of many rows, for `agg` and, with `over`, for each row of a window.

import type { ColumnFor } from "./column-for.ts";
import type {
  Expression,
  NeedsOf,
  NeedsOfSorting,
  Resolved,
  Sorting,
  ValueOrColumn,
} from "./expression.ts";
import type { WindowOptions } from "./window.ts";

declare const valueMark: unique symbol;
declare const emptyMark: unique symbol;
declare const needsMark: unique symbol;

/**
 * One value of the rows of a group. `V`: the value; `Empty`: `null` where it is null of no rows; `Row`: the
 * columns it needs.
 */
export interface Aggregate<out V, out Empty extends null = null, in Row = never> {
  readonly [valueMark]: V;
  readonly [emptyMark]: Empty;
  readonly [needsMark]: (row: Row) => void;
  /**
   * Takes different values only.
   * @example
   * flights.agg((c) => ({ total: c.distance.sum().distinct() }))
   * // => { total: 3101 }
   */
  distinct(): Aggregate<V, Empty, Row>;
  /**
   * Takes only the rows for which a condition is true.
   * @param condition over the columns of one row
   * @example
   * flights.groupBy("origin").agg((c) => ({ late: count().where(c.delay.gt(60)) }))
   * // => { origin: "SEA", late: 0 } { origin: "SFO", late: 0 }
   */
  where<O extends ValueOrColumn<boolean>>(
    condition: O,
  ): Aggregate<V | Empty, Empty, Row & NeedsOf<O>>;
  /**
   * The aggregate over the window of each row, as a column.
   * @param window which rows belong together, in which order, and which of them count
   * @example flights.withColumn("soFar", (c) => c.delay.sum().over({ partitionBy: c.tail, orderBy: c.at }))
   */
  over<Value, Needs, P extends Expression<unknown> = never, S extends Sorting = never>(
    // Asked of `this`, so that what is told of the variance of the parameters can be checked.
    this: Aggregate<Value, null, Needs>,
    window: WindowOptions<P, S>,
  ): ColumnFor<Value, Needs & NeedsOf<P> & NeedsOfSorting<S>>;
}

/** The value of an aggregate in a group, which has at least one row. */
export type GroupValue<A, Row> = A extends Aggregate<infer V, null> ? Resolved<V, Row> : never;

/** The value of an aggregate over all rows, of which there may be none. */
export type TotalValue<A, Row> =
  A extends Aggregate<infer V, infer Empty> ? Resolved<V, Row> | Empty : never;
