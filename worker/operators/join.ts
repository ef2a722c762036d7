// join: keeps one side by key in memory and finds for each row of the pipeline its partners.

import { type Batch, makeBatch } from "../../proto/batch/batch.ts";
import { type Column, columnType } from "../../proto/batch/column.ts";
import { heldBytesMax } from "../../proto/limits/memory.ts";
import { batchRowsMax } from "../../proto/limits.ts";
import { columnsOf } from "../../proto/plan/expr.ts";
import { bitAt, bitBytes, setBit } from "../kernels/columns/bits.ts";
import { columnNames } from "../kernels/columns/concat.ts";
import { allRows, gatherBatch, rowsFrom } from "../kernels/columns/gather.ts";
import { listFound } from "../kernels/columns/partner-loops.ts";
import type { Reorder } from "../kernels/columns/rows-by-number.ts";
import { checkComparable } from "../kernels/columns/widen.ts";
import { batchBytes } from "../memory/batch-bytes.ts";
import type { OperatorMemory } from "../memory/task-memory.ts";
import { evaluator, predicate } from "./evaluate.ts";
import { type BuiltSide, closeSide, type SidePlace } from "./joining/built-side.ts";
import { joinedColumns, type SideRows } from "./joining/join-columns.ts";
import { type JoinProgram, namesOf, type Outer, outerOf } from "./joining/join-program.ts";
import { joinTable } from "./joining/join-table.ts";
import { inOrder, KeptColumns } from "./joining/kept-columns.ts";
import { KeyBits } from "./joining/key-bits.ts";
import { joinKeyTests } from "./joining/key-tests.ts";
import { KnownKeys } from "./joining/known-keys.ts";
import { crossPairs, noPairs, type Pairs, RowsBuffer } from "./joining/pairs.ts";
import { SpilledJoin } from "./joining/spilled-join.ts";
import { HeldRows } from "./sort-by.ts";
import { columnStage, type SideSize, type Stage, testing, wanting } from "./stage.ts";
import { onlyWanted, type Wanted, wantedBy } from "./wanted-columns.ts";

function withNames(known: readonly string[], batch: Batch | undefined): readonly string[] {
  return [...new Set([...known, ...(batch === undefined ? [] : columnNames([batch]))])];
}

/** What a join knows of other tasks of its stage. */
interface Sharing {
  /** What one of them built. */
  readonly known?: BuiltSide;
  readonly onBuilt?: (side: BuiltSide) => void;
}

class Join {
  private readonly program: JoinProgram;
  private readonly next: Stage;
  private readonly outer: Outer;
  private readonly probeKeys: readonly ((batch: Batch) => Column)[];
  private readonly keptKeys: readonly ((batch: Batch) => Column)[];
  private readonly holds: ((batch: Batch) => Int32Array | undefined) | undefined;
  /** What its condition reads of a result. */
  private readonly conditionNames: Wanted;
  private readonly arriving = new HeldRows();
  private readonly sharing: Sharing | undefined;
  /** Rows of a batch that have a partner. */
  private readonly found = new RowsBuffer();
  /** Set once all kept rows are there. */
  private side: BuiltSide | undefined;
  /** Kept rows that had a partner. */
  private matched = new Uint8Array(0);
  /** Columns of the side that streams, as far as they were seen. */
  private probeNames: readonly string[];

  constructor(program: JoinProgram, next: Stage, sharing?: Sharing) {
    this.program = program;
    this.next = next;
    this.sharing = sharing;
    this.outer = outerOf(program);
    const isLeft = program.build.pipeline === "left";
    this.probeKeys = program.on.map(({ left, right }) => evaluator(isLeft ? left : right));
    this.keptKeys = program.on.map(({ left, right }) => evaluator(isLeft ? right : left));
    this.holds = program.condition && predicate(program.condition);
    this.conditionNames = program.condition && columnsOf(program.condition);
    this.probeNames = namesOf(isLeft ? program.leftSchema : program.rightSchema);
  }

  addKept(batch: Batch): void {
    this.arriving.add(batch);
  }

