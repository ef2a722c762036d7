// Aggregates: of all rows, of groups, and of groups spread over columns.

import { EngineError } from "../../proto/errors.ts";
import type { Aggregate, GroupValue, TotalValue } from "../columns/aggregate.ts";
import { AggregateValue, aggregateOf, ColumnValue, callOf, layersOf } from "../columns/build.ts";
import type { Available, Columns, RecordOf } from "../columns/column-for.ts";
import { ColumnSteps } from "./column-steps.ts";
import type { Dataset } from "./dataset.ts";
import { step } from "./dataset-base.ts";
import {
  type Expressions,
  type FromColumns,
  made,
  type NamedColumns,
  namedColumns,
  withWindows,
} from "./from-columns.ts";
import type { Selected } from "./row-types.ts";

/** Aggregates by the names of the columns that they become. */
export type Aggregates<T> = Readonly<Record<string, Aggregate<unknown, null, Available<T>>>>;

/** Rows of keys and aggregates. */
export type GroupRow<T, Keys, Made> = {
  readonly [Name in keyof Keys | keyof Made]: Name extends keyof Made
    ? GroupValue<Made[Name], RecordOf<T>>
    : Name extends keyof Keys
      ? Keys[Name]
      : never;
};

/** Columns named by a value, `Q1`; where there are several aggregates by the value and the aggregate, `Q1_total`. */
export type PivotRow<T, Keys, Value, Made> = [keyof Made] extends [infer Only extends keyof Made]
  ? IsOne<Only> extends true
    ? ValueColumns<T, Keys, Value, Made[Only]>
    : ValueAndAggregateColumns<T, Keys, Value, Made>
  : never;

/** Whether a type is not a union of several. */
type IsOne<Name, All = Name> = [Name] extends [never]
  ? false
  : (Name extends unknown ? ([All] extends [Name] ? true : false) : never) extends true
    ? true
    : false;

type ColumnName<Value> = `${Value & (string | number | bigint | boolean)}`;

type ValueColumns<T, Keys, Value, Only> = {
  readonly [Name in keyof Keys | ColumnName<Value>]: Name extends keyof Keys
    ? Keys[Name]
    : GroupValue<Only, RecordOf<T>> | EmptyValue<Only>;
};

type ValueAndAggregateColumns<T, Keys, Value, Made> = {
  readonly [Name in
    | keyof Keys
    | `${ColumnName<Value>}_${keyof Made & string}`]: Name extends keyof Keys
    ? Keys[Name]
    : Name extends `${string}_${infer Rest}`
      ? PivotValue<T, Made, Rest>
      : never;
};

/** A value may hold `_` itself, so the name of the aggregate is what ends the column's name. */
type PivotValue<T, Made, Rest extends string> = Rest extends keyof Made
  ? GroupValue<Made[Rest], RecordOf<T>> | EmptyValue<Made[Rest]>
  : Rest extends `${string}_${infer Shorter}`
    ? PivotValue<T, Made, Shorter>
    : never;

type EmptyValue<A> = A extends Aggregate<unknown, infer Empty> ? Empty : never;

/** `agg` and `groupBy`. */
export abstract class GroupSteps<out T> extends ColumnSteps<T> {
  /**
   * Aggregates over all rows: one row, even of no input.
   * @param aggregates by the names of their columns, or a function from the columns to them
   * @example
   * flights.agg((c) => ({ flights: count(), worst: c.delay.max() }))
   * // => { flights: 3, worst: 42 }
   */
  agg<Row, Made extends Aggregates<Row>>(
    this: Dataset<Row>,
    aggregates: FromColumns<Row, Made>,
  ): Dataset<{ readonly [Name in keyof Made]: TotalValue<Made[Name], RecordOf<Row>> }> {
    return aggregated(this, { columns: [], layers: [] }, made(aggregates));
  }

  /**
   * Groups rows with equal values of some columns or expressions; null is a group of its own.
   * @param terms names of columns, and functions from the columns to expressions by their names
   * @example
   * flights.groupBy("origin").agg((c) => ({ flights: count(), delay: c.delay.avg() }))
   * // => { origin: "SEA", flights: 2, delay: 42 } { origin: "SFO", flights: 1, delay: -3 }
   * @example
   * flights.groupBy((c) => ({ late: c.delay.gt(30) })).agg({ flights: count() })
   * // => { late: true, flights: 1 } { late: false, flights: 1 } { late: null, flights: 1 }
   */
  groupBy<
    Row,
    Name extends keyof RecordOf<Row> & string = never,
    Made extends Expressions<Row> = Record<never, never>,
  >(
    this: Dataset<Row>,
    ...terms: readonly (`${Name}` | ((columns: Columns<Row>) => Made))[]
  ): GroupedDataset<Row, Selected<Row, Name, Made>> {
    const parts = terms.map((term): NamedColumns => {
      if (typeof term !== "string") return namedColumns("groupBy", made<Row, Made>(term));
      return { columns: [{ name: term, expr: { kind: "column", name: term } }], layers: [] };
    });
    const columns = parts.flatMap((part) => part.columns);
    return new GroupedDataset(this, { columns, layers: layersOf(parts) });
  }
}

