// Sorts more rows than fit into memory: sorted runs in a file, merged in windows.
//
// A window is what may come out next: of each run the rows that are not behind the last one loaded of any run. They
// are sorted as a batch is, by radix passes over words, instead of being compared one by one; only where a window ends
// is found by comparing, a row of each run at a time.

import type { Batch } from "../../../proto/batch/batch.ts";
import {
  heldBytesMax,
  sortPieceBytes,
  spillBlockBytesMax,
  spillBlockBytesMin,
} from "../../../proto/limits/memory.ts";
import { batchRowsMax } from "../../../proto/limits.ts";
import type { SortExpr } from "../../../proto/plan/expr.ts";
import { compareBySteps } from "../../kernels/columns/argsort.ts";
import { concatBatches } from "../../kernels/columns/concat.ts";
import { gatherBatch, sliceBatch } from "../../kernels/columns/gather.ts";
import { radixBytesPerRow, radixRowsMax } from "../../kernels/columns/radix-sort.ts";
import { recutBatches } from "../../kernels/columns/recut.ts";
import { batchBytes } from "../../memory/batch-bytes.ts";
import { HeldShape } from "../../memory/held-shape.ts";
import { byPlace, placeName, withPlaces } from "../../memory/row-places.ts";
import { SpilledBatches, type SpilledBlock } from "../../memory/spilled-batches.ts";
import type { OperatorMemory } from "../../memory/task-memory.ts";
import { orderOf } from "../evaluate.ts";
import type { Stage } from "../stage.ts";
import { batchSorter, type SortedBatch } from "./sort-rows.ts";

/** Bytes of a row while it is sorted: its number twice, the records of the radix sort, and the words of each key. */
const orderBytesPerRow = radixBytesPerRow + 20;
const wordBytesPerKey = 8;
/** Beside the places that other steps give to rows. */
const ownPlaceName = `${placeName} sorted`;

interface Run {
  readonly blocks: readonly SpilledBlock[];
}

function withoutOwnPlaces(batch: Batch): Batch {
  return { ...batch, columns: batch.columns.filter(({ name }) => name !== ownPlaceName) };
}

export interface SorterOptions {
  readonly keys: readonly SortExpr[];
  /** Only the first rows are wanted. */
  readonly rowsMax: number;
  readonly memory: OperatorMemory;
}

/** Stable; what comes out is the same whatever was written to files. */
export class ExternalSorter {
  private readonly options: SorterOptions;
  private readonly keyBytesPerRow: number;
  private readonly sort: (batches: readonly Batch[]) => SortedBatch;
  private readonly shape = new HeldShape();
  private held: Batch[] = [];
  private heldRows = 0;
  private heldBytes = 0;
  /** Of all rows that came. */
  private rows = 0;
  private bytes = 0;
  private spilled: SpilledBatches | undefined;
  private runs: Run[] = [];
  private blockBytes = spillBlockBytesMax;
  /** Whether a column changed its type after rows were sorted by it. */
  private isStale = false;

  constructor(options: SorterOptions) {
    this.options = options;
    this.keyBytesPerRow = orderBytesPerRow + wordBytesPerKey * options.keys.length;
    this.sort = batchSorter(options.keys);
  }

  get rowsHeld(): number {
    return this.heldRows;
  }

  add(batch: Batch): void {
    const hasChanged = this.shape.add(batch);
    if (hasChanged && this.runs.length > 0) this.isStale = true;
    const bytes = batchBytes(batch);
    if (!this.reserve(this.heldBytes + bytes, this.heldRows + batch.rows)) {
      this.spill();
      this.reserveOne(batch, bytes);
    }
    this.held.push(batch);
    this.heldRows += batch.rows;
    this.heldBytes += bytes;
    this.rows += batch.rows;
    this.bytes += bytes;
  }