  /** Once all kept rows are there. */
  prepare(): BuiltSide {
    if (this.side !== undefined) return this.side;
    const { known, onBuilt } = this.sharing ?? {};
    const side = known ?? this.build(this.arriving.take());
    this.side = side;
    this.matched = new Uint8Array(bitBytes(side.rows?.rows ?? 0));
    if (known === undefined) onBuilt?.(side);
    return side;
  }

  private build(kept: Batch | undefined): BuiltSide {
    const { build, leftSchema, rightSchema, on } = this.program;
    const schema = build.pipeline === "left" ? rightSchema : leftSchema;
    const names = withNames(namesOf(schema), kept);
    const columns = new KeptColumns();
    if (kept === undefined || on.length === 0) {
      return { rows: kept, columns, table: undefined, keyTypes: [], keyBits: [], names };
    }
    const keys = this.keptKeys.map((key) => key(kept));
    const keyBits = keys.map((key) => new KeyBits(key));
    const known = { columns, keyTypes: keys.map(columnType), keyBits, names };
    if (this.asksKeysOnly) {
      const table = new KnownKeys(keys, kept.rows, keyBits);
      return { ...known, rows: { shape: "record", rows: kept.rows, columns: [] }, table };
    }
    const wanted = onlyWanted(kept, wantedOfSide(this.program, this.next.wants, "kept"));
    const table = joinTable(keys, kept.rows, this.reorderOf(wanted));
    const rows = table.order === undefined ? wanted : inOrder(wanted, table.order);
    return { ...known, rows, table };
  }

  /** Whether kept rows neither come out nor are looked at by a condition. */
  private get asksKeysOnly(): boolean {
    const { type, build, condition } = this.program;
    const isFound = type === "semi" || type === "anti";
    return isFound && build.pipeline === "left" && condition === undefined;
  }

  /** Whether kept rows may be put into the order in which a table finds them. */
  private reorderOf(kept: Batch): Reorder {
    const { type, build } = this.program;
    const isFound = type === "semi" || type === "anti";
    // Those that come out by themselves do so in their own order.
    if (this.outer.keepsKept || (isFound && build.pipeline === "right")) return "never";
    // Texts take longer to move than it takes to find their rows.
    return kept.columns.every(isOfWords) ? "always" : "whereFull";
  }

  /** What was kept so far, which is then kept elsewhere. */
  giveUpKept(): Batch | undefined {
    return this.arriving.take();
  }

  keysOfKept(batch: Batch): readonly Column[] {
    return this.keptKeys.map((key) => key(batch));
  }

  keysOfProbe(batch: Batch): readonly Column[] {
    return this.probeKeys.map((key) => key(batch));
  }

  private comparableKeys(batch: Batch, { keyTypes }: BuiltSide): readonly Column[] {
    const keys = this.probeKeys.map((key) => key(batch));
    for (const [at, key] of keys.entries()) {
      // Keys that could never be equal are a mistake, not an empty result.
      checkComparable(`key ${at + 1} of the join`, keyTypes[at]!, columnType(key));
    }
    return keys;
  }

  private pairsOf(batch: Batch): Pairs {
    const side = this.prepare();
    const { rows: kept, table } = side;
    if (kept === undefined) return noPairs;
    if (table === undefined) return crossPairs(batch.rows, kept.rows);
    return table.pairsOf(this.comparableKeys(batch, side), batch.rows);
  }

  /** The result for some pairs; -1 stands for a side without a partner, of which nothing is read where it is `"any"`. */
  private rowsOf(
    probe: Batch | undefined,
    pairs: Pairs,
    wanted = this.next.wants,
    absent?: "any",
  ): Batch {
    const { keepsProbe, keepsKept } = this.outer;
    const streaming: SideRows = {
      ...{ batch: probe, names: this.probeNames, rows: pairs.probe },
      absent: keepsKept ? "null" : "never",
    };
    const { rows: batch, columns, names } = this.prepare();
    const kept: SideRows = {
      ...{ batch, names, rows: pairs.kept, kept: columns, isShared: this.sharing !== undefined },
      absent: absent ?? (keepsProbe ? "null" : "never"),
    };
    const isLeft = this.program.build.pipeline === "left";
    const [left, right] = isLeft ? [streaming, kept] : [kept, streaming];
    return makeBatch("record", joinedColumns(this.program, left, right, wanted));
  }