/** Rows in groups, to be aggregated. */
export class GroupedDataset<T, Keys> {
  readonly #input: Dataset<T>;
  readonly #keys: NamedColumns;

  /** Reached by `dataset.groupBy`. */
  constructor(input: Dataset<T>, keys: NamedColumns) {
    this.#input = input;
    this.#keys = keys;
    Object.freeze(this);
  }

  /**
   * One row for each group, with its keys and these aggregates, in no fixed order.
   * @param aggregates by the names of their columns, or a function from the columns to them
   * @example
   * flights.groupBy("origin").agg((c) => ({ flights: count(), delay: c.delay.avg() }))
   * // => { origin: "SEA", flights: 2, delay: 42 } { origin: "SFO", flights: 1, delay: -3 }
   */
  agg<Made extends Aggregates<T>>(
    aggregates: FromColumns<T, Made>,
  ): Dataset<GroupRow<T, Keys, Made>> {
    return aggregated(this.#input, this.#keys, made<T, Made>(aggregates));
  }

  /**
   * How many rows each group has.
   * @example
   * flights.groupBy("origin").count()
   * // => { origin: "SEA", count: 2 } { origin: "SFO", count: 1 }
   */
  count(): Dataset<{
    readonly [Name in keyof Keys | "count"]: Name extends "count"
      ? number
      : Name extends keyof Keys
        ? Keys[Name]
        : never;
  }> {
    return aggregated(this.#input, this.#keys, { count: rowCount });
  }

  /**
   * Spreads the groups over columns: an aggregate for each value of another column, in a column of that name.
   * Several aggregates are named `value_aggregate`.
   * @param name of the column whose values become columns
   * @param values those that count; what else it holds is left out
   * @example
   * sales.groupBy("shop").pivot("quarter", ["Q1", "Q2"]).agg((c) => ({ total: c.price.sum() }))
   * // => { shop: "north", Q1: 2.5, Q2: 1 } { shop: "south", Q1: null, Q2: 4 }
   */
  pivot<
    Name extends keyof RecordOf<T> & string,
    const Value extends Extract<
      NonNullable<RecordOf<T>[Name & keyof RecordOf<T>]>,
      string | number | bigint | boolean
    >,
  >(name: Name, values: readonly Value[]): PivotedDataset<T, Keys, Value> {
    if (values.length === 0) {
      throw new EngineError("PLAN_INVALID", `pivot of ${name} was given no values`);
    }
    return new PivotedDataset(this.#input, this.#keys, name, values);
  }
}

/** Groups that are to be spread over columns. */
export class PivotedDataset<T, Keys, Value> {
  readonly #input: Dataset<T>;
  readonly #keys: NamedColumns;
  readonly #name: string;
  readonly #values: readonly Value[];

  /** Reached by `dataset.groupBy(…).pivot(…)`. */
  constructor(input: Dataset<T>, keys: NamedColumns, name: string, values: readonly Value[]) {
    this.#input = input;
    this.#keys = keys;
    this.#name = name;
    this.#values = values;
    Object.freeze(this);
  }

  /**
   * One row for each group, with its keys and a column for each value, such as `Q1`; of several aggregates one for
   * each value and aggregate, such as `Q1_total`.
   * @param aggregates by their names, or a function from the columns to them
   * @example
   * sales.groupBy("shop").pivot("quarter", ["Q1", "Q2"]).agg((c) => ({ total: c.price.sum() }))
   * // => { shop: "north", Q1: 2.5, Q2: 1 } { shop: "south", Q1: null, Q2: 4 }
   */
  agg<Made extends Aggregates<T>>(
    aggregates: FromColumns<T, Made>,
  ): Dataset<PivotRow<T, Keys, Value, Made>> {
    const each = Object.entries(made<T, Made>(aggregates));
    const spread = this.#values.flatMap((value) =>
      each.map(([name, aggregate]) => {
        const isValue = callOf("eq", [
          new ColumnValue({ kind: "column", name: this.#name }),
          value,
        ]);
        const column = each.length === 1 ? String(value) : `${String(value)}_${name}`;
        return [column, asAggregate(name, aggregate).where(isValue)] as const;
      }),
    );
    return aggregated(this.#input, this.#keys, Object.fromEntries(spread));
  }
}

const rowCount = aggregateOf("count", []);

function asAggregate(name: string, value: unknown): AggregateValue {
  if (value instanceof AggregateValue) return value;
  throw new EngineError(
    "PLAN_INVALID",
    `agg: ${name} is no aggregate; use count(), c.delay.sum() and the like, or make it a key of groupBy`,
  );
}

function aggregated<U>(
  from: Dataset<unknown>,
  keys: NamedColumns,
  aggregates: Readonly<Record<string, unknown>>,
): Dataset<U> {
  const values = Object.entries(aggregates).map(
    ([name, value]) => [name, asAggregate(name, value)] as const,
  );
  const layers = layersOf([keys, ...values.map(([, value]) => value)]);
  return step(withWindows(from, layers), {
    kind: "aggregate",
    keys: keys.columns,
    aggregates: values.map(([name, { call }]) => Object.freeze({ name, call })),
  });
}
