// The typed shell over plan nodes: each method answers a new dataset, and only actions run anything.

import { EngineError } from "../../proto/errors.ts";
import type { LogicalNode, SortDirection, SortKey } from "../../proto/plan/logical.ts";
import type { ColumnOf, Sortable, Widened } from "./columns.ts";
import type { Closure, Session } from "./session.ts";
import { DatasetWriter } from "./writer.ts";

/**
 * A typed, immutable, lazy collection of rows. Transformations describe; actions (`count`, `collect`,
 * `take`, `first`, `reduce`, `write`) run what was described on the cluster and answer a promise.
 *
 * Functions given to a dataset run on workers, once per row and in any order. They may use whatever they
 * captured and import, and must not change it: each worker has copies of its own. What they throw ends the
 * job with USER_CODE_FAILED, which names the line of the function, the input file and the row.
 */
export class Dataset<out T> {
  readonly #session: Session;
  readonly #node: LogicalNode;

  /** Jobs start from `mr.read`; there is no use in calling this. */
  constructor(session: Session, node: LogicalNode) {
    this.#session = session;
    this.#node = Object.freeze(node);
    Object.freeze(this);
  }

  /**
   * Applies a function to each row.
   * @param transform answers the new row: a scalar, an array or a plain object
   * @example lines.map((line) => line.length)
   */
  map<U>(transform: (row: T) => U): Dataset<U> {
    return this.#apply("map", transform);
  }

  /**
   * Applies a function to each row and puts what it yields in the row's place, in order.
   * @param transform answers none, one or many new rows
   * @example lines.flatMap((line) => line.split(" "))
   */
  flatMap<U>(transform: (row: T) => Iterable<U>): Dataset<U> {
    return this.#apply("flatMap", transform);
  }

  /**
   * Keeps the rows for which the function answers true.
   * @param keep a predicate; a type guard narrows the rows' type
   * @example words.filter((word) => word.length > 3)
   */
  filter<U extends T>(keep: (row: T) => row is U): Dataset<U>;
  filter(keep: (row: T) => boolean): Dataset<T>;
  filter(keep: (row: T) => boolean): Dataset<T> {
    return this.#apply("filter", keep);
  }

  /**
   * Pairs each row with a key, as `[key, row]`, for `reduceByKey`.
   * @param keyOf answers the key: a scalar, an array or a plain object
   * @example sales.keyBy((sale) => sale.shop)
   */
  keyBy<K>(keyOf: (row: T) => K): Dataset<[K, T]> {
    return this.map((row): [K, T] => [keyOf(row), row]);
  }