  /** Room for rows, once more for all of them as one batch, and for sorting them. */
  private reserve(bytes: number, rows: number): boolean {
    if (bytes > heldBytesMax || rows > radixRowsMax) return false;
    return this.options.memory.resize(2 * bytes + this.keyBytesPerRow * rows);
  }

  private reserveOne(batch: Batch, bytes: number): void {
    const needed = 2 * bytes + this.keyBytesPerRow * batch.rows;
    const { memory } = this.options;
    // A batch is there already: where all of it is too much, its rows are sorted bit by bit.
    if (!memory.resize(needed)) memory.resize(Math.min(needed, memory.reachBytes));
  }

  private takeHeld(): readonly Batch[] {
    const { held } = this;
    this.held = [];
    this.heldRows = 0;
    this.heldBytes = 0;
    return held;
  }

  /** Top-k: what cannot be among the first rows is dropped. */
  compact(): void {
    if (this.heldRows === 0) return;
    const sorted = this.sort(this.takeHeld());
    const kept = sorted.piece(0, Math.min(sorted.rows, this.options.rowsMax));
    sorted.close();
    this.held = [kept];
    this.heldRows = kept.rows;
    this.heldBytes = batchBytes(kept);
    this.reserve(this.heldBytes, this.heldRows);
  }

  /** Gives back its memory, for somebody who needs it now. */
  giveWay(): void {
    this.spill();
    this.options.memory.resize(0);
  }

  private spill(): void {
    if (this.heldRows === 0) return;
    const { memory } = this.options;
    if (this.spilled === undefined) {
      this.spilled = new SpilledBatches(memory.createSpillFile());
      const block = Math.floor(memory.reachBytes / 32);
      this.blockBytes = Math.max(spillBlockBytesMin, Math.min(spillBlockBytesMax, block));
    }
    const first = this.rows - this.heldRows;
    const held = this.shape.conform(concatBatches(this.takeHeld()));
    this.runs.push(this.writeRun(this.sort([withPlaces(held, first, ownPlaceName)])));
  }

  private writeRun(sorted: SortedBatch): Run {
    const rows = Math.min(sorted.rows, this.options.rowsMax);
    const step = this.rowsOf(this.blockBytes);
    const blocks: SpilledBlock[] = [];
    for (let start = 0; start < rows; start += step) {
      blocks.push(this.spilled!.write(sorted.piece(start, Math.min(start + step, rows))));
    }
    sorted.close();
    return { blocks };
  }

  /** Rows of the usual length that make so many bytes. */
  private rowsOf(bytes: number): number {
    const perRow = this.bytes / Math.max(this.rows, 1);
    return Math.max(1, Math.min(batchRowsMax, Math.floor(bytes / Math.max(perRow, 1))));
  }

  /** Rows of one batch that comes out: it follows from the rows that came in alone. */
  private get pieceRows(): number {
    return this.rowsOf(sortPieceBytes);
  }

  *sorted(): Iterable<Batch> {
    if (this.runs.length === 0) {
      if (this.heldRows > 0) yield* this.piecesInMemory(this.sort(this.takeHeld()));
      this.options.memory.resize(0);
      return;
    }
    this.spill();
    this.options.memory.resize(0);
    if (this.isStale) this.sortRunsAgain();
    const fanIn = this.reserveMerge();
    while (this.runs.length > fanIn) this.mergeSome(fanIn);
    yield* this.pieces(this.merged(this.runs));
    this.spilled!.close();
    this.options.memory.resize(0);
  }

  private *piecesInMemory(sorted: SortedBatch): Iterable<Batch> {
    for (const [start, end] of this.rangesOf(sorted)) yield sorted.piece(start, end);
  }

  private *rangesOf(sorted: SortedBatch): Iterable<readonly [start: number, end: number]> {
    const rows = Math.min(sorted.rows, this.options.rowsMax);
    const step = this.pieceRows;
    try {
      for (let start = 0; start < rows; start += step) yield [start, Math.min(start + step, rows)];
    } finally {
      sorted.close();
    }
  }