  /** Those of the pairs for which the condition holds. */
  private filtered(batch: Batch, pairs: Pairs): Pairs {
    if (this.holds === undefined || pairs.probe.length === 0) return pairs;
    const rows = this.holds(this.rowsOf(batch, pairs, this.conditionNames));
    if (rows === undefined) return pairs;
    return {
      probe: rows.map((row) => pairs.probe[row]!),
      kept: rows.map((row) => pairs.kept[row]!),
    };
  }

  push(whole: Batch): void {
    const { rows: kept, table } = this.prepare();
    this.probeNames = withNames(this.probeNames, whole);
    // A cross join of large batches would make all its pairs at once.
    const step =
      table === undefined && kept !== undefined
        ? Math.max(1, Math.floor((4 * batchRowsMax) / Math.max(kept.rows, 1)))
        : whole.rows;
    for (let start = 0; start < whole.rows && this.next.wantsMore(); start += step) {
      const count = Math.min(step, whole.rows - start);
      this.pushSome(count === whole.rows ? whole : gatherBatch(whole, rowsFrom(start, count)));
    }
  }

  private pushSome(batch: Batch): void {
    const { type, build } = this.program;
    const isFound = type === "semi" || type === "anti";
    if (isFound && build.pipeline === "left") return this.pushFound(batch, type);
    if (this.pushInPlace(batch)) return;
    const all = this.allPairsOf(batch);
    if (isFound || this.outer.keepsKept) this.noteMatched(all.kept);
    if (isFound) return;
    for (let start = 0; start < all.probe.length; start += batchRowsMax) {
      const end = Math.min(start + batchRowsMax, all.probe.length);
      const some = { probe: all.probe.subarray(start, end), kept: all.kept.subarray(start, end) };
      this.next.pushBatch(this.rowsOf(batch, some));
    }
  }

  /** Hands on rows with one partner at most where they are, if the next step reads them there; false where it does not. */
  private pushInPlace(batch: Batch): boolean {
    const { next } = this;
    const isInner = this.program.type === "inner" && this.holds === undefined;
    if (!isInner || next.readsSelected !== true || next.pushSelected === undefined) return false;
    const side = this.prepare();
    const only = side.table?.onlyOf(this.comparableKeys(batch, side), batch.rows);
    if (only === undefined) return false;
    const rows = this.found.take(batch.rows);
    const count = listFound(only, rows);
    if (count === 0) return true;
    const all = { probe: allRows(batch.rows), kept: only };
    next.pushSelected(this.rowsOf(batch, all, next.wants, "any"), rows.subarray(0, count));
    return true;
  }

  /** Each row with its partners; with -1 where it has none and comes out all the same. */
  private allPairsOf(batch: Batch): Pairs {
    if (!this.outer.keepsProbe) return this.filtered(batch, this.pairsOf(batch));
    const side = this.prepare();
    const only =
      this.holds === undefined
        ? side.table?.onlyOf(this.comparableKeys(batch, side), batch.rows)
        : undefined;
    // Rows with one partner at most come out once each, in their order.
    if (only !== undefined) return { probe: allRows(batch.rows), kept: only };
    return withAllRows(this.filtered(batch, this.pairsOf(batch)), batch.rows);
  }

  private noteMatched(kept: Int32Array): void {
    for (let i = 0; i < kept.length; i++) if (kept[i]! >= 0) setBit(this.matched, kept[i]!);
  }

  /** Left rows that have a partner, or none, as they came. */
  private pushFound(batch: Batch, type: "semi" | "anti"): void {
    const firsts = this.firstsOf(batch);
    const isWanted = type === "semi" ? 1 : 0;
    const rows = new Int32Array(batch.rows);
    let count = 0;
    for (let row = 0; row < batch.rows; row++) {
      rows[count] = row;
      count += (firsts[row]! < 0 ? 0 : 1) === isWanted ? 1 : 0;
    }
    if (count === 0) return;
    const wanted = onlyWanted(batch, this.next.wants);
    const isWhole = count === batch.rows;
    this.next.pushBatch(isWhole ? wanted : gatherBatch(wanted, rows.subarray(0, count)));
  }

