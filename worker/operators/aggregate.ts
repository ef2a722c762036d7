// aggregate: one row for each group of equal keys. Partial states cross the shuffle as columns.

import { type Batch, makeBatch } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import { partialEntriesMax, partialSharesMax } from "../../proto/limits.ts";
import type { Expr, NamedAggregate, NamedExpr } from "../../proto/plan/expr.ts";
import { exprText } from "../../proto/plan/expr-text.ts";
import { columnOf, concat } from "../kernels/columns/concat.ts";
import { gather, rowsFrom } from "../kernels/columns/gather.ts";
import { firstRows, GroupIndex } from "../kernels/columns/group-index.ts";
import type { Selection } from "../kernels/expressions/compile-expr.ts";
import type { Accumulator } from "./aggregates/accumulator.ts";
import { accumulatorOf } from "./aggregates/accumulator-of.ts";
import { addArguments, type Fed, mergeStates } from "./aggregates/feed.ts";
import { evaluator, predicate } from "./evaluate.ts";
import { columnStage, pushPieces, type Stage } from "./stage.ts";

export interface AggregateProgram {
  readonly phase: "whole" | "partial" | "final";
  readonly keys: readonly NamedExpr[];
  readonly aggregates: readonly NamedAggregate[];
}

/** Expressions over the rows of one batch, each evaluated once. */
class BatchExpressions {
  private readonly evaluators = new Map<string, (batch: Batch) => Column>();
  private readonly predicates = new Map<string, (batch: Batch) => Selection>();
  private columns = new Map<string, Column>();
  private selections = new Map<string, Selection>();
  private batch: Batch | undefined;

  begin(batch: Batch): void {
    this.batch = batch;
    this.columns = new Map();
    this.selections = new Map();
  }

  column(expr: Expr): Column {
    const text = exprText(expr);
    const known = this.columns.get(text);
    if (known !== undefined) return known;
    let evaluate = this.evaluators.get(text);
    if (evaluate === undefined) {
      evaluate = evaluator(expr);
      this.evaluators.set(text, evaluate);
    }
    const column = evaluate(this.batch!);
    this.columns.set(text, column);
    return column;
  }

  selection(expr: Expr): Selection {
    const text = exprText(expr);
    if (this.selections.has(text)) return this.selections.get(text);
    let select = this.predicates.get(text);
    if (select === undefined) {
      select = predicate(expr);
      this.predicates.set(text, select);
    }
    const selection = select(this.batch!);
    this.selections.set(text, selection);
    return selection;
  }
}

/** Names of state columns: not to be mistaken for those of keys, and the same in both phases. */
function statePrefix(keys: readonly NamedExpr[]): string {
  let prefix = "$";
  while (keys.some(({ name }) => name.startsWith(prefix))) prefix += "$";
  return prefix;
}

/** The groups so far: their keys and the states of their aggregates. */
class Groups {
  private readonly program: AggregateProgram;
  private readonly expressions = new BatchExpressions();
  private readonly prefix: string;
  private readonly index = new GroupIndex();
  private keyParts: Column[][] = [];
  private accumulators: Accumulator[] = [];
  private fed: Fed[] = [];
  private rows = 0;
  private noKeys = new Int32Array(0);

  constructor(program: AggregateProgram) {
    this.program = program;
    this.prefix = statePrefix(program.keys);
    this.reset();
  }

  get size(): number {
    return this.program.keys.length === 0 ? 1 : this.index.size;
  }

  private reset(): void {
    const { keys, aggregates, phase } = this.program;
    this.index.close();
    this.keyParts = keys.map(() => []);
    const kind = phase === "partial" ? "partial" : "last";
    this.accumulators = aggregates.map(({ call }) => accumulatorOf(call, kind));
    this.fed = aggregates.map(() => ({ isWhole: true }));
    this.rows = 0;
  }

  /** Whether so many rows have a key of their own that making groups of them does not pay. */
  hardlyReduces(sharesMax: typeof partialSharesMax): boolean {
    const bound = sharesMax.findLast(({ rows }) => this.rows >= rows);
    return bound !== undefined && this.size > this.rows * bound.share;
  }

