// Columns of text.

import type { AnyMethods, EqualityMethods, ExtremeMethods, OrderedMethods } from "./any-column.ts";
import type { Expression } from "./expression.ts";

/** A column of text. */
export interface StringColumn<out N extends null = never, in R = unknown>
  extends Expression<string | N, R>,
    AnyMethods<string, N, R>,
    EqualityMethods<string, N, R>,
    ExtremeMethods<string, N, R>,
    OrderedMethods<string, N, R> {}