  /** A partner of each row, -1 where there is none. */
  private firstsOf(batch: Batch): Int32Array {
    const side = this.prepare();
    if (this.holds === undefined && side.table !== undefined) {
      return side.table.firstsOf(this.comparableKeys(batch, side), batch.rows);
    }
    const { probe, kept } = this.filtered(batch, this.pairsOf(batch));
    const firsts = new Int32Array(batch.rows).fill(-1);
    for (let i = 0; i < probe.length; i++) firsts[probe[i]!] = kept[i]!;
    return firsts;
  }

  *finish(): Iterable<void> {
    yield* this.pushUnmatched();
    if (this.sharing === undefined) closeSide(this.prepare());
  }

  private *pushUnmatched(): Iterable<void> {
    const { rows: kept } = this.prepare();
    const { type, build } = this.program;
    const isFound = (type === "semi" || type === "anti") && build.pipeline === "right";
    if (kept === undefined || !(isFound || this.outer.keepsKept)) return;
    const rows = rowsWhere(
      kept.rows,
      (row) => (bitAt(this.matched, row) === 1) === (type === "semi"),
    );
    for (let start = 0; start < rows.length && this.next.wantsMore(); start += batchRowsMax) {
      const own = rows.subarray(start, start + batchRowsMax);
      const probe = new Int32Array(own.length).fill(-1);
      if (isFound) this.next.pushBatch(gatherBatch(onlyWanted(kept, this.next.wants), own));
      else this.next.pushBatch(this.rowsOf(undefined, { probe, kept: own }));
      yield;
    }
  }
}

/** Whether values are picked as words of the processor, a few at a time. */
function isOfWords({ type }: Column): boolean {
  return (
    type !== "utf8" && type !== "json" && type !== "binary" && type !== "list" && type !== "struct"
  );
}

/** Columns of one side that come out, or that its condition reads; undefined: all there are. */
function wantedOfSide(
  { type, build, condition, rightNames }: JoinProgram,
  wants: Stage["wants"],
  side: "streaming" | "kept",
): Wanted {
  const isLeft = (side === "streaming") === (build.pipeline === "left");
  const comesOut = isLeft || (type !== "semi" && type !== "anti");
  if (comesOut && wants === undefined) return undefined;
  const names = new Set(comesOut ? wants : []);
  if (condition !== undefined) columnsOf(condition, names);
  // Names of a result, and those that they had.
  for (const { from, to } of rightNames) if (names.has(to)) names.add(from);
  return names;
}

/** The same with those that keys are made of. */
function wantedWithKeys(
  program: JoinProgram,
  wants: Stage["wants"],
  side: "streaming" | "kept",
): Wanted {
  const names = wantedOfSide(program, wants, side);
  const isLeft = (side === "streaming") === (program.build.pipeline === "left");
  return (
    names &&
    wantedBy(
      program.on.map((key) => key[isLeft ? "left" : "right"]),
      names,
    )
  );
}

function rowsWhere(count: number, isWanted: (row: number) => boolean): Int32Array {
  const rows = new Int32Array(count);
  let found = 0;
  for (let row = 0; row < count; row++) if (isWanted(row)) rows[found++] = row;
  return rows.subarray(0, found);
}

/** The pairs, and in its place each row of the batch that has none. */
function withAllRows({ probe, kept }: Pairs, rows: number): Pairs {
  const has = new Uint8Array(rows);
  let found = 0;
  for (let i = 0; i < probe.length; i++) {
    if (has[probe[i]!] === 0) found++;
    has[probe[i]!] = 1;
  }
  if (found === rows) return { probe, kept };
  const length = probe.length + rows - found;
  const all = { probe: new Int32Array(length), kept: new Int32Array(length) };
  let from = 0;
  let to = 0;
  for (let row = 0; row < rows; row++) {
    if (has[row] === 0) {
      all.probe[to] = row;
      all.kept[to++] = -1;
      continue;
    }
    for (; from < probe.length && probe[from] === row; from++) {
      all.probe[to] = row;
      all.kept[to++] = kept[from]!;
    }
  }
  return all;
}

/** What kept rows take: as they came, once more as one batch, and the table. */
const tableBytesPerRow = 64;
const keptBytes = (bytes: number, rows: number) => 2 * bytes + tableBytesPerRow * rows;