  private groupsOf(keys: readonly Column[], rows: number): Int32Array {
    if (keys.length === 0) {
      if (this.noKeys.length < rows) this.noKeys = new Int32Array(rows);
      return this.noKeys.subarray(0, rows);
    }
    const before = this.index.size;
    const groups = this.index.add(keys, rows);
    const first = firstRows(groups, before, this.index.size);
    if (first.length > 0) {
      for (const [key, column] of keys.entries()) this.keyParts[key]!.push(gather(column, first));
    }
    return groups;
  }

  addRows(batch: Batch): void {
    const { keys, aggregates } = this.program;
    this.expressions.begin(batch);
    const keyColumns = keys.map(({ expr }) => this.expressions.column(expr));
    const groups = this.groupsOf(keyColumns, batch.rows);
    this.rows += batch.rows;
    for (const [at, { call }] of aggregates.entries()) {
      const accumulator = this.accumulators[at]!;
      accumulator.reserve(this.size);
      const args = call.args.map((arg) => this.expressions.column(arg));
      const { filter } = call;
      const rows = filter === undefined ? undefined : this.expressions.selection(filter);
      addArguments(accumulator, args, groups, rows, this.fed[at]);
    }
  }

  /** The states that the rows of a batch would have if each were a group of its own. */
  statesOfRows(batch: Batch): Batch {
    const { keys, aggregates } = this.program;
    const { rows } = batch;
    this.expressions.begin(batch);
    const columns = keys.map(({ name, expr }) => ({ ...this.expressions.column(expr), name }));
    for (const [at, { call }] of aggregates.entries()) {
      const args = call.args.map((arg) => this.expressions.column(arg));
      const accumulator = accumulatorOf(call, "partial");
      let states = call.filter === undefined ? accumulator.statesOfRows?.(args, rows) : undefined;
      if (states === undefined) {
        const chosen = call.filter && this.expressions.selection(call.filter);
        accumulator.reserve(rows);
        addArguments(accumulator, args, rowsFrom(0, rows), chosen);
        states = accumulator.states(rows);
      }
      for (const [part, state] of states.entries()) columns.push(this.stateColumn(at, part, state));
    }
    return makeBatch("record", columns);
  }

  private stateColumn(aggregate: number, part: number, state: Column): Column {
    return { ...state, name: `${this.prefix}${aggregate}.${part}` };
  }

  addStates(batch: Batch): void {
    const { keys } = this.program;
    const keyColumns = keys.map(({ name }) => columnOf(batch, name));
    const groups = this.groupsOf(keyColumns, batch.rows);
    for (const [at, accumulator] of this.accumulators.entries()) {
      accumulator.reserve(this.size);
      const own = `${this.prefix}${at}.`;
      const states = batch.columns
        .filter(({ name }) => name.startsWith(own))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      mergeStates(accumulator, states, groups, this.fed[at]);
    }
  }

  /** All groups as one batch; empties them. */
  take(): Batch {
    const { keys, aggregates, phase } = this.program;
    const { size } = this;
    const columns = keys.map(({ name }, key) => concat(name, this.keyParts[key]!));
    for (const [at, { name }] of aggregates.entries()) {
      const accumulator = this.accumulators[at]!;
      accumulator.reserve(size);
      if (phase === "partial") {
        for (const [part, state] of accumulator.states(size).entries()) {
          columns.push(this.stateColumn(at, part, state));
        }
      } else columns.push({ ...accumulator.result(size), name });
    }
    this.reset();
    return makeBatch("record", columns);
  }
}

export function aggregateStage(
  program: AggregateProgram,
  next: Stage,
  sharesMax = partialSharesMax,
): Stage {
  const groups = new Groups(program);
  const { phase } = program;
  function* drain(): Iterable<void> {
    if (groups.size > 0) yield* pushPieces(groups.take(), next);
  }
  let passesRows = false;
  const pushBatch = (batch: Batch): void => {
    if (passesRows) return next.pushBatch(groups.statesOfRows(batch));
    if (phase === "final") groups.addStates(batch);
    else groups.addRows(batch);
    if (phase !== "partial") return;
    passesRows = program.keys.length > 0 && groups.hardlyReduces(sharesMax);
    if (!passesRows && groups.size <= partialEntriesMax) return;
    for (const _ of drain());
  };
  return columnStage(next, pushBatch, { wantsMore: () => true, finish: drain });
}