  /** Hands on what `sorted` answers, as lines where a step takes them: texts are then picked as they are written. */
  *pushSorted(next: Pick<Stage, "pushBatch" | "pushLines" | "wantsMore">): Iterable<void> {
    if (next.pushLines === undefined || this.runs.length > 0 || this.heldRows === 0) {
      for (const batch of this.sorted()) {
        if (!next.wantsMore()) return;
        next.pushBatch(batch);
        yield;
      }
      return;
    }
    const sorted = this.sort(this.takeHeld());
    for (const [start, end] of this.rangesOf(sorted)) {
      if (!next.wantsMore()) return;
      const lines = sorted.lines?.(start, end);
      if (lines === undefined) next.pushBatch(sorted.piece(start, end));
      else next.pushLines(end - start, lines);
      yield;
    }
    this.options.memory.resize(0);
  }

  /** How many runs can be merged at a time: two blocks of each, and as much again while they become one batch. */
  private reserveMerge(): number {
    const { memory } = this.options;
    const perRun = 6 * this.blockBytes;
    const fanIn = Math.max(2, Math.min(this.runs.length, Math.floor(memory.reachBytes / perRun)));
    memory.resize(Math.min(fanIn * perRun, memory.reachBytes));
    return fanIn;
  }

  /** Runs that were sorted by a narrower type: by the wider one, which may not tell the same rows apart. */
  private sortRunsAgain(): void {
    const sort = batchSorter([...this.options.keys, byPlace(ownPlaceName)]);
    this.runs = this.runs.map(({ blocks }) => {
      return this.writeRun(sort(blocks.map((block) => this.read(block))));
    });
  }

  private read(block: SpilledBlock): Batch {
    const batch = this.spilled!.read(block);
    const places = batch.columns.filter(({ name }) => name === ownPlaceName);
    const conformed = this.shape.conform(withoutOwnPlaces(batch));
    return { ...conformed, columns: [...conformed.columns, ...places] };
  }

  /** One pass: groups of neighbours become one run each, in another file. */
  private mergeSome(fanIn: number): void {
    const before = this.spilled!;
    const after = new SpilledBatches(this.options.memory.createSpillFile());
    const runs: Run[] = [];
    for (let start = 0; start < this.runs.length; start += fanIn) {
      const blocks: SpilledBlock[] = [];
      for (const batch of this.merged(this.runs.slice(start, start + fanIn))) {
        const step = this.rowsOf(this.blockBytes);
        for (let row = 0; row < batch.rows; row += step) {
          blocks.push(after.write(sliceBatch(batch, row, Math.min(row + step, batch.rows))));
        }
      }
      runs.push({ blocks });
    }
    before.close();
    this.spilled = after;
    this.runs = runs;
  }

  private *merged(runs: readonly Run[]): Iterable<Batch> {
    const cursors = runs.map(({ blocks }) => new RunCursor(blocks, (block) => this.read(block)));
    const windows = new Windows(cursors, this.options.keys, this.rowsOf(this.blockBytes));
    let left = this.options.rowsMax;
    for (let window = windows.next(); window !== undefined && left > 0; window = windows.next()) {
      const sorted = this.sort(window);
      const rows = Math.min(sorted.rows, left);
      left -= rows;
      const step = this.rowsOf(this.blockBytes);
      for (let start = 0; start < rows; start += step) {
        yield sorted.piece(start, Math.min(start + step, rows));
      }
      sorted.close();
    }
  }

  /** Batches of the length that they would have had in memory. */
  private *pieces(batches: Iterable<Batch>): Iterable<Batch> {
    function* own(): Iterable<Batch> {
      for (const batch of batches) yield withoutOwnPlaces(batch);
    }
    yield* recutBatches(own(), this.pieceRows);
  }
}

/** What was loaded of a run and did not come out yet. */
class RunCursor {
  private readonly blocks: readonly SpilledBlock[];
  private readonly read: (block: SpilledBlock) => Batch;
  private nextBlock = 0;
  private loaded: Batch[] = [];
  rows = 0;

