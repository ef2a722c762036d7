// Columns of days and moments.

import type { AnyMethods, EqualityMethods, ExtremeMethods, OrderedMethods } from "./any-column.ts";
import type { Expression } from "./expression.ts";

/** A column of dates or timestamps. */
export interface DateColumn<out N extends null = never, in R = unknown>
  extends Expression<Date | N, R>,
    AnyMethods<Date, N, R>,
    EqualityMethods<Date, N, R>,
    ExtremeMethods<Date, N, R>,
    OrderedMethods<Date, N, R> {}
