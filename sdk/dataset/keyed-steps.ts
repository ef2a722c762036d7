// Steps on pairs `[key, value]`, by functions of the user's; keys are equal when they have equal contents.

import { partitionsPerShuffleMax } from "../../proto/limits.ts";
import { encodeValue } from "../../proto/plan/values.ts";
import type { RecordOf } from "../columns/column-for.ts";
import { ClosureSteps } from "./closure-steps.ts";
import type { Sortable, Widened } from "./columns.ts";
import type { Dataset } from "./dataset.ts";
import { checkedCount, checkedFunction, derive, nodeOf, otherNode, step } from "./dataset-base.ts";

const partitionsAllowed = { min: 1, max: partitionsPerShuffleMax };

/** A pair as a row: a tuple, or what `map((x) => [x, 1] as const)` makes. */
type Pair<K, V> = readonly [K, V];

/** Which keys a join of pairs keeps. */
export type PairJoinType = "inner" | "left" | "right" | "full";

/** The values that meet in a join of pairs; undefined where a side has none. */
export type JoinedPair<V, W, Type extends PairJoinType> = [
  Type extends "right" | "full" ? V | undefined : V,
  Type extends "left" | "full" ? W | undefined : W,
];

function* joinedPairs<K, Joined>(
  key: K,
  lefts: readonly unknown[],
  rights: readonly unknown[],
): Iterable<[K, Joined]> {
  for (const one of lefts) {
    for (const two of rights) yield [key, [one, two] as Joined];
  }
}

/** `keyBy`, `reduceByKey` and their like. */
export abstract class KeyedSteps<out T> extends ClosureSteps<T> {
  /**
   * Pairs each row with a key, as `[key, row]`, for `reduceByKey` and its like.
   * @param keyOf answers the key: a scalar, an array or a plain object
   * @example sales.keyBy((sale) => sale.shop)
   */
  keyBy<K>(keyOf: (row: T) => K): Dataset<[K, T]> {
    checkedFunction("keyBy", keyOf);
    return this.map((row): [K, T] => [keyOf(row), row]);
  }

  /**
   * The keys of pairs, one for each pair.
   * @example
   * pairs.keys().distinct()
   * // => "to" "be" "or" "not" "ERROR"
   */
  keys<K>(this: Dataset<Pair<K, unknown>>): Dataset<K> {
    return this.map(([key]) => key);
  }

  /**
   * The values of pairs.
   * @example
   * pairs.values()
   * // => 2 2 2 3 2 2 5
   */
  values<V>(this: Dataset<Pair<unknown, V>>): Dataset<V> {
    return this.map(([, value]) => value);
  }

  /**
   * Applies a function to the value of each pair.
   * @param transform answers the new value
   * @example
   * pairs.mapValues((value) => value * 2)
   * // => ["to", 4] ["be", 4] ["or", 4] ["not", 6] ["to", 4] ["be", 4] ["ERROR", 10]
   */
  mapValues<K, V, U>(this: Dataset<Pair<K, V>>, transform: (value: V) => U): Dataset<[K, U]> {
    checkedFunction("mapValues", transform);
    return this.map(([key, value]): [K, U] => [key, transform(value)]);
  }

  /**
   * Combines the values of each key into one pair per key. Only for datasets of `[key, value]` pairs.
   * @param combine two values into one; must be associative and commutative, since the grouping is not fixed
   * @example
   * words.map((word) => [word, 1] as const).reduceByKey((a, b) => a + b)
   * // => ["to", 2] ["be", 2] ["or", 1] ["not", 1] ["ERROR", 1]
   */
  reduceByKey<K, V>(
    this: Dataset<Pair<K, V>>,
    combine: (a: Widened<V>, b: Widened<V>) => Widened<V>,
  ): Dataset<[K, Widened<V>]> {
    return step(this, { kind: "reduceByKey" }, checkedFunction("reduceByKey", combine));
  }

  /**
   * Folds the values of each key into a state of another type; one pair `[key, state]` per key.
   * @param zero the state before the first value; each key begins with a copy of its own
   * @param add answers the state with one more value
   * @param merge answers one state of two; must be associative and commutative
   * @throws VALUE_UNSUPPORTED for a zero that could not be a row
   * @example
   * pairs.aggregateByKey(
   *   { sum: 0, count: 0 },
   *   (state, value) => ({ sum: state.sum + value, count: state.count + 1 }),
   *   (a, b) => ({ sum: a.sum + b.sum, count: a.count + b.count }),
   * )
   */
  aggregateByKey<K, V, State>(
    this: Dataset<Pair<K, V>>,
    zero: State,
    add: (state: State, value: V) => State,
    merge: (a: State, b: State) => State,
  ): Dataset<[K, State]> {
    checkedFunction("aggregateByKey", add);
    checkedFunction("aggregateByKey", merge);
    // One node has one function; what it is to do is told by its first argument.
    const both = (what: "add" | "merge", state: State, other: never): State =>
      what === "add" ? add(state, other) : merge(state, other);
    return step(this, { kind: "aggregateByKey", zeroJson: encodeValue(zero) }, both);
  }

