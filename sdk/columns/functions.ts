// Aggregates and window functions as free functions: for those without a column, and for columns by name.

import type { Aggregate } from "./aggregate.ts";
import { aggregateOf, WindowFunctionValue } from "./build.ts";
import type { Expression } from "./expression.ts";
import type { WindowValue } from "./window.ts";
import "./methods.ts";

/**
 * Aggregate: how many rows there are; of an expression, how many values are not null.
 * @param expression what is counted; rows where it is not given
 * @example flights.groupBy("origin").agg({ flights: count() })
 */
export function count<R = unknown>(
  expression?: Expression<unknown, R>,
): Aggregate<number, never, R> {
  return made("count", expression === undefined ? [] : [expression]);
}

/**
 * Aggregate: the sum, nulls left out. Whole numbers that overflow end the job.
 * @param expression numbers
 * @example sales.groupBy("shop").agg({ total: sum(col("price")) })
 */
export function sum<V, R>(expression: Expression<V, R>): Aggregate<V, null, R> {
  return made("sum", [expression]);
}

/**
 * Aggregate: the mean as a float64, nulls left out.
 * @param expression numbers
 * @example sales.groupBy("shop").agg({ mean: avg(col("price")) })
 */
export function avg<R>(expression: Expression<unknown, R>): Aggregate<number | null, null, R> {
  return made("avg", [expression]);
}

/**
 * Aggregate: the first value in order, nulls left out.
 * @param expression values that have an order
 * @example flights.groupBy("origin").agg({ earliest: min(col("at")) })
 */
export function min<V, R>(expression: Expression<V, R>): Aggregate<V, null, R> {
  return made("min", [expression]);
}

/**
 * Aggregate: the last value in order, nulls left out.
 * @param expression values that have an order
 * @example flights.groupBy("origin").agg({ latest: max(col("at")) })
 */
export function max<V, R>(expression: Expression<V, R>): Aggregate<V, null, R> {
  return made("max", [expression]);
}

/**
 * Aggregate: how many different values there are, null left out.
 * @param expression what is counted
 * @example flights.agg({ airports: countDistinct(col("origin")) })
 */
export function countDistinct<R>(expression: Expression<unknown, R>): Aggregate<number, never, R> {
  return made("countDistinct", [expression]);
}

/**
 * Window function: 1 for the first row of each window, 2 for the second, and so on.
 * @example
 * flights.where((c) => rowNumber().over({ partitionBy: c.origin, orderBy: c.delay.desc() }).le(3))
 */
export function rowNumber(): WindowValue<number, unknown> {
  return ofWindow("rowNumber");
}

/**
 * Window function: how many rows come before in the order, plus 1; equal rows have equal ranks.
 * @example
 * flights.withColumn("rank", (c) => rank().over({ partitionBy: c.origin, orderBy: c.delay.desc() }))
 */
export function rank(): WindowValue<number, unknown> {
  return ofWindow("rank");
}

/**
 * Window function: as `rank`, without gaps after equal rows.
 * @example
 * flights.withColumn("rank", (c) => denseRank().over({ partitionBy: c.origin, orderBy: c.delay.desc() }))
 */
export function denseRank(): WindowValue<number, unknown> {
  return ofWindow("denseRank");
}

/**
 * Window function: the rank as a share, from 0 to 1.
 * @example flights.withColumn("share", (c) => percentRank().over({ orderBy: c.delay }))
 */
export function percentRank(): WindowValue<number, unknown> {
  return ofWindow("percentRank");
}

/**
 * Window function: the window cut into parts of equal size, numbered from 1.
 * @param parts how many parts
 * @example flights.withColumn("quarter", (c) => ntile(4).over({ orderBy: c.delay }))
 */
export function ntile(parts: number): WindowValue<number, unknown> {
  return ofWindow("ntile", parts);
}

function made<A>(name: string, operands: readonly Expression<unknown>[]): A {
  return aggregateOf(name, operands) as unknown as A;
}

function ofWindow(name: string, ...operands: readonly unknown[]): WindowValue<number, unknown> {
  return new WindowFunctionValue(name, operands) as unknown as WindowValue<number, unknown>;
}
