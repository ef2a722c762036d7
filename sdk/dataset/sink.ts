// Sinks of others: staged by task attempts, published once, by what the log decided.

import { EngineError } from "../../proto/errors.ts";
import type {
  SinkCall,
  SinkWrite,
  StageAttempt,
  StagedPart,
  WrittenRows,
} from "../../proto/plan/connector.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import { decodeValue, encodeValue } from "../../proto/plan/values.ts";
import type { RowSchema } from "../columns/schema.ts";
import type { Batch } from "./batch-view.ts";
import type { Closure, Session } from "./session.ts";
import { checkConnectorName } from "./source.ts";

/**
 * How rows get into a sink of yours, in two phases. The rule for all of it: nothing may be visible before `commit`, and
 * a write is either published or aborted, for ever, by whichever of the two the sink sees first.
 */
export interface SinkDefinition<Row, Receipt> {
  /** What kind of sink it is; shown in plans, progress and errors. */
  readonly name: string;
  /** What is written to, as a table's name. Two writes to one target may be under way at a time. */
  readonly target: string;
  /** Rows are checked and converted to it before they are staged. */
  readonly schema?: RowSchema<Row>;
  /**
   * Before the first task, where `run` runs: the place to check the target. It may be called again for the same write,
   * also late, by a driver that does not know yet that another one took its place.
   */
  begin?(write: SinkWrite): Promise<void>;
  /**
   * On a worker, once for each attempt of a task that has rows: makes them durable and invisible. Attempts of a task
   * may run at the same time and after the write has ended, so what an attempt stages must be its own, by its token.
   * The receipt is how `commit` finds it again: a plain value of a few hundred bytes, recorded in the log.
   */
  stage(batches: AsyncIterable<Batch<Row>>, attempt: StageAttempt): Promise<Receipt>;
  /**
   * On a worker, after all tasks: publishes the staged parts named here, all or none, and nothing else. The list is
   * fixed in the log before the first call. It is called until one call has succeeded, so maybe again after it did, and
   * maybe twice at a time: the sink has to remember `write.id` together with the rows, and do nothing where it is known.
   */
  commit(parts: readonly StagedPart<Receipt>[], write: SinkWrite): Promise<void>;
  /**
   * On a worker, when the write failed or its job was cancelled: closes the write, unless it was committed, and removes
   * what was staged. A later `stage` or `commit` of it has to fail. May be called more than once.
   */
  abort(write: SinkWrite): Promise<void>;
}

interface SinkParts {
  readonly name: string;
  readonly target: string;
  readonly schema: RowSchema<unknown> | undefined;
  readonly call: Closure;
}

let partsIn: (sink: Sink<never>) => SinkParts;

/** Something that `dataset.write.to` writes to. Made by `defineSink`. */
export class Sink<in Row> {
  /** For the compiler only: which rows it takes. */
  declare protected readonly takes: (row: Row) => void;
  readonly #parts: SinkParts;

  static {
    partsIn = (sink) => sink.#parts;
  }

  /** Sinks are made by `defineSink`. */
  constructor(parts: SinkParts) {
    this.#parts = parts;
    Object.freeze(this);
  }
}

/**
 * Defines a sink that others can write to with `dataset.write.to`. Rows are published exactly once if `commit` keeps
 * what it promises, whatever dies meanwhile.
 * @param definition the target, and how rows are staged, published and removed
 * @throws PLAN_INVALID for a definition without a name or a target
 * @example
 * const post = (path: string, body: unknown) =>
 *   fetch(`http://localhost:8080/${path}`, { method: "POST", body: JSON.stringify(body) });
 * const service = (topic: string) =>
 *   defineSink({
 *     name: "service",
 *     target: topic,
 *     schema: schema({ value: utf8, count: int53 }),
 *     async stage(batches, { write, taskIndex, token }) {
 *       const part = `${write.id}/${taskIndex}-${token}`;
 *       for await (const { columns } of batches) {
 *         await post(`staged/${part}`, [...columns.value.values]);
 *       }
 *       return part;
 *     },
 *     // The service publishes a write once, and refuses one that was aborted.
 *     commit: async (parts, write) => {
 *       await post(`commit/${write.id}`, parts.map(({ receipt }) => receipt));
 *     },
 *     abort: async (write) => {
 *       await post(`abort/${write.id}`, []);
 *     },
 *   });
 * await counts.write.to(service("words"));
 */
export function defineSink<Row = Readonly<Record<string, unknown>>, Receipt = unknown>(
  definition: SinkDefinition<Row, Receipt>,
): Sink<Row> {
  const { name, target, schema } = definition;
  checkConnectorName("defineSink", name);
  if (typeof target !== "string" || target === "") {
    throw new EngineError("PLAN_INVALID", `defineSink: the sink ${name} names no target`);
  }
  const call = (asked: SinkCall): unknown => {
    switch (asked.kind) {
      case "begin":
        return definition.begin?.(asked.write);
      case "stage":
        return definition.stage(asked.batches as AsyncIterable<Batch<Row>>, asked.attempt);
      case "commit":
        return definition.commit(asked.parts as readonly StagedPart<Receipt>[], asked.write);
      case "abort":
        return definition.abort(asked.write);
    }
  };
  return new Sink<Row>({ name, target, schema, call });
}

function sinkParts(sink: unknown): SinkParts {
  if (sink instanceof Sink) return partsIn(sink);
  throw new EngineError(
    "PLAN_INVALID",
    `write.to was given ${typeof sink}, not a sink; make one with defineSink`,
  );
}

/** What the engine asks of a sink. For tests. */
export function sinkCode(sink: unknown): Closure {
  return sinkParts(sink).call;
}

/**
 * Two actions of the job: rows are staged, then what was staged is published. What the first answers is an outcome in
 * the log before the second begins, so that every try to publish is given the same parts.
 */
export async function writeToSink(
  session: Session,
  input: LogicalNode,
  sink: unknown,
): Promise<WrittenRows> {
  const { name, target, schema, call } = sinkParts(sink);
  const rows: LogicalNode =
    schema === undefined
      ? input
      : { kind: "conform", id: session.nextNode(), input, schema: { fields: schema.fields } };
  const stageId = session.nextNode(call);
  const partsId = session.nextNode();
  const publishId = session.nextNode(call);
  const { parts, actionIndex } = await session.stage({
    ...{ kind: "stage", input: rows, id: stageId, name, target },
  });
  const values: LogicalNode = {
    kind: "values",
    id: partsId,
    // As texts: receipts need not have the same fields.
    rowsJson: encodeValue(parts.map((part) => encodeValue(part))),
    rows: parts.length,
  };
  await session.publish({
    ...{ kind: "publish", input: values, id: publishId, name, target },
    writeIndex: actionIndex,
  });
  const count = parts.reduce((sum, part) => sum + part.rows, 0);
  return { target, rows: count, parts: parts.length };
}

/** Of the results of a stage's tasks, in their order. */
export function stagedParts(results: readonly string[]): readonly StagedPart[] {
  return results.flatMap((result) => decodeValue(result) as readonly StagedPart[]);
}
