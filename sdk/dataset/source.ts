// Sources of others: what they offer, and what `mr.read.from` makes of one.

import { EngineError } from "../../proto/errors.ts";
import type {
  PlannedSource,
  SourceCall,
  SourceRequest,
  SplitAdvice,
  TaskAttempt,
} from "../../proto/plan/connector.ts";
import type { SourceReadNode } from "../../proto/plan/logical.ts";
import { RowSchema } from "../columns/schema.ts";
import type { SourceColumns } from "./batch-view.ts";
import type { Closure } from "./session.ts";

/**
 * How a source of yours is read. `schema` and `plan` run where `run` does; `read` runs on workers, in the threads that
 * run functions. A master runs none of them.
 */
export interface SourceDefinition<Row, Split> {
  /** What kind of source it is; shown in plans, progress and errors. */
  readonly name: string;
  /** What of it is read, as a table's name: part of the plan, so that replays notice another one. */
  readonly about?: string;
  /** Its columns; a function is asked before the job is planned. */
  readonly schema: RowSchema<Row> | (() => Promise<RowSchema<Row>> | RowSchema<Row>);
  /**
   * Cuts what is wanted into splits. They are recorded with the plan: workers see these, however often tasks or
   * drivers are tried again. Filters that it answers in `taken` it has to apply to the letter, with nulls, NaN and
   * text compared as in docs/semantics.md.
   */
  plan(
    request: SourceRequest,
    advice: SplitAdvice,
  ): Promise<PlannedSource<Split>> | PlannedSource<Split>;
  /**
   * The rows of one split that fit the filters which were taken: as objects of columns (typed arrays or plain ones)
   * or as arrays of rows, some thousand at a time. Columns that were not asked for are left out. A split that is
   * read again has to give the same rows.
   */
  read(
    split: Split,
    request: SourceRequest,
    task: TaskAttempt,
  ): AsyncIterable<SourceColumns<Row> | readonly Partial<Row>[]>;
}

let callIn: (source: Source<unknown>) => Closure;
let draftIn: (source: Source<unknown>) => Omit<SourceReadNode, "id">;

/** Something that `mr.read.from` reads. Made by `defineSource`. */
export class Source<out Row> {
  /** For the compiler only: which rows there are. */
  declare protected readonly row: Row;
  readonly #call: Closure;
  readonly #draft: Omit<SourceReadNode, "id">;

  static {
    callIn = (source) => source.#call;
    draftIn = (source) => source.#draft;
  }

  /** Sources are made by `defineSource`. */
  constructor(draft: Omit<SourceReadNode, "id">, call: Closure) {
    this.#draft = draft;
    this.#call = call;
    Object.freeze(this);
  }
}

/**
 * Defines a source that others can read with `mr.read.from`.
 * @param definition its columns, how it is cut into splits, and how a split is read
 * @throws PLAN_INVALID for a definition without a name
 * @example
 * const pages = (url: string) =>
 *   defineSource({
 *     name: "pages",
 *     about: url,
 *     schema: schema({ id: int32, title: utf8 }),
 *     plan: () => ({ splits: [0, 1, 2] }),
 *     async *read(page: number) {
 *       const answer = await fetch(`${url}?page=${page}`);
 *       yield (await answer.json()) as { id: number; title: string }[];
 *     },
 *   });
 * const titles = mr.read.from(pages("http://localhost:8080/pages"));
 */
export function defineSource<Row, Split>(definition: SourceDefinition<Row, Split>): Source<Row> {
  const { name, about = "", schema } = definition;
  checkConnectorName("defineSource", name);
  const declared = schema instanceof RowSchema ? { schema: { fields: schema.fields } } : {};
  const options = Object.freeze(declared);
  const draft = Object.freeze({ kind: "readSource", name, about, options } as const);
  return new Source<Row>(draft, (call: SourceCall) => {
    switch (call.kind) {
      case "schema":
        return typeof schema === "function" ? schema() : schema;
      case "plan":
        return definition.plan(call.request, call.advice);
      case "read":
        return definition.read(call.split as Split, call.request, call.task);
    }
  });
}

/** For jobs that were not checked by `tsc`. */
export function sourceParts(source: unknown): {
  readonly draft: Omit<SourceReadNode, "id">;
  readonly call: Closure;
} {
  if (source instanceof Source) return { draft: draftIn(source), call: callIn(source) };
  throw new EngineError(
    "PLAN_INVALID",
    `read.from was given ${typeof source}, not a source; make one with defineSource`,
  );
}

export function checkConnectorName(method: string, name: unknown): void {
  if (typeof name === "string" && /^[a-z][a-zA-Z0-9-]{0,63}$/.test(name)) return;
  throw new EngineError(
    "PLAN_INVALID",
    `${method}: the name ${JSON.stringify(name)} must be a letter and up to 63 letters, digits and '-'`,
  );
}
