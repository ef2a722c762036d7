// Steps by functions of the user's, which see rows as plain values.

import { EngineError } from "../../proto/errors.ts";
import { checkOptionNames } from "../columns/option-names.ts";
import type { RowSchema } from "../columns/schema.ts";
import type { Batch, BatchColumns } from "./batch-view.ts";
import type { Dataset } from "./dataset.ts";
import { checkedCount, checkedFunction, DatasetBase, step } from "./dataset-base.ts";

/** How `mapAsync` calls its function. */
export interface MapAsyncOptions {
  /** How many calls one task has under way at once; 8 unless told. */
  readonly concurrency?: number;
  /** How many calls all tasks of the cluster together begin in a second; no bound unless told. */
  readonly ratePerSecond?: number;
}

const concurrencyDefault = 8;

/** `map`, `filter` and their like. */
export abstract class ClosureSteps<out T> extends DatasetBase<T> {
  /**
   * Applies a function to each row.
   * @param transform answers the new row: a scalar, an array or a plain object
   * @example
   * lines.map((line) => line.length)
   * // => 8 15
   */
  map<U>(transform: (row: T) => U): Dataset<U> {
    return step(this, { kind: "map" }, checkedFunction("map", transform));
  }

  /**
   * Applies a function to each row and puts what it yields in the row's place, in order.
   * @param transform answers none, one or many new rows; may be a generator
   * @example
   * lines.flatMap((line) => line.split(" "))
   * // => "to" "be" "or" "not" "to" "be" "ERROR"
   */
  flatMap<U>(transform: (row: T) => Iterable<U>): Dataset<U> {
    return step(this, { kind: "flatMap" }, checkedFunction("flatMap", transform));
  }

  /**
   * Keeps the rows for which the function answers true.
   * @param keep a predicate; a type guard narrows the rows' type
   * @example
   * words.filter((word) => word.length > 3)
   * // => "ERROR"
   */
  filter<U extends T>(keep: (row: T) => row is U): Dataset<U>;
  filter(keep: (row: T) => boolean): Dataset<T>;
  filter(keep: (row: T) => boolean): Dataset<T> {
    return step(this, { kind: "filter" }, checkedFunction("filter", keep));
  }

  /**
   * Applies a function to all rows of a task at once, for work that is dear to set up.
   * @param transform gets the rows one by one, so that they need not fit the memory; may be a generator
   * @example
   * lines.mapPartitions(function* (rows) {
   *   const seen = new Set<string>();
   *   for (const row of rows) {
   *     if (!seen.has(row)) yield row;
   *     seen.add(row);
   *   }
   * })
   * // => "to be or" "not to be ERROR"
   */
  mapPartitions<U>(transform: (rows: IterableIterator<T>) => Iterable<U>): Dataset<U> {
    return step(this, { kind: "mapPartitions" }, checkedFunction("mapPartitions", transform));
  }

  /**
   * Applies a function to typed-array columns of some thousand rows at a time: the fastest kind of function.
   * @param transform gets a batch, and answers columns of equal length by their names
   * @param schema what it answers, where the columns' types should be told and not read off the first batch
   * @example
   * flights.mapBatches((batch) => {
   *   const delays = batch.columns.delay.values;
   *   return { hours: Float64Array.from(delays, (minutes) => minutes / 60) };
   * }, schema({ hours: float64 }))
   * // => { hours: 0.7 } { hours: -0.05 } { hours: 0 }
   */
  mapBatches<Row, U>(
    this: Dataset<Row>,
    transform: (batch: Batch<Row>) => BatchColumns<U>,
    schema?: RowSchema<U>,
  ): Dataset<U> {
    const closure = checkedFunction("mapBatches", transform);
    return step(this, { kind: "mapBatches", ...(schema === undefined ? {} : { schema }) }, closure);
  }

  /**
   * Applies an asynchronous function to each row, many at once, in order: for rows that are enriched by a
   * service. A call that rejects ends the job with USER_CODE_FAILED. With a rate, one task makes all calls, so
   * that the rate holds for the whole cluster; after the step rows are in one partition.
   * @param transform answers a promise of the new row
   * @param options how many calls at once, and how many a second in the whole cluster
   * @throws PLAN_INVALID for a concurrency below 1, or a rate that is no positive number
   * @example
   * words.mapAsync(async (word) => ({ word, length: await lookUp(word) }), {
   *   concurrency: 8,
   *   ratePerSecond: 50,
   * })
   */
  mapAsync<U>(transform: (row: T) => Promise<U>, options: MapAsyncOptions = {}): Dataset<U> {
    checkOptionNames("mapAsync", options, ["concurrency", "ratePerSecond"]);
    const { concurrency = concurrencyDefault, ratePerSecond = 0 } = options;
    checkedCount("mapAsync: a concurrency", "calls", concurrency, { min: 1 });
    const isRate = options.ratePerSecond === undefined || ratePerSecond > 0;
    if (!isRate || !Number.isFinite(ratePerSecond)) {
      throw new EngineError(
        "PLAN_INVALID",
        `mapAsync: a rate of ${ratePerSecond} calls per second; give a positive number, or leave it out`,
      );
    }
    const closure = checkedFunction("mapAsync", transform);
    return step(this, { kind: "mapAsync", concurrency, ratePerSecond }, closure);
  }

  /**
   * Rows of a schema: checks that they fit, and gives them columns of its types. For rows that functions
   * made, or that were read without a schema. A row that does not fit ends the job with INPUT_MALFORMED.
   * @param schema the columns; what else rows have is left out
   * @example
   * lines
   *   .map((line) => ({ text: line, length: line.length }))
   *   .as(schema({ text: utf8, length: int32 }))
   * // => { text: "to be or", length: 8 } { text: "not to be ERROR", length: 15 }
   */
  as<U>(schema: RowSchema<U>): Dataset<U> {
    return step(this, { kind: "conform", schema: { fields: schema.fields } });
  }
}
