// The typed shell over plan nodes: each method answers a new dataset, and only actions run anything.

import type { Action } from "../../proto/plan/logical.ts";
import { checkOptionNames } from "../columns/option-names.ts";
import type { Widened } from "./columns.ts";
import { checkedFunction, derive, nodeOf, sessionOf, step } from "./dataset-base.ts";
import { JoinSteps } from "./join-steps.ts";
import { resolveOutput } from "./paths.ts";
import { DatasetWriter } from "./writer.ts";

/**
 * A typed, immutable, lazy collection of rows. Transformations describe; actions (`count`, `collect`, `take`,
 * `first`, `reduce`, `forEach`, `toArrow`, `for await` and `write`) run what was described on the cluster and
 * answer a promise.
 *
 * Functions given to a dataset run on workers, once per row and in any order. They may use whatever they
 * captured and import, and must not change it: each worker has copies of its own. What they throw ends the
 * job with USER_CODE_FAILED, which names the line of the function, the input file and the row.
 *
 * Columns are named, or come to a function as expressions: `flights.where((c) => c.delay.gt(30))`. Such steps
 * are planned and run without an object for each row.
 */
export class Dataset<out T> extends JoinSteps<T> {
  /**
   * Keeps the rows on the disks of the workers once they were made, for jobs that read them several times.
   * What is lost with a worker is made again; see `checkpoint` for rows that outlive workers.
   * @example const known = flights.where((c) => c.delay.isNotNull()).cache();
   */
  cache(): Dataset<T> {
    return step(this, { kind: "cache" });
  }

  /**
   * Action: writes the rows to the object store, visible all at once, and answers a dataset that reads them there. Its
   * plan begins with that read: what was done before is forgotten, and is not done again when workers are lost, as with
   * `cache`. Rows, their order and their types stay as they are.
   * @param options `folder`: a path, `file:///…` or `s3://…`, which stays when the job ends, for `mr.read.checkpoint` of
   *   other jobs. Without it one in the cluster's scratch folder is written, which `millrace run` has for itself
   * @throws PLAN_INVALID where there is neither a folder nor a scratch folder, or the path names no folder; OUTPUT_EXISTS;
   *   OUTPUT_LOCKED
   * @example
   * const known = await flights.where((c) => c.delay.isNotNull()).checkpoint();
   * const late = await known.where((c) => c.delay.gt(30)).count();
   */
  async checkpoint(options: { readonly folder?: string } = {}): Promise<Dataset<T>> {
    checkOptionNames("checkpoint", options, ["folder"]);
    const session = sessionOf(this);
    const { folder } = options;
    const given = folder === undefined ? undefined : resolveOutput(folder, session.workingFolder);
    const { folderUri } = await session.checkpoint({
      kind: "checkpoint",
      input: nodeOf(this),
      ...(given === undefined ? {} : { folderUri: given }),
    });
    return derive(this, { kind: "readCheckpoint", pattern: folderUri });
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
   * @example const total = await words.count();
   */
  async count(): Promise<number> {
    return await sessionOf(this).count({ kind: "count", input: nodeOf(this) });
  }

  /**
   * Action: answers all rows, in order. For results that fit the driver's memory; write larger ones.
   * @throws RESULT_TOO_LARGE when the rows do not fit the recorded result
   * @example const totals = new Map(await pairs.reduceByKey((a, b) => a + b).collect());
   */
  async collect(): Promise<T[]> {
    return (await sessionOf(this).collect(this.#collectAction())) as T[];
  }

  /**
   * Action: answers the rows one by one, in order: `for await (const row of rows)`. They are written to the cluster's
   * scratch folder and read from there some at a time, so that there may be any number of them; a run that is replayed
   * reads them again. On a cluster without such a folder they are recorded as those of `collect` are.
   * @throws RESULT_TOO_LARGE when there is no scratch folder and the rows do not fit the recorded result
   * @example
   * for await (const flight of flights.orderBy("at")) {
   *   if (flight.delay === null) break;
   * }
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const part of sessionOf(this).rowParts({ kind: "rows", input: nodeOf(this) })) {
      yield* part as readonly T[];
    }
  }

  /**
   * Action: answers all rows, in order, as bytes of an Arrow IPC stream, for other libraries that read it:
   * `tableFromIPC(bytes)` of `apache-arrow`. Columns keep their types. The rows pass through one task.
   * @throws RESULT_TOO_LARGE when the rows do not fit the recorded result
   * @example const bytes = await flights.limit(1000).toArrow();
   */
  async toArrow(): Promise<Uint8Array> {
    return await sessionOf(this).toArrow({ kind: "toArrow", input: nodeOf(this) });
  }

  /**
   * Action: combines all rows into one; undefined when there are none.
   * @param combine two rows into one; must be associative and commutative
   * @example const total = await numbers.reduce((a, b) => a + b);
   */
  async reduce(combine: (a: T, b: T) => T): Promise<T | undefined> {
    const pairs = this.keyBy(() => 0).reduceByKey(
      combine as (a: Widened<T>, b: Widened<T>) => Widened<T>,
    );
    const [pair] = await pairs.collect();
    return pair?.[1] as T | undefined;
  }

  /**
   * Action: calls a function for each row, on the workers, for what it does elsewhere. A task that is run again
   * calls it again: what it does must bear that.
   * @param effect may answer a promise, which is awaited before the next row
   * @example await words.forEach(async (word) => { await lookUp(word); });
   */
  async forEach(effect: (row: T) => void | Promise<void>): Promise<void> {
    checkedFunction("forEach", effect);
    await this.forEachPartition(async (rows) => {
      for (const row of rows) await effect(row);
    });
  }

  /**
   * Action: calls a function once for the rows of each task, on the workers. A task that is run again calls it
   * again: what it does must bear that.
   * @param effect gets the rows one by one; may answer a promise
   * @example await words.forEachPartition(async (rows) => { await lookUp([...rows].join(" ")); });
   */
  async forEachPartition(
    effect: (rows: IterableIterator<T>) => void | Promise<void>,
  ): Promise<void> {
    const session = sessionOf(this);
    const id = session.nextNode(checkedFunction("forEachPartition", effect));
    await session.forEach({ kind: "forEach", input: nodeOf(this), id });
  }

  /**
   * Tells how the rows would be made, and makes none: the plan as it was written, as it was optimised, and its stages with
   * their tasks (which tests of jobs have none of). Joins stand there as the sizes of files alone decide them.
   * @param options `analyze` runs it instead, and answers its stages with rows, bytes, time and peak memory of each
   *   operator
   * @example const plan = await flights.where((c) => c.delay.gt(30)).explain();
   */
  async explain(options: { readonly analyze?: boolean } = {}): Promise<string> {
    const analyze = options.analyze === true;
    return await sessionOf(this).explain(this.#collectAction(), { analyze });
  }

  /**
   * Actions that write the rows to a folder, visible all at once when the whole output is committed.
   * @example await counts.write.ndjson("s3://results/word-count");
   */
  get write(): DatasetWriter<T> {
    return new DatasetWriter<T>(sessionOf(this), nodeOf(this));
  }

  #collectAction(): Extract<Action, { kind: "collect" }> {
    return { kind: "collect", input: nodeOf(this) };
  }
}
