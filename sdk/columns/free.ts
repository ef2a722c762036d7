// Columns by name alone, constants, sort terms and conditionals, made without a dataset at hand.

import { EngineError } from "../../proto/errors.ts";
import type { AnyMethods, EqualityMethods, OrderedMethods } from "./any-column.ts";
import type { BooleanColumn, BooleanMethods } from "./boolean-column.ts";
import { ColumnValue, layersOf, toColumn } from "./build.ts";
import type { ColumnFor } from "./column-for.ts";
import type { ColumnType } from "./column-type.ts";
import type { DateMethods } from "./date-column.ts";
import type {
  Expression,
  NeedsOf,
  NullOf,
  Reference,
  SortTerm,
  ValueOfOperand,
  ValueOrColumn,
  Widened,
} from "./expression.ts";
import type { NumberMethods, NumericMethods } from "./number-column.ts";
import type { StringMethods } from "./string-column.ts";
import "./methods.ts";

type Has<Name extends string, V> = { readonly [Key in Name]?: V | null | undefined };

/** What every row has that has the column. */
type Named<Name extends string> = { readonly [Key in Name]: unknown };

type OfType<Name extends string, V> = EqualityMethods<V, null, Named<Name> & Has<Name, V>> &
  OrderedMethods<V, null, Named<Name> & Has<Name, V>>;

/** A column by its name. What is done with it decides which type the dataset's column must have. */
export type FreeColumn<Name extends string> = Expression<Reference<Name>, Named<Name>> &
  AnyMethods<Reference<Name>, null, Named<Name>> &
  NumericMethods<number, null, Named<Name> & Has<Name, number>> &
  NumberMethods<null, Named<Name> & Has<Name, number>> &
  StringMethods<null, Named<Name> & Has<Name, string>> &
  DateMethods<null, Named<Name> & Has<Name, Date>> &
  BooleanMethods<null, Named<Name> & Has<Name, boolean>> &
  OfType<Name, number> &
  OfType<Name, string> &
  OfType<Name, Date> &
  OfType<Name, bigint> &
  OfType<Name, boolean>;

/**
 * The column of that name of whatever dataset it is used with. Inside `where`, `select` and the like the
 * columns that the function is given know their types, and editors complete them: prefer those.
 * @param name of the column
 * @example flights.where(col("delay").gt(30))
 */
export function col<const Name extends string>(name: Name): FreeColumn<Name> {
  return new ColumnValue({ kind: "column", name }) as unknown as FreeColumn<Name>;
}

/**
 * A constant as an expression.
 * @param value a plain value
 * @param type what it becomes, where the value does not tell: `lit("0.19", decimal(3, 2))`
 * @example flights.withColumn("source", lit("airline"))
 */
export function lit<const V>(value: V): ColumnFor<Widened<V>>;
export function lit<const V, To>(value: V, type: ColumnType<To>): ColumnFor<To | Extract<V, null>>;
export function lit(value: unknown, type?: ColumnType<unknown>): unknown {
  const column = toColumn(value);
  if (type === undefined) return column;
  return new ColumnValue({ kind: "cast", input: column.expr, to: type.type, onFailure: "error" });
}

/** A conditional that still has to be given its result. */
export interface WhenStep<V, R> {
  /**
   * What it is where the condition is true.
   * @example flights.withColumn("state", (c) => when(c.delay.gt(60)).then("late").otherwise("on time"))
   */
  then<O>(result: O): CaseColumn<V | ValueOfOperand<O>, R & NeedsOf<O>>;
}

/** A conditional: the result of the first condition that is true. Without `otherwise` it is null elsewhere. */
export interface CaseColumn<V, R> {
  /**
   * Adds a condition, looked at where none before it is true.
   * @example
   * flights.withColumn("state", (c) =>
   *   when(c.delay.gt(60)).then("late").when(c.delay.lt(0)).then("early").otherwise("on time"))
   */
  when<O extends ValueOrColumn<boolean>>(condition: O): WhenStep<V, R & NeedsOf<O>>;
  /**
   * Ends the conditional with what it is where no condition is true.
   * @example flights.withColumn("late", (c) => when(c.delay.gt(0)).then(c.delay).otherwise(0))
   */
  otherwise<O extends ValueOrColumn<NonNullable<V>>>(
    result: O,
  ): ColumnFor<V | ValueOfOperand<O>, R & NeedsOf<O>>;
  /**
   * Ends the conditional with null where no condition is true.
   * @example flights.withColumn("late", (c) => when(c.delay.gt(0)).then(c.delay).end())
   */
  end(): ColumnFor<V | null, R>;
}

