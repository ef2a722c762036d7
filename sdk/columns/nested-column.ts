// Columns of bytes, lists and structs.

import type { AnyMethods, EqualityMethods } from "./any-column.ts";
import type { Expression } from "./expression.ts";

/** A column of bytes. */
export interface BinaryColumn<out N extends null = never, in R = unknown>
  extends Expression<Uint8Array | N, R>,
    AnyMethods<Uint8Array, N, R>,
    EqualityMethods<Uint8Array, N, R> {}

/** A column of lists. */
export interface ListColumn<Item, out N extends null = never, in R = unknown>
  extends Expression<readonly Item[] | N, R>,
    AnyMethods<readonly Item[], N, R>,
    EqualityMethods<readonly Item[], N, R> {}

/** A column of objects with named fields. */
export interface StructColumn<Fields, out N extends null = never, in R = unknown>
  extends Expression<Fields | N, R>,
    AnyMethods<Fields, N, R>,
    EqualityMethods<Fields, N, R> {}
