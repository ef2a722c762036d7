// Columns of bytes, lists and structs.

import type { AnyMethods, EqualityMethods } from "./any-column.ts";
import type { BooleanColumn } from "./boolean-column.ts";
import type { ColumnFor } from "./column-for.ts";
import type { Expression, NeedsOf, NullOf, ValueOrColumn } from "./expression.ts";
import type { NumberColumn } from "./number-column.ts";
import type { StringColumn } from "./string-column.ts";

/** A column of bytes. */
export interface BinaryColumn<out N extends null = never, in R = unknown>
  extends Expression<Uint8Array | N, R>,
    AnyMethods<Uint8Array, N, R>,
    EqualityMethods<Uint8Array, N, R> {
  /**
   * How many bytes the value has.
   * @example
   * shops.select((c) => ({ x: c.logo.byteLength() }))
   * // => 2, 0
   */
  byteLength(): NumberColumn<N, R>;
}

type ItemOf<Item> = NonNullable<Item> extends readonly (infer Inner)[] ? Inner : unknown;

/** Methods of columns of lists. Places are counted from 1, as in SQL. */
export interface ListMethods<Item, N extends null, R> {
  /**
   * How many items the list has.
   * @example
   * sales.select((c) => ({ x: c.tags.size() }))
   * // => 1, 0, 2
   */
  size(): NumberColumn<N, R>;
  /**
   * Whether a value is an item of the list.
   * @example
   * sales.where((c) => c.tags.contains("new"))
   * // => { shop: "north", price: 2.5, quarter: "Q1", tags: ["new"] }
   */
  contains<A extends ValueOrColumn<Item>>(value: A): BooleanColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * The item at an index, counted from 1, or from the end where negative; null where there is none.
   * @example
   * sales.select((c) => ({ x: c.tags.elementAt(1) }))
   * // => "new", null, "old"
   */
  elementAt<A extends ValueOrColumn<number>>(index: A): ColumnFor<Item | null, R & NeedsOf<A>>;
  /**
   * Where a value first is in the list, counted from 1; 0 where it is not.
   * @example
   * sales.select((c) => ({ x: c.tags.listPosition("new") }))
   * // => 1, 0, 0
   */
  listPosition<A extends ValueOrColumn<Item>>(
    value: A,
  ): NumberColumn<N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * The items from a place on, counted from 1; a negative one counts from the end.
   * @example
   * sales.select((c) => ({ x: c.tags.slice(1, 2) }))
   * // => ["new"], [], ["old", "big"]
   */
  slice<A extends ValueOrColumn<number>>(
    start: A,
    length?: number,
  ): ListColumn<Item, N | NullOf<A>, R & NeedsOf<A>>;
  /**
   * The items in order, nulls first.
   * @example
   * sales.select((c) => ({ x: c.tags.sortList() }))
   * // => ["new"], [], ["big", "old"]
   */
  sortList(): ListColumn<Item, N, R>;
  /**
   * The items without repetitions, in order of first appearance.
   * @example
   * sales.select((c) => ({ x: c.tags.distinctList() }))
   * // => ["new"], [], ["old", "big"]
   */
  distinctList(): ListColumn<Item, N, R>;
  /**
   * The items of a list of lists end to end; lists that are null are left out.
   * @example
   * sales.groupBy("shop").agg((c) => ({ tags: c.tags.collectList() })).select((c) => ({ tags: c.tags.flatten() }))
   * // => { tags: ["new", "old", "big"] } { tags: [] }
   */
  flatten(): ListColumn<ItemOf<Item>, N, R>;
  /**
   * The texts of the list with a separator between them; nulls are left out.
   * @example
   * sales.select((c) => ({ x: c.tags.join(", ") }))
   * // => "new", "", "old, big"
   */
  join<A extends ValueOrColumn<string>>(separator: A): StringColumn<N | NullOf<A>, R & NeedsOf<A>>;
}

/** A column of lists. */
export interface ListColumn<Item, out N extends null = never, in R = unknown>
  extends Expression<readonly Item[] | N, R>,
    AnyMethods<readonly Item[], N, R>,
    EqualityMethods<readonly Item[], N, R>,
    ListMethods<Item, N, R> {}

/** Methods of columns of objects. */
export interface StructMethods<Fields, N extends null, R> {
  /**
   * The value of one field; null where the object is.
   * @param name of the field
   * @example
   * shops.select((c) => ({ x: c.place.field("latitude") }))
   * // => 47.5, null
   */
  field<const Name extends keyof Fields & string>(name: Name): ColumnFor<Fields[Name] | N, R>;
}

/** A column of objects with named fields. */
export interface StructColumn<Fields, N extends null = never, R = unknown>
  extends Expression<Fields | N, R>,
    AnyMethods<Fields, N, R>,
    EqualityMethods<Fields, N, R>,
    StructMethods<Fields, N, R> {}