interface Branch {
  readonly when: ColumnValue;
  readonly result: ColumnValue;
}

class CaseValue {
  readonly #branches: readonly Branch[];

  constructor(branches: readonly Branch[]) {
    this.#branches = branches;
  }

  when(condition: unknown): unknown {
    return whenStep(this.#branches, toColumn(condition));
  }

  otherwise(result: unknown): ColumnValue {
    return this.#build(toColumn(result));
  }

  end(): ColumnValue {
    return this.#build(undefined);
  }

  #build(otherwise: ColumnValue | undefined): ColumnValue {
    const branches = this.#branches.map(({ when: condition, result }) => ({
      when: condition.expr,
      result: result.expr,
    }));
    const parts = this.#branches.flatMap(({ when: condition, result }) => [condition, result]);
    const rest = otherwise === undefined ? {} : { otherwise: otherwise.expr };
    return new ColumnValue(
      { kind: "case", branches, ...rest },
      layersOf(otherwise === undefined ? parts : [...parts, otherwise]),
    );
  }
}

function whenStep(before: readonly Branch[], condition: ColumnValue): unknown {
  const branch = (result: unknown): CaseValue =>
    new CaseValue([...before, { when: condition, result: toColumn(result) }]);
  // biome-ignore lint/suspicious/noThenProperty: SQL's word; expressions are never awaited
  return { then: branch };
}

/**
 * Begins a conditional: the result of the first condition that is true.
 * @param condition an expression that is true or false
 * @example flights.withColumn("state", (c) => when(c.delay.gt(60)).then("late").otherwise("on time"))
 */
export function when<O extends ValueOrColumn<boolean>>(condition: O): WhenStep<never, NeedsOf<O>> {
  return whenStep([], toColumn(condition)) as WhenStep<never, NeedsOf<O>>;
}

/**
 * Sorts by a column of that name, in ascending order; nulls come first.
 * @param name of the column
 * @example flights.orderBy(asc("origin"), desc("delay"))
 */
export function asc<const Name extends string>(name: Name): SortTerm<Named<Name>> {
  return col(name).asc();
}

/**
 * Sorts by a column of that name, in descending order; nulls come last.
 * @param name of the column
 * @example flights.orderBy(desc("delay").nullsFirst())
 */
export function desc<const Name extends string>(name: Name): SortTerm<Named<Name>> {
  return col(name).desc();
}

/**
 * The conjunction of any number of conditions; true of none.
 * @param conditions expressions that are true or false
 * @example flights.where((c) => every(c.delay.gt(30), c.origin.eq("SEA"), c.tail.isNotNull()))
 */
export function every<const O extends readonly ValueOrColumn<boolean>[]>(
  ...conditions: O
): BooleanColumn<NullOf<O[number]>, NeedsOf<O[number]>> {
  return combined("and", conditions, true) as BooleanColumn<NullOf<O[number]>, NeedsOf<O[number]>>;
}

/**
 * The disjunction of any number of conditions; false of none.
 * @param conditions expressions that are true or false
 * @example flights.where((c) => some(c.delay.gt(30), c.delay.isNull()))
 */
export function some<const O extends readonly ValueOrColumn<boolean>[]>(
  ...conditions: O
): BooleanColumn<NullOf<O[number]>, NeedsOf<O[number]>> {
  return combined("or", conditions, false) as BooleanColumn<NullOf<O[number]>, NeedsOf<O[number]>>;
}

function combined(name: "and" | "or", conditions: readonly unknown[], ofNone: boolean): unknown {
  const columns = conditions.map(toColumn);
  if (columns.length === 0) return toColumn(ofNone);
  return columns.reduce((left, right) => {
    const call = { kind: "call", name, args: [left.expr, right.expr] } as const;
    return new ColumnValue(call, layersOf([left, right]));
  });
}

/** For `withColumn` and the like: an expression, or PLAN_INVALID that names the method. */
export function checkedColumn(method: string, value: unknown): ColumnValue {
  if (value instanceof ColumnValue) return value;
  if (value instanceof CaseValue) {
    throw new EngineError(
      "PLAN_INVALID",
      `${method}: a conditional is not ended; add .otherwise(value) or .end()`,
    );
  }
  return toColumn(value);
}
