// Decides about rows by those equal to them. What it knows is an index of rows that only grows: once that has no more
// memory it takes no new rows, goes on to decide about those it knows, and divides all others by a hash into files,
// each of which is a smaller question of the same kind.

import { type Batch, makeBatch } from "../../../proto/batch/batch.ts";
import { assert } from "../../../proto/errors.ts";
import { spillDivisionsDeepMax } from "../../../proto/limits/memory.ts";
import { columnOf } from "../../kernels/columns/concat.ts";
import { gatherBatch } from "../../kernels/columns/gather.ts";
import { placeName, withoutPlaces } from "../../memory/row-places.ts";
import { type AnyShape, SpilledPartitions } from "../../memory/spilled-partitions.ts";
import type { OperatorMemory } from "../../memory/task-memory.ts";
import type { RowIndex, RowKeys } from "./row-keys.ts";

export interface MatchRule {
  /** The first of equal rows, of those that are (not) among the others where there are others. */
  readonly kind: "distinct" | "intersect" | "except";
  /** Whether rows that occur several times are matched one by one (SQL's ALL). */
  readonly all: boolean;
}

/** Rows of a batch by number, rising. */
export interface Decided {
  readonly wanted: Int32Array;
  /** Equal to none that the index knows. */
  readonly open: Int32Array;
}

/** A number for each row of an index, grown with it. */
class Counts {
  counts = new Float64Array(0);

  reserve(size: number): Float64Array {
    if (size > this.counts.length) {
      const counts = new Float64Array(Math.max(size, 2 * this.counts.length));
      counts.set(this.counts);
      this.counts = counts;
    }
    return this.counts;
  }
}

/** Of the batches of the other input, and of this: what deeper levels read of both is of one shape each. */
interface Shapes {
  readonly others?: AnyShape | undefined;
  readonly rows?: AnyShape | undefined;
}

/** A table that grows is there twice for a moment. */
const copiesOfIndex = 2;

/** Of its memory, what an index may have that takes no more rows. */
const fullShare = 15 / 16;

const noRows = new Int32Array(0);

export class MatchLevel {
  private readonly rule: MatchRule;
  private readonly keys: RowKeys;
  private readonly memory: OperatorMemory;
  private readonly depth: number;
  private readonly shapes: Shapes;
  private readonly index: RowIndex;
  /** How many rows of the other input are left for each row. */
  private readonly left = new Counts();
  /** Rows that were decided upon. */
  private readonly done = new Counts();
  private isFull = false;
  private others: SpilledPartitions | undefined;
  private rows: SpilledPartitions | undefined;

  constructor(
    rule: MatchRule,
    keys: RowKeys,
    memory: OperatorMemory,
    depth = 0,
    shapes: Shapes = {},
  ) {
    this.rule = rule;
    this.keys = keys;
    this.memory = memory;
    this.depth = depth;
    this.shapes = shapes;
    this.index = keys.index();
  }

  private groupsOf(batch: Batch): Int32Array {
    return this.isFull ? this.index.find(batch) : this.index.add(batch);
  }

  private reserve(): void {
    if (this.isFull) return;
    const counts = 8 * (this.left.counts.length + this.done.counts.length);
    const bytes = copiesOfIndex * this.index.bytes + counts;
    if (this.memory.resize(bytes)) return;
    // Rows that four hashes in turn did not part have few companions.
    if (this.depth === spillDivisionsDeepMax) return this.memory.demand(bytes, "rows of one hash");
    this.isFull = true;
    // It is there already, will not grow, and leaves a little for what becomes of the rows that it does not take.
    const most = Math.floor(this.memory.reachBytes * fullShare);
    this.memory.resize(Math.min(this.index.bytes + counts, most));
  }

  private spillTo(parts: SpilledPartitions | undefined, shape: AnyShape | undefined) {
    return parts ?? new SpilledPartitions(this.keys.hashesOf, this.memory, this.depth, shape);
  }

  /** A row of the other input; all of them come before the first of this. */
  addOther(batch: Batch): void {
    const groups = this.groupsOf(batch);
    const counts = this.left.reserve(this.index.size);
    const open = new Int32Array(batch.rows);
    let openCount = 0;
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i]!;
      if (group < 0) open[openCount++] = i;
      else counts[group] = counts[group]! + 1;
    }
    this.reserve();
    if (openCount === 0) return;
    this.others = this.spillTo(this.others, this.shapes.others);
    const columns = this.keys.columnsOf(batch);
    this.others.add(gatherBatch(columns, open.subarray(0, openCount)));
  }

  match(batch: Batch): Decided {
    const groups = this.groupsOf(batch);
    const left = this.left.reserve(this.index.size);
    const done = this.done.reserve(this.index.size);
    const wanted = new Int32Array(batch.rows);
    const open = this.isFull ? new Int32Array(batch.rows) : noRows;
    let wantedCount = 0;
    let openCount = 0;
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i]!;
      if (group < 0) open[openCount++] = i;
      else if (this.isWanted(left, done, group)) wanted[wantedCount++] = i;
    }
    this.reserve();
    return { wanted: wanted.subarray(0, wantedCount), open: open.subarray(0, openCount) };
  }

  private isWanted(left: Float64Array, done: Float64Array, group: number): boolean {
    const { kind, all } = this.rule;
    if (all) {
      const isThere = left[group]! > 0;
      if (isThere) left[group] = left[group]! - 1;
      return isThere === (kind === "intersect");
    }
    if (done[group] !== 0) return false;
    done[group] = 1;
    return left[group]! > 0 === (kind === "intersect");
  }

  /** Rows that are open still, with their places. */
  addOpen(batch: Batch): void {
    this.rows = this.spillTo(this.rows, this.shapes.rows);
    this.rows.add(batch);
  }

  /** Decides about all rows that are open, if any, and tells the places of those that are wanted. */
  *finish(want: (place: number) => void): Iterable<void> {
    const { rule, keys, memory, depth, others, rows } = this;
    this.index.close();
    this.memory.resize(0);
    for (let part = 0; rows !== undefined && part < rows.count; part++) {
      if (rows.rowsOf(part) === 0) continue;
      const shapes = { others: others?.shape, rows: rows.shape };
      const level = new MatchLevel(rule, keys, memory, depth + 1, shapes);
      for (const batch of others?.read(part) ?? []) level.addOther(batch);
      for (const batch of rows.read(part)) {
        const { wanted, open } = level.match(withoutPlaces(batch));
        const places = placesOf(batch);
        for (const row of wanted) want(places[row]!);
        if (open.length > 0) level.addOpen(gatherBatch(batch, open));
        yield;
      }
      yield* level.finish(want);
    }
    others?.close();
    rows?.close();
  }
}

function placesOf(batch: Batch): Float64Array {
  const column = columnOf(batch, placeName);
  assert(column.type === "float64", `places are ${column.type}`);
  return column.values;
}

/** The columns that count of some rows of a batch, and where each of these comes. */
export function keysWithPlaces(
  keys: RowKeys,
  batch: Batch,
  rows: Int32Array,
  places: Float64Array,
): Batch {
  const base = { length: rows.length, nulls: "null", validity: undefined } as const;
  const column = { ...base, name: placeName, type: "float64", values: places } as const;
  return makeBatch("record", [...gatherBatch(keys.columnsOf(batch), rows).columns, column]);
}
