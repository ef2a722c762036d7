// What all column expressions have in common: their value's type, the columns they need, operands, sort terms.

declare const valueMark: unique symbol;
declare const needsMark: unique symbol;
declare const referenceMark: unique symbol;

/**
 * Something that has a value for each row. `V`: its values. `Row`: the columns it needs, where it was made
 * by a free `col("name")`; what a dataset gives to a function needs nothing more.
 */
export interface Expression<out V, in Row = never> {
  readonly [valueMark]: V;
  readonly [needsMark]: (row: Row) => void;
}

/** Stands for the value of the column `Name`, whose type only the dataset tells. */
export interface Reference<out Name extends string> {
  readonly [referenceMark]: Name;
}

/** A plain value, or an expression with such values or null. */
export type ValueOrColumn<V> = V | null | Expression<V | null>;

/** `null` where an operand may be null, else `never`. */
export type NullOf<O> = O extends Expression<infer V> ? Extract<V, null> : Extract<O, null>;

/** `null` where all operands may be null, else `never`. */
export type NullOfAll<Operands extends readonly unknown[]> = Operands extends readonly [
  infer First,
  ...infer Rest,
]
  ? NullOf<First> & NullOfAll<Rest>
  : null;

/** Of what did not fit, nothing is known, and one message is enough. */
type Known<Row> = [Row] extends [never] ? unknown : Row;

/** The columns that operands need; many operands need those of each. */
export type NeedsOf<O> = [Extract<O, Expression<unknown>>] extends [Expression<unknown, infer Row>]
  ? Known<Row>
  : unknown;

/** `"late"` has the values `string`, not only that one. */
export type Widened<V> = V extends string
  ? string
  : V extends number
    ? number
    : V extends bigint
      ? bigint
      : V extends boolean
        ? boolean
        : V;

/** What an operand's values are. */
export type ValueOfOperand<O> = O extends Expression<infer V> ? V : Widened<O>;

/** Values with references to columns of these rows looked up. */
export type Resolved<V, Row> =
  V extends Reference<infer Name> ? (Name extends keyof Row ? Row[Name] : unknown) : V;

/** What an expression's values are, over rows with these columns. */
export type ValueOver<E, Row> = E extends Expression<infer V> ? Resolved<V, Row> : never;

/** How rows are ordered by one expression. */
export interface SortTerm<in Row = never> {
  readonly [needsMark]: (row: Row) => void;
  /**
   * Puts rows without a value first, whatever the direction.
   * @example flights.sortBy((c) => c.delay.desc().nullsFirst())
   */
  nullsFirst(): SortTerm<Row>;
  /**
   * Puts rows without a value last, whatever the direction.
   * @example flights.sortBy((c) => c.delay.asc().nullsLast())
   */
  nullsLast(): SortTerm<Row>;
}

/** A term, or an expression, which is sorted in ascending order. */
export type Sorting<Row = never> = SortTerm<Row> | Expression<unknown, Row>;

/** The columns that sort terms need. */
export type NeedsOfSorting<S> = [Extract<S, SortTerm | Expression<unknown>>] extends [
  SortTermLike<infer Row>,
]
  ? Row
  : unknown;

interface SortTermLike<in Row> {
  readonly [needsMark]: (row: Row) => void;
}