  /**
   * Brings the values of each key together, as `[key, values]`. They must fit the memory of a task: prefer
   * `reduceByKey` or `aggregateByKey`, which combine values before they cross the network.
   * @param options `sortBy`: the values of each key in the order of what this answers (secondary sort)
   * @example
   * pairs.groupByKey()
   * // => ["to", [2, 2]] ["be", [2, 2]] ["or", [2]] ["not", [3]] ["ERROR", [5]]
   * @example sales.keyBy((sale) => sale.shop).groupByKey({ sortBy: (sale) => sale.price })
   */
  groupByKey<K, V>(
    this: Dataset<Pair<K, V>>,
    options: { readonly sortBy?: (value: V) => Sortable } = {},
  ): Dataset<[K, V[]]> {
    const { sortBy } = options;
    if (sortBy === undefined) return step(this, { kind: "groupByKey", sorted: false });
    const closure = checkedFunction("groupByKey", sortBy);
    return step(this, { kind: "groupByKey", sorted: true }, closure);
  }

  /**
   * Counts the pairs of each key, as `[key, count]`.
   * @example
   * pairs.countByKey()
   * // => ["to", 2] ["be", 2] ["or", 1] ["not", 1] ["ERROR", 1]
   */
  countByKey<K>(this: Dataset<Pair<K, unknown>>): Dataset<[K, number]> {
    return this.map(([key]): [K, number] => [key, 1]).reduceByKey((a, b) => a + b);
  }

  /**
   * Counts how often each distinct row occurs: one `{ value, count }` per distinct row, in no fixed order.
   * @example words.countByValue().orderBy("count", "desc")
   */
  countByValue(): Dataset<{ readonly value: T; readonly count: number }> {
    return step(this, { kind: "countByValue" });
  }

  /**
   * Brings the values of each key in two datasets together, as `[key, [values here, values there]]`.
   * @param other pairs with keys of the same type
   * @example pairs.cogroup(otherPairs)
   */
  cogroup<K, V, W>(
    this: Dataset<Pair<K, V>>,
    other: Dataset<Pair<K, W>>,
  ): Dataset<[K, [V[], W[]]]> {
    const right = otherNode("cogroup", this, other);
    return derive(this, { kind: "cogroup", left: nodeOf(this), right });
  }

  /**
   * Joins pairs by their keys: one `[key, [value here, value there]]` for each two values that meet.
   * @param other pairs with keys of the same type
   * @param type which keys are kept: those of both (`"inner"`), of this, of the other, or of either
   * @example pairs.joinByKey(otherPairs, "left")
   */
  joinByKey<K, V, W, Type extends PairJoinType = "inner">(
    this: Dataset<Pair<K, V>>,
    other: Dataset<Pair<K, W>>,
    type?: Type,
  ): Dataset<[K, JoinedPair<V, W, Type>]> {
    type Joined = [K, JoinedPair<V, W, Type>];
    const asked: PairJoinType = type ?? "inner";
    if (asked === "inner" || asked === "left") {
      const right = otherNode("joinByKey", this, other);
      return derive(this, { kind: "joinByKey", type: asked, left: nodeOf(this), right });
    }
    const keepsLeft = asked === "full";
    return this.cogroup(other).flatMap(([key, [left, right]]): Iterable<Joined> => {
      const lefts = left.length === 0 ? [undefined] : left;
      const rights = right.length === 0 && keepsLeft ? [undefined] : right;
      // Mostly one value meets one. Many make more pairs than an array may hold.
      if (lefts.length !== 1 || rights.length !== 1) return joinedPairs(key, lefts, rights);
      return [[key, [lefts[0], rights[0]] as JoinedPair<V, W, Type>]];
    });
  }

  /**
   * Sends pairs to tasks by a function of their keys: a custom partitioner. Pairs with equal numbers meet in
   * one task of a following `mapPartitions` or output file.
   * @param partitions how many tasks
   * @param partitionOf answers a whole number for a key, which is taken modulo the tasks
   * @throws PLAN_INVALID when `partitions` is not a whole number from 1 to 4096
   * @example
   * pairs.partitionBy(16, (word) => word.charCodeAt(0))
   * // => ["to", 2] ["be", 2] ["or", 2] ["not", 3] ["to", 2] ["be", 2] ["ERROR", 5]
   */
  partitionBy<K, V>(
    this: Dataset<Pair<K, V>>,
    partitions: number,
    partitionOf: (key: K) => number,
  ): Dataset<[K, V]> {
    checkedCount("partitionBy", "partitions", partitions, partitionsAllowed);
    checkedFunction("partitionBy", partitionOf);
    const ofRow = ([key]: Pair<K, V>): number => partitionOf(key);
    return step(this, { kind: "repartition", partitions, by: "closure" }, ofRow);
  }

  /**
   * Spreads rows over tasks: evenly, or so that rows with equal values in some columns meet.
   * @param partitions how many tasks
   * @param names the columns that count; evenly without
   * @throws PLAN_INVALID when `partitions` is not a whole number from 1 to 4096
   * @example flights.repartition(32, "origin")
   */
  repartition<Row>(
    this: Dataset<Row>,
    partitions: number,
    ...names: readonly (keyof RecordOf<Row> & string)[]
  ): Dataset<Row> {
    checkedCount("repartition", "partitions", partitions, partitionsAllowed);
    const by = names.map((name) => Object.freeze({ kind: "column", name } as const));
    return step(this, { kind: "repartition", partitions, by: by.length === 0 ? "even" : by });
  }
}