/** Of each row, in what is made of a side when it is first asked for: bits of its keys, and the like. */
const laterBytesPerRow = 8;

/** Once a side is built its table says what it takes: ranks of numbers far less than is reserved before. */
function builtBytes({ table }: BuiltSide, bytes: number, rows: number): number {
  const most = keptBytes(bytes, rows);
  // Its table is made when it is first asked for.
  if (table === undefined || table instanceof KnownKeys) return most;
  return Math.min(2 * bytes + table.bytes + laterBytesPerRow * rows, most);
}

/** Keeps what it can of the side in memory, and the rest in files. */
class KeptSide {
  private readonly program: JoinProgram;
  private readonly memory: OperatorMemory;
  private readonly join: Join;
  private spilled: SpilledJoin | undefined;
  private bytes = 0;
  private rows = 0;
  /** What reading the side counted, once it was read or found. */
  private size: SideSize | undefined;
  readonly known: SideSize | undefined;

  constructor(program: JoinProgram, memory: OperatorMemory, next: Stage, place?: SidePlace) {
    this.program = program;
    this.memory = memory;
    const found = place?.find();
    const isUsable = found !== undefined && memory.resize(found.heldBytes);
    if (found !== undefined && !isUsable) place?.drop();
    this.known = isUsable ? found.size : undefined;
    const known = isUsable ? { known: found.built } : {};
    this.join = new Join(
      program,
      next,
      place && { ...known, onBuilt: (built) => this.share(place, built) },
    );
  }

  /** Once all rows are there; undefined where some of them are in files. */
  built(): BuiltSide | undefined {
    return this.spilled === undefined ? this.join.prepare() : undefined;
  }

  get active(): Join | SpilledJoin {
    return this.spilled ?? this.join;
  }

  private share(place: SidePlace, built: BuiltSide): void {
    const { size, bytes, rows } = this;
    if (size !== undefined) place.keep({ built, size, heldBytes: builtBytes(built, bytes, rows) });
  }

  end(size: SideSize): void {
    this.size = size;
  }

  add(batch: Batch): void {
    this.bytes += batchBytes(batch);
    this.rows += batch.rows;
    const { bytes, rows, memory } = this;
    const fits = () => bytes <= heldBytesMax && memory.resize(keptBytes(bytes, rows));
    if (this.spilled === undefined && !fits()) this.spilled = this.spill();
    this.active.addKept(batch);
  }

  private spill(): SpilledJoin {
    const { program, memory, join, bytes, rows } = this;
    if (program.on.length === 0) {
      memory.demand(keptBytes(bytes, rows), "the side that is kept for a join of all pairs");
    }
    memory.resize(0);
    const into = new SpilledJoin({
      memory,
      keptBytes,
      keptKeys: (batch) => join.keysOfKept(batch),
      probeKeys: (batch) => join.keysOfProbe(batch),
      joinOf: (sink) => new Join(program, sink),
    });
    const kept = join.giveUpKept();
    if (kept !== undefined) into.addKept(kept);
    return into;
  }

  finish(next: Stage): Iterable<void> {
    return this.spilled === undefined ? this.join.finish() : this.spilled.finish(next);
  }
}

/** `place`: of a side that is sent whole to every task of the stage. */
export function joinStage(
  program: JoinProgram,
  memory: OperatorMemory,
  next: Stage,
  place?: SidePlace,
): Stage {
  const side = new KeptSide(program, memory, next, place);
  const { known } = side;
  const wanted = wantedWithKeys(program, next.wants, "kept");
  return columnStage(next, (batch) => side.active.push(batch), {
    ...wanting(wantedWithKeys(program, next.wants, "streaming")),
    ...testing(joinKeyTests(program, next.keyTests ?? [], () => side.built())),
    // What goes to files is divided many rows at a time.
    letsGo: () => side.active instanceof Join && next.letsGo?.() === true,
    finish: () => side.finish(next),
    side: {
      stageId: program.build.stageId,
      ...(known === undefined ? {} : { known }),
      pushBatch: (batch) => side.add(onlyWanted(batch, wanted)),
      end: (size) => side.end(size),
    },
  });
}