  constructor(blocks: readonly SpilledBlock[], read: (block: SpilledBlock) => Batch) {
    this.blocks = blocks;
    this.read = read;
  }

  get hasMore(): boolean {
    return this.nextBlock < this.blocks.length;
  }

  fill(rowsMin: number): void {
    while (this.rows < rowsMin && this.hasMore) {
      const batch = this.read(this.blocks[this.nextBlock++]!);
      this.loaded.push(batch);
      this.rows += batch.rows;
    }
  }

  /** The row at a place of those loaded, as a batch of its own. */
  at(place: number): Batch {
    let first = 0;
    for (const batch of this.loaded) {
      if (place < first + batch.rows) return gatherBatch(batch, Int32Array.of(place - first));
      first += batch.rows;
    }
    throw new RangeError(`row ${place} of ${this.rows} loaded`);
  }

  take(rows: number): Batch[] {
    const taken: Batch[] = [];
    for (let left = rows; left > 0; ) {
      const [batch] = this.loaded;
      const count = Math.min(left, batch!.rows);
      taken.push(sliceBatch(batch!, 0, count));
      if (count === batch!.rows) this.loaded.shift();
      else this.loaded[0] = sliceBatch(batch!, count, batch!.rows);
      left -= count;
    }
    this.rows -= rows;
    return taken;
  }
}

class Windows {
  private readonly cursors: readonly RunCursor[];
  private readonly stepsOf: ReturnType<typeof orderOf>;
  private readonly rowsMin: number;

  constructor(cursors: readonly RunCursor[], keys: readonly SortExpr[], rowsMin: number) {
    this.cursors = cursors;
    this.stepsOf = orderOf(keys);
    this.rowsMin = rowsMin;
  }

  /** The next rows of all runs, those of one behind those of the runs before; undefined after the last. */
  next(): readonly Batch[] | undefined {
    for (const cursor of this.cursors) cursor.fill(this.rowsMin);
    const open = this.cursors.filter(({ rows }) => rows > 0);
    if (open.length === 0) return undefined;
    const counts = this.counts(open);
    return open.flatMap((cursor, index) => cursor.take(counts[index]!));
  }

  /** How many rows of each run do not come behind a row that is not loaded. */
  private counts(open: readonly RunCursor[]): number[] {
    const limit = this.limit(open);
    if (limit === undefined) return open.map(({ rows }) => rows);
    const bound = open[limit]!.at(open[limit]!.rows - 1);
    const low = open.map(() => 0);
    const high = open.map(({ rows }) => rows);
    // All runs at once: words can be compared within one batch only.
    for (;;) {
      const asked = open.flatMap((_, index) => (low[index]! < high[index]! ? [index] : []));
      if (asked.length === 0) return low;
      const middles = asked.map((index) => (low[index]! + high[index]!) >> 1);
      const rows = asked.map((index, at) => open[index]!.at(middles[at]!));
      const steps = this.stepsOf(concatBatches([...rows, bound]));
      for (const [at, index] of asked.entries()) {
        const order = compareBySteps(steps, at, asked.length);
        // Rows equal to the bound come out with it, but for those of later runs.
        if (order < 0 || (order === 0 && index <= limit)) low[index] = middles[at]! + 1;
        else high[index] = middles[at]!;
      }
    }
  }

  /** The run whose last loaded row comes first, of those that have more; undefined where none has. */
  private limit(open: readonly RunCursor[]): number | undefined {
    const more = open.flatMap((cursor, index) => (cursor.hasMore ? [index] : []));
    if (more.length === 0) return undefined;
    const lasts = more.map((index) => open[index]!.at(open[index]!.rows - 1));
    const steps = this.stepsOf(concatBatches(lasts));
    let first = 0;
    for (let at = 1; at < more.length; at++) {
      if (compareBySteps(steps, at, first) < 0) first = at;
    }
    return more[first]!;
  }
}