  /**
   * Combines the values of each key into one pair per key. Only for datasets of `[key, value]` pairs.
   * @param combine two values into one; must be associative and commutative, since the grouping is not fixed
   * @example words.map((word) => [word, 1] as const).reduceByKey((a, b) => a + b)
   */
  reduceByKey<K, V>(
    this: Dataset<readonly [K, V]>,
    combine: (a: Widened<V>, b: Widened<V>) => Widened<V>,
  ): Dataset<[K, Widened<V>]> {
    const id = this.#session.nextNode(checkedFunction("reduceByKey", combine));
    return new Dataset(this.#session, { kind: "reduceByKey", id, input: this.#node });
  }

  /**
   * Counts how often each distinct row occurs: one `{ value, count }` per distinct row, in no fixed order.
   * @example words.countByValue().orderBy("count", "desc")
   */
  countByValue(): Dataset<{ readonly value: T; readonly count: number }> {
    const id = this.#session.nextNode();
    return new Dataset(this.#session, { kind: "countByValue", id, input: this.#node });
  }

  /**
   * Sorts all rows. Rows with an equal key are ordered by the whole row, so the order is always the same.
   * @param key name of a column (`"value"` of scalar rows, `"key"` or `"value"` of pairs), or a function that
   *   answers what to sort by
   * @param direction `"asc"` unless told
   * @throws PLAN_INVALID for a direction that is neither `"asc"` nor `"desc"`
   * @example counts.orderBy("count", "desc")
   * @example words.orderBy((word) => word.length)
   */
  orderBy<Row>(
    // Asked of `this`, so that a dataset of narrower rows stays assignable to one of wider rows.
    this: Dataset<Row>,
    key: ColumnOf<Row> | ((row: Row) => Sortable),
    direction: SortDirection = "asc",
  ): Dataset<Row> {
    if (direction !== "asc" && direction !== "desc") {
      throw new EngineError(
        "PLAN_INVALID",
        `orderBy: the direction is '${String(direction)}'; use "asc" or "desc"`,
      );
    }
    const isClosure = typeof key === "function";
    const by: SortKey["by"] = isClosure ? { kind: "closure" } : { kind: "column", name: key };
    const id = this.#session.nextNode(isClosure ? (key as Closure) : undefined);
    const sortKey = Object.freeze({ by: Object.freeze(by), direction });
    return new Dataset(this.#session, { kind: "orderBy", id, input: this.#node, key: sortKey });
  }

  /**
   * Keeps the first rows: by the order of a preceding `orderBy`, else in the order of the input files.
   * @param rows how many, at most
   * @throws PLAN_INVALID when `rows` is not a whole number from 0 on
   * @example counts.orderBy("count", "desc").limit(10)
   */
  limit(rows: number): Dataset<T> {
    if (!Number.isSafeInteger(rows) || rows < 0) {
      throw new EngineError("PLAN_INVALID", `limit of ${rows} rows; give a whole number from 0 on`);
    }
    const id = this.#session.nextNode();
    return new Dataset(this.#session, { kind: "limit", id, input: this.#node, rows });
  }

  /**
   * Action: answers the first rows. Reads no more of the input than each task needs for them.
   * @param rows how many, at most
   * @throws PLAN_INVALID as `limit`; RESULT_TOO_LARGE when the rows do not fit the recorded result
   * @example const [longest] = await words.orderBy((word) => word.length, "desc").take(1);
   */
  async take(rows: number): Promise<T[]> {
    return await this.limit(rows).collect();
  }

  /**
   * Action: answers the first row, or undefined when there is none.
   * @example const header = await lines.first();
   */
  async first(): Promise<T | undefined> {
    const [row] = await this.take(1);
    return row;
  }

  /**
   * Action: counts the rows.
   * @example if ((await errors.count()) > 0) { … }
   */
  async count(): Promise<number> {
    return await this.#session.count({ kind: "count", input: this.#node });
  }

  /**
   * Action: answers all rows, in order. For results that fit the driver's memory; write larger ones.
   * @throws RESULT_TOO_LARGE when the rows do not fit the recorded result
   * @example const totals = new Map(await sales.reduceByKey((a, b) => a + b).collect());
   */
  async collect(): Promise<T[]> {
    return (await this.#session.collect({ kind: "collect", input: this.#node })) as T[];
  }

  /**
   * Action: combines all rows into one; undefined when there are none.
   * @param combine two rows into one; must be associative and commutative
   * @example const total = await prices.reduce((a, b) => a + b);
   */
  async reduce(combine: (a: T, b: T) => T): Promise<T | undefined> {
    const pairs = this.keyBy(() => 0).reduceByKey(
      combine as (a: Widened<T>, b: Widened<T>) => Widened<T>,
    );
    const [pair] = await pairs.collect();
    return pair?.[1] as T | undefined;
  }

  /**
   * Actions that write the rows to a folder, visible all at once when the whole output is committed.
   * @example await counts.write.ndjson("s3://results/word-count");
   */
  get write(): DatasetWriter<T> {
    return new DatasetWriter<T>(this.#session, this.#node);
  }

  #apply<U>(kind: "map" | "flatMap" | "filter", closure: Closure): Dataset<U> {
    const id = this.#session.nextNode(checkedFunction(kind, closure));
    return new Dataset(this.#session, { kind, id, input: this.#node });
  }
}

/** For jobs that were not checked by `tsc`. */
function checkedFunction(method: string, closure: unknown): Closure {
  if (typeof closure === "function") return closure as Closure;
  throw new EngineError("PLAN_INVALID", `${method} was given ${typeof closure}, not a function`);
}
