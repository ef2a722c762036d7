// Rows that are wanted by a rule about those equal to them, in the order and the batches in which they came, however many
// there are. While all rows that matter fit into memory each batch is answered at once. Then batches wait in a file for
// what is found out about their rows, of which only one bit each stays in memory.

import type { Batch } from "../../../proto/batch/batch.ts";
import { gatherBatch } from "../../kernels/columns/gather.ts";
import { SpilledBatches, type SpilledBlock } from "../../memory/spilled-batches.ts";
import type { OperatorMemory } from "../../memory/task-memory.ts";
import type { Stage } from "../stage.ts";
import { keysWithPlaces, MatchLevel, type MatchRule } from "./match-level.ts";
import type { RowKeys } from "./row-keys.ts";

/** A bit for each row that waits. */
class WantedRows {
  private readonly memory: OperatorMemory;
  private bits = new Uint8Array(0);

  constructor(memory: OperatorMemory) {
    this.memory = memory;
  }

  reserve(rows: number): void {
    const bytes = (rows + 7) >> 3;
    if (bytes <= this.bits.length) return;
    const bits = new Uint8Array(Math.max(bytes, 2 * this.bits.length));
    this.memory.demand(bits.length, "a bit for each row that waits to be decided about");
    bits.set(this.bits);
    this.bits = bits;
  }

  readonly add = (place: number): void => {
    const at = Math.floor(place / 8);
    this.bits[at] = this.bits[at]! | (1 << (place % 8));
  };

  /** Of `rows` rows from a place on. */
  from(first: number, rows: number): Int32Array {
    const found = new Int32Array(rows);
    let count = 0;
    for (let i = 0; i < rows; i++) {
      const place = first + i;
      if ((this.bits[Math.floor(place / 8)]! >> (place % 8)) & 1) found[count++] = i;
    }
    return found.subarray(0, count);
  }
}

function some(batch: Batch, rows: Int32Array): Batch {
  return rows.length === batch.rows ? batch : gatherBatch(batch, rows);
}

/** Two rising lists as one. */
function merged(a: Int32Array, b: Int32Array): Int32Array {
  const all = new Int32Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all.sort();
}

/** Rows that could not be answered when they came. */
class WaitingRows {
  private readonly keys: RowKeys;
  private readonly level: MatchLevel;
  private readonly wanted: WantedRows;
  private readonly file: SpilledBatches;
  private readonly blocks: SpilledBlock[] = [];
  private rows = 0;

  constructor(keys: RowKeys, level: MatchLevel, memory: OperatorMemory) {
    this.keys = keys;
    this.level = level;
    this.wanted = new WantedRows(memory.beside());
    this.file = new SpilledBatches(memory.createSpillFile());
  }

  add(batch: Batch, wanted: Int32Array, open: Int32Array): void {
    const kept = merged(wanted, open);
    if (kept.length === 0) return;
    this.wanted.reserve(this.rows + kept.length);
    const atOf = new Int32Array(batch.rows);
    for (let at = 0; at < kept.length; at++) atOf[kept[at]!] = at;
    for (const row of wanted) this.wanted.add(this.rows + atOf[row]!);
    if (open.length > 0) {
      const places = Float64Array.from(open, (row) => this.rows + atOf[row]!);
      this.level.addOpen(keysWithPlaces(this.keys, batch, open, places));
    }
    this.blocks.push(this.file.write(some(batch, kept)));
    this.rows += kept.length;
  }

  *finish(next: Stage): Iterable<void> {
    yield* this.level.finish(this.wanted.add);
    let first = 0;
    for (const block of this.blocks) {
      if (!next.wantsMore()) break;
      const rows = this.wanted.from(first, block.rows);
      first += block.rows;
      if (rows.length > 0) next.pushBatch(some(this.file.read(block), rows));
      yield;
    }
    this.file.close();
  }
}

export class RowMatcher {
  private readonly keys: RowKeys;
  private readonly memory: OperatorMemory;
  private readonly level: MatchLevel;
  private readonly next: Stage;
  private waiting: WaitingRows | undefined;

  constructor(rule: MatchRule, keys: RowKeys, memory: OperatorMemory, next: Stage) {
    this.keys = keys;
    this.memory = memory;
    this.level = new MatchLevel(rule, keys, memory);
    this.next = next;
  }

  /** Rows of the other input; all of them come before the first of this. */
  addOther(batch: Batch): void {
    this.level.addOther(batch);
  }

  add(batch: Batch): void {
    const { wanted, open } = this.level.match(batch);
    if (open.length > 0) this.waiting ??= new WaitingRows(this.keys, this.level, this.memory);
    if (this.waiting !== undefined) this.waiting.add(batch, wanted, open);
    else if (wanted.length > 0) this.next.pushBatch(some(batch, wanted));
  }

  *finish(): Iterable<void> {
    if (this.waiting !== undefined) yield* this.waiting.finish(this.next);
    // No row waits, but there may be files of other rows, for which none of these asked.
    else yield* this.level.finish(() => {});
    this.memory.resize(0);
  }
}
