// Window functions: a value for each row, of the rows around it.

import type { ColumnFor } from "./column-for.ts";
import type { Expression, NeedsOf, NeedsOfSorting, Sorting } from "./expression.ts";

declare const windowMark: unique symbol;

/** Where a frame begins or ends: rows before (negative), after (positive), 0 the row itself, or no bound. */
export type FrameEnd = number | "unbounded";

/** Which rows of a window count for a row. */
export interface Frame {
  /** `rows` counts rows; `peers` takes rows that the order does not tell apart together. */
  readonly unit?: "rows" | "peers";
  /** `"unbounded"` unless told: from the first row of the window. */
  readonly start?: FrameEnd;
  /** 0 unless told: to the row itself. */
  readonly end?: FrameEnd;
}

/** Rows that belong together, their order, and which of them count. */
export interface WindowOptions<P = Expression<unknown>, S = Sorting> {
  /** Rows with equal values belong together; all rows where it is not set. */
  readonly partitionBy?: P | readonly P[];
  /** The order of the rows that belong together. */
  readonly orderBy?: S | readonly S[];
  /**
   * Unless told: with an order all rows up to this one and its peers, else all rows of the window.
   */
  readonly frame?: Frame;
}

/** A window function that still has to be told its window. */
export interface WindowValue<out V, in Row = never> {
  readonly [windowMark]: (row: Row) => V;
  /**
   * The value for each row, as a column.
   * @param window which rows belong together, in which order, and which of them count
   * @example flights.withColumn("rank", (c) => rank().over({ partitionBy: c.origin, orderBy: c.delay.desc() }))
   */
  over<Value, Needs, P extends Expression<unknown> = never, S extends Sorting = never>(
    // Asked of `this`, so that what is told of the variance of the parameters can be checked.
    this: WindowValue<Value, Needs>,
    window: WindowOptions<P, S>,
  ): ColumnFor<Value, Needs & NeedsOf<P> & NeedsOfSorting<S>>;
}
