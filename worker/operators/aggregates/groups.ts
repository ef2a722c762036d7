// Groups of equal keys with the states of their aggregates, in one table; and rows as groups of one row each.

import { type Batch, makeBatch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import { assert } from "../../../proto/errors.ts";
import type { AggregateCall, NamedAggregate, NamedExpr } from "../../../proto/plan/expr.ts";
import { columnOf, concat } from "../../kernels/columns/concat.ts";
import { copyColumn } from "../../kernels/columns/copy-column.ts";
import { gather, rowsFrom } from "../../kernels/columns/gather.ts";
import { firstRows, GroupIndex } from "../../kernels/columns/group-index.ts";
import { RowGroups } from "../../kernels/columns/row-groups.ts";
import type { Counting } from "../../kernels/columns/text-index.ts";
import {
  compileFold,
  type FoldSum,
  type Selection,
} from "../../kernels/expressions/compile-expr.ts";
import { SumLoop, termOf } from "../../kernels/expressions/sum-formulas.ts";
import { columnBytes } from "../../memory/batch-bytes.ts";
import type { Accumulator } from "./accumulator.ts";
import { accumulatorOf } from "./accumulator-of.ts";
import { BatchExpressions } from "./batch-expressions.ts";
import { addArguments, type Fed, mergeStates } from "./feed.ts";
import { type PickRows, rowPicker } from "./picked-rows.ts";

export interface GroupsProgram {
  readonly keys: readonly NamedExpr[];
  readonly aggregates: readonly NamedAggregate[];
}

/** `partial`: states come out, or results; `last`: results, or states where no aggregate is over different values. */
export type GroupsKind = "partial" | "last";

/** Names of state columns: not to be mistaken for those of keys, and the same in all tasks. */
function statePrefix(keys: readonly NamedExpr[]): string {
  let prefix = "$";
  while (keys.some(({ name }) => name.startsWith(prefix))) prefix += "$";
  return prefix;
}

/** Columns of states as batches carry them. */
export class StateColumns {
  private readonly prefix: string;

  constructor({ keys }: GroupsProgram) {
    this.prefix = statePrefix(keys);
  }

  named(aggregate: number, states: readonly Column[]): Column[] {
    return states.map((state, part) => ({ ...state, name: `${this.prefix}${aggregate}.${part}` }));
  }

  of(batch: Batch, aggregate: number): Column[] {
    const own = `${this.prefix}${aggregate}.`;
    return batch.columns
      .filter(({ name }) => name.startsWith(own))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/** Groups with their states, as columns of each aggregate. */
export function statesBatch(
  program: GroupsProgram,
  keys: readonly Column[],
  states: readonly (readonly Column[])[],
): Batch {
  const names = new StateColumns(program);
  const columns = states.flatMap((own, aggregate) => names.named(aggregate, own));
  return makeBatch("record", [...keys, ...columns]);
}

/** Makes of each row a group of its own. */
export class RowStates {
  private readonly program: GroupsProgram;
  private readonly expressions = new BatchExpressions();
  private readonly names: StateColumns;

  constructor(program: GroupsProgram) {
    this.program = program;
    this.names = new StateColumns(program);
  }

  of(batch: Batch): Batch {
    const { keys, aggregates } = this.program;
    const { expressions } = this;
    const { rows } = batch;
    expressions.begin(batch);
    const columns = keys.map(({ name, expr }) => ({ ...expressions.column(expr), name }));
    for (const [at, { call }] of aggregates.entries()) {
      const args = call.args.map((arg) => expressions.column(arg));
      const accumulator = accumulatorOf(call, "partial");
      let states = call.filter === undefined ? accumulator.statesOfRows?.(args, rows) : undefined;
      if (states === undefined) {
        const chosen = call.filter && expressions.selection(call.filter);
        accumulator.reserve(rows);
        addArguments(accumulator, args, rowsFrom(0, rows), chosen);
        states = accumulator.states(rows);
      }
      columns.push(...this.names.named(at, states));
    }
    return makeBatch("record", columns);
  }
}

/** Groups among which those of a batch may lie, for each of its rows. */
const nearGroupsEach = 2;

function leastOf(groups: Int32Array): number {
  let least = 0x7fff_ffff;
  for (let i = 0; i < groups.length; i++) if (groups[i]! < least) least = groups[i]!;
  return least;
}

const nothingAdded: ReadonlySet<number> = new Set();

function isCountOfRows(call: AggregateCall): boolean {
  return call.function === "count" && call.args.length === 0 && call.filter === undefined;
}

function isCountWhere(call: AggregateCall): boolean {
  return call.function === "count" && call.args.length === 0 && call.filter !== undefined;
}

function countingOf({ aggregates }: GroupsProgram): Counting {
  const counted = aggregates.filter(({ call }) => isCountOfRows(call));
  if (counted.length === 0) return "none";
  return counted.length === aggregates.length ? "only" : "beside";
}

export class Groups {
  private readonly program: GroupsProgram;
  private readonly kind: GroupsKind;
  private readonly expressions = new BatchExpressions();
  private readonly names: StateColumns;
  private readonly index = new GroupIndex();
  private keyParts: Column[][] = [];
  private keyBytes = 0;
  private accumulators: Accumulator[] = [];
  private fed: Fed[] = [];
  private readonly pick: PickRows;
  private readonly folds: FoldSum[] = [];
  private noKeys = new Int32Array(0);
  /** Whether an index that counts rows saves an aggregate from doing so, or all of them. */
  private readonly counts: Counting;
  private isCounted = false;
  /** Added since they were last taken. */
  rows = 0;
  /**
   * Whether rows of each batch were of groups that came with it or shortly before, as where keys rise: so many groups
   * do not miss the cache.
   */
  areNear = true;

  constructor(program: GroupsProgram, kind: GroupsKind) {
    this.program = program;
    this.kind = kind;
    this.pick = rowPicker(program);
    this.names = new StateColumns(program);
    this.counts = countingOf(program);
    this.reset();
  }

  get size(): number {
    return this.program.keys.length === 0 ? 1 : this.index.size;
  }

  /** Memory held, in bytes; twice that of the keys, which are put together in the end. */
  get bytes(): number {
    if (this.rows === 0) return 0;
    let states = 0;
    for (const accumulator of this.accumulators) states += accumulator.bytes();
    return this.index.bytes + 2 * this.keyBytes + states;
  }

  private reset(): void {
    const { keys, aggregates } = this.program;
    this.index.close();
    this.keyParts = keys.map(() => []);
    this.keyBytes = 0;
    for (const accumulator of this.accumulators) accumulator.close?.();
    this.accumulators = aggregates.map(({ call }) => accumulatorOf(call, this.kind));
    this.fed = aggregates.map(() => ({ isWhole: true }));
    this.rows = 0;
    this.areNear = true;
  }

  /** The keys of groups that the first batch made; undefined while there are none. */
  get firstKeys(): readonly Column[] | undefined {
    const first = this.keyParts.flatMap((parts) => parts.slice(0, 1));
    return first.length === 0 ? undefined : first;
  }

  /** Without keys all rows are of one group. */
  private oneGroup(rows: number): Int32Array {
    this.rows += rows;
    if (this.noKeys.length < rows) this.noKeys = new Int32Array(rows);
    return this.noKeys.subarray(0, rows);
  }

  /** `counts`: rows of each group are to be counted by the index, if it can; `isCounted` says whether it did. */
  private groupsOf(keys: readonly Column[], rows: number, counts: Counting = "none"): RowGroups {
    this.rows += rows;
    const before = this.index.size;
    const numbered = this.index.number(keys, rows, counts);
    const groups = new RowGroups(numbered, rows);
    this.isCounted = numbered.isCounted;
    const nearMax = nearGroupsEach * rows;
    if (this.areNear) {
      this.areNear = this.size <= nearMax || this.size - leastOf(groups.ofRows) <= nearMax;
    }
    const first = numbered.newRows ?? firstRows(groups.ofRows, before, this.index.size);
    if (first.length > 0) {
      for (const [key, column] of keys.entries()) {
        const own = first.length === rows ? copyColumn(column) : gather(column, first);
        this.keyBytes += columnBytes(own);
        this.keyParts[key]!.push(own);
      }
    }
    return groups;
  }

  /** Rows of the one group that there is without keys: those of `selection`, or all. */
  private addToOne(batch: Batch, selection: Selection): void {
    const rows = selection?.length ?? batch.rows;
    const groups = this.oneGroup(rows);
    let picked: Batch | undefined;
    for (const [at, { call }] of this.program.aggregates.entries()) {
      const accumulator = this.accumulators[at]!;
      accumulator.reserve(1);
      if (isCountOfRows(call) && accumulator.addCounts !== undefined) {
        accumulator.addCounts(Float64Array.of(rows));
        continue;
      }
      if (rows > 0 && this.isFolded(at, call, batch, selection)) continue;
      if (picked === undefined) {
        picked = selection === undefined ? batch : this.pick(batch, selection);
        this.expressions.begin(picked);
      }
      this.addCall(at, call, groups);
    }
  }

  /** Adds the values of an expression without a column of them, where the aggregate and the expression can. */
  private isFolded(at: number, call: AggregateCall, batch: Batch, rows: Selection): boolean {
    const accumulator = this.accumulators[at]!;
    const [arg] = call.args;
    if (accumulator.fold === undefined || arg === undefined || call.filter !== undefined) {
      return false;
    }
    let fold = this.folds[at];
    if (fold === undefined) {
      fold = compileFold(arg);
      this.folds[at] = fold;
    }
    return accumulator.fold((first) => fold(batch, rows, first));
  }

  private addCall(at: number, call: AggregateCall, groups: Int32Array): void {
    const accumulator = this.accumulators[at]!;
    if (this.addDigits(accumulator, call, groups, this.fed[at]!)) return;
    const args = call.args.map((arg) => this.expressions.column(arg));
    const { filter } = call;
    const rows = filter === undefined ? undefined : this.expressions.selection(filter);
    addArguments(accumulator, args, groups, rows, this.fed[at]);
  }

  /** `selection`: only these rows. */
  addRows(batch: Batch, selection?: Int32Array): void {
    const { keys, aggregates } = this.program;
    if (keys.length === 0) return this.addToOne(batch, selection);
    assert(selection === undefined, "rows of many groups are picked before they come here");
    this.expressions.begin(batch);
    const keyColumns = keys.map(({ expr }) => this.expressions.column(expr));
    const groups = this.groupsOf(keyColumns, batch.rows, this.counts);
    for (const accumulator of this.accumulators) accumulator.reserve(this.size);
    const isAdded = this.addTogether(groups);
    for (const [at, { call }] of aggregates.entries()) {
      const isDone = isAdded.has(at) || (this.isCounted && isCountOfRows(call));
      if (!isDone) this.addCall(at, call, groups.ofRows);
    }
  }

  /** Adds sums that are doubles in one loop, and counts beside them; answers which of the aggregates these are. */
  private addTogether(groups: RowGroups): ReadonlySet<number> {
    const loop = new SumLoop(this.size);
    const summed = new Set<number>();
    const counted = new Set<number>();
    for (const [at, { call }] of this.program.aggregates.entries()) {
      if (isCountOfRows(call)) counted.add(at);
      else if (isCountWhere(call)) {
        loop.countWhere(this.expressions.truths(call.filter!), this.accumulators[at]!.rowCounts!());
        summed.add(at);
      } else if (this.joins(loop, at, call, groups.rows)) summed.add(at);
    }
    if (summed.size === 0) return nothingAdded;
    if (this.isCounted) counted.clear();
    for (const at of counted) loop.count(this.accumulators[at]!.rowCounts!());
    loop.run(groups);
    for (const at of summed) this.accumulators[at]!.added?.(groups, this.fed[at]!.isWhole);
    return new Set([...summed, ...counted]);
  }

  /** Whether the values of an aggregate are added in the loop. */
  private joins(loop: SumLoop, at: number, call: AggregateCall, rows: number): boolean {
    const accumulator = this.accumulators[at]!;
    const [arg] = call.args;
    if (accumulator.doublesFor === undefined || arg === undefined || call.filter !== undefined) {
      return false;
    }
    const found = this.expressions.formula(arg);
    const term = found && termOf(found);
    const sums = term && accumulator.doublesFor(term.type, rows, term.reach);
    if (sums === undefined) return false;
    loop.add(term!, sums);
    if (accumulator.rowCounts !== undefined) loop.count(accumulator.rowCounts());
    return true;
  }

  private addDigits(
    accumulator: Accumulator,
    { args, filter }: AggregateCall,
    groups: Int32Array,
    { isWhole }: Fed,
  ): boolean {
    const [arg] = args;
    if (accumulator.addDigits === undefined || filter !== undefined || arg === undefined)
      return false;
    const digits = this.expressions.digits(arg);
    return digits !== undefined && accumulator.addDigits(digits, groups, isWhole);
  }

  addStates(batch: Batch): void {
    const { keys } = this.program;
    const keyColumns = keys.map(({ name }) => columnOf(batch, name));
    const groups =
      keys.length === 0 ? this.oneGroup(batch.rows) : this.groupsOf(keyColumns, batch.rows).ofRows;
    for (const [at, accumulator] of this.accumulators.entries()) {
      accumulator.reserve(this.size);
      mergeStates(accumulator, this.names.of(batch, at), groups, this.fed[at]);
    }
  }

  private take(columnsOf: (accumulator: Accumulator, at: number, size: number) => Column[]): Batch {
    const { size } = this;
    const columns = this.program.keys.map(({ name }, key) => concat(name, this.keyParts[key]!));
    const counts = this.counts === "none" ? undefined : this.index.counts();
    for (const [at, accumulator] of this.accumulators.entries()) {
      accumulator.reserve(size);
      if (counts !== undefined && isCountOfRows(this.program.aggregates[at]!.call)) {
        accumulator.addCounts?.(counts);
      }
      columns.push(...columnsOf(accumulator, at, size));
    }
    this.reset();
    return makeBatch("record", columns);
  }

  /** All groups with their states, by order of coming; none are left. */
  takeStates(): Batch {
    return this.take((accumulator, at, size) => this.names.named(at, accumulator.states(size)));
  }

  /** All groups with their results, by order of coming; none are left. */
  takeResults(): Batch {
    const { aggregates } = this.program;
    return this.take((accumulator, at, size) => [
      { ...accumulator.result(size), name: aggregates[at]!.name },
    ]);
  }
}

/** Aggregates over different values keep these only as long as states are wanted. */
export function keepsValues({ aggregates }: GroupsProgram): boolean {
  return aggregates.some(
    ({ call }) => call.function === "countDistinct" || (call.distinct && call.args.length > 0),
  );
}
