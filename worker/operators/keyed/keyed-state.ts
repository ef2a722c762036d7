// What is kept for each key of pairs, in a map of JavaScript values while it fits, and divided by a hash into files where
// it does not. Each value of a key is added in the order in which it came, whatever was written to files: a function
// sees the same calls with the same arguments.

import { type Batch, makeBatch } from "../../../proto/batch/batch.ts";
import { buildColumnAs } from "../../../proto/batch/build-column.ts";
import { columnValues } from "../../../proto/batch/decode-column.ts";
import { assert } from "../../../proto/errors.ts";
import { keyedHeapShare, spillDivisionsDeepMax } from "../../../proto/limits/memory.ts";
import { chunkRowsMax } from "../../../proto/limits.ts";
import { int53Type } from "../../../proto/plan/types.ts";
import { columnOf } from "../../kernels/columns/concat.ts";
import { placeName } from "../../memory/row-places.ts";
import { type AnyShape, SpilledPartitions } from "../../memory/spilled-partitions.ts";
import type { OperatorMemory } from "../../memory/task-memory.ts";
import { hashKey, isPrimitive } from "../canonical.ts";
import { heapBytesOf } from "./heap-bytes.ts";
import { KeySlots } from "./key-slots.ts";
import { PlacedRows, placeColumn, rowColumn, rowName } from "./placed-rows.ts";
import { StateList } from "./state-list.ts";

/** Of a cogroup: the pipeline is 0, the other input 1. */
export type Side = 0 | 1;

export interface KeyedWork<State> {
  first(value: unknown, side: Side): State;
  add(state: State, value: unknown, side: Side): State;
  /** What makes the same state again when it is added in this order. */
  valuesOf(state: State): Iterable<readonly [value: unknown, side: Side]>;
  /** Whether each value stays in the state, so that its bytes are those of all of them. */
  readonly keepsValues: boolean;
}

interface Entry<State> {
  readonly key: unknown;
  readonly state: State;
  /** Where the first row of the key came. */
  readonly place: number;
}

/** A key in the map with its state and place. */
const entryBytes = 120;
/** V8 lets about as much garbage gather as there is of what lives. */
const garbageFactor = 2;
/** Only so many states are measured where each row makes a new one. */
const measuredEach = 16;

const hashName = "hash";

/** JavaScript values are written as tagged JSON, of which all batches are alike. */
const asTheyCame: AnyShape = { add: () => false, conform: (batch) => batch };

type SpilledRow = readonly [key: unknown, value: unknown, side: Side];

/** Rows on their way to files. */
class RowsToSpill {
  private rows: SpilledRow[] = [];
  private places: number[] = [];
  private hashes: number[] = [];
  private readonly parts: SpilledPartitions;

  constructor(parts: SpilledPartitions) {
    this.parts = parts;
  }

  add(row: SpilledRow, place: number): void {
    this.rows.push(row);
    this.places.push(place);
    this.hashes.push(hashKey(row[0]));
    if (this.rows.length >= chunkRowsMax) this.flush();
  }

  flush(): void {
    if (this.rows.length === 0) return;
    const hashes = buildColumnAs(hashName, int53Type, this.hashes, "null");
    const columns = [rowColumn(this.rows), hashes, placeColumn(this.places)];
    this.parts.add(makeBatch("record", columns));
    this.rows = [];
    this.places = [];
    this.hashes = [];
  }
}

function hashesOf(batch: Batch, seed: number): Int32Array {
  const hashes = columnValues(columnOf(batch, hashName)) as readonly number[];
  return Int32Array.from(hashes, (hash) => {
    const mixed = Math.imul(hash ^ seed, 0x85ebca6b);
    return Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35) ^ (mixed >>> 13);
  });
}

/** Answers whether it could make room. */
type MakeRoom = () => boolean;

/** The keys of all rows, or those of one part of them. */
class KeyedLevel<State> {
  private readonly work: KeyedWork<State>;
  private readonly memory: OperatorMemory;
  private readonly depth: number;
  private readonly makeRoom: MakeRoom;
  private readonly keys = new KeySlots();
  private readonly states = new StateList<State>();
  /** Where the first row of each key came. */
  private places: number[] = [];
  private bytes = 0;
  private rows = 0;
  parts: SpilledPartitions | undefined;
  private toSpill: RowsToSpill | undefined;

  constructor(work: KeyedWork<State>, memory: OperatorMemory, depth: number, makeRoom: MakeRoom) {
    this.work = work;
    this.memory = memory;
    this.depth = depth;
    this.makeRoom = makeRoom;
  }

  get size(): number {
    return this.keys.size;
  }

  add(key: unknown, value: unknown, side: Side, place: number): void {
    if (this.toSpill !== undefined) return this.toSpill.add([key, value, side], place);
    const { work, states } = this;
    const slot = this.keys.find(key);
    if (slot < 0) {
      states.add(work.first(value, side));
      this.keys.add(key);
      this.places.push(place);
      this.bytes += entryBytes + heapBytesOf(key) + heapBytesOf(value);
      return;
    }
    const before = states.get(slot);
    const isMeasured = !work.keepsValues && !states.areNumbers && this.rows++ % measuredEach === 0;
    const bytesBefore = isMeasured ? heapBytesOf(before) : 0;
    const after = work.add(before, value, side);
    states.set(slot, after);
    if (work.keepsValues) this.bytes += 8 + heapBytesOf(value);
    else if (isMeasured) this.bytes += measuredEach * (heapBytesOf(after) - bytesBefore);
  }

  /** Reserves what is held; where there is not so much it goes to files, and what comes from then on too. */
  settle(): void {
    if (this.toSpill !== undefined) return this.toSpill.flush();
    const bytes = this.heldBytes;
    if (this.hasRoom(bytes)) return;
    if (this.size <= 1 || this.depth === spillDivisionsDeepMax) {
      return this.memory.demand(bytes, "what is kept for one key");
    }
    this.spill();
  }

  /** Only reserves: for what can be handed on as it is. */
  reserve(): boolean {
    return this.hasRoom(this.heldBytes);
  }

  get heldBytes(): number {
    return garbageFactor * Math.max(this.bytes, entryBytes * this.size);
  }

  private hasRoom(bytes: number): boolean {
    const { memory } = this;
    if (bytes > keyedHeapShare * memory.heapBytesMax) return false;
    return memory.resize(bytes) || (this.makeRoom() && memory.resize(bytes));
  }

  private spill(): void {
    const { memory, depth, work } = this;
    this.parts = new SpilledPartitions(hashesOf, memory, depth, asTheyCame);
    this.toSpill = new RowsToSpill(this.parts);
    for (const { key, state, place } of this.entries()) {
      for (const [value, side] of work.valuesOf(state)) this.toSpill.add([key, value, side], place);
    }
    this.toSpill.flush();
    this.clear();
  }

  find(key: unknown): State | undefined {
    const slot = this.keys.find(key);
    return slot < 0 ? undefined : this.states.get(slot);
  }

  /** What is held, in the order of the keys' coming. */
  *entries(): Iterable<Entry<State>> {
    const { states, places } = this;
    for (const [key, slot] of this.keys.entries()) {
      yield { key, state: states.get(slot), place: places[slot]! };
    }
  }

  clear(): void {
    this.keys.clear();
    this.states.clear();
    this.places = [];
    this.bytes = 0;
    this.memory.resize(0);
  }
}

/** A row of the answer on its way through the sort: keys that are objects come behind the others. */
function orderOf(key: unknown, place: number): number {
  return isPrimitive(key) ? place : place + 2 ** 52;
}

export class KeyedState<State> {
  private readonly work: KeyedWork<State>;
  private readonly memory: OperatorMemory;
  private level: KeyedLevel<State>;
  private rows = 0;

  constructor(work: KeyedWork<State>, memory: OperatorMemory) {
    this.work = work;
    this.memory = memory;
    this.level = new KeyedLevel(work, memory, 0, () => false);
  }

  /** Keys that are held in memory. */
  get size(): number {
    return this.level.size;
  }

  add(key: unknown, value: unknown, side: Side = 0): void {
    this.level.add(key, value, side, this.rows++);
  }

  /** Whether what is held is not all that was added. */
  get isSpilled(): boolean {
    return this.level.parts !== undefined;
  }

  /** Only while all is held. */
  find(key: unknown): State | undefined {
    return this.level.find(key);
  }

  clear(): void {
    this.level.clear();
  }

  /** About what they take. */
  get bytes(): number {
    return this.level.heldBytes;
  }

  /** After some rows were added, of steps that may hand on what they have: false where it must go. */
  reserve(): boolean {
    return this.level.reserve();
  }

  /** After some rows were added: what does not fit goes to files. */
  settle(): void {
    this.level.settle();
  }

  /**
   * Each key with what `answer` makes of its state, in the order of coming, primitive keys first; nothing is left.
   * @param within runs what adds values, which may call functions of the user
   */
  *drain(
    answer: (state: State) => unknown,
    within: (add: () => void) => void,
  ): Iterable<readonly [unknown, unknown]> {
    const { level } = this;
    this.level = new KeyedLevel(this.work, this.memory, 0, () => false);
    this.rows = 0;
    if (level.parts === undefined) {
      for (const { key, state } of level.entries()) yield [key, answer(state)];
      level.clear();
      return;
    }
    level.settle();
    const answers = new PlacedRows(this.memory);
    this.answerParts(level.parts, 1, answers, answer, within);
    for (const rows of answers.sorted()) yield* rows as (readonly [unknown, unknown])[];
    this.memory.resize(0);
  }

  private answerParts(
    parts: SpilledPartitions,
    depth: number,
    answers: PlacedRows,
    answer: (state: State) => unknown,
    within: (add: () => void) => void,
  ): void {
    const makeRoom = (): boolean => {
      answers.giveWay();
      return true;
    };
    for (let part = 0; part < parts.count; part++) {
      if (parts.rowsOf(part) === 0) continue;
      const level = new KeyedLevel(this.work, this.memory, depth, makeRoom);
      for (const batch of parts.read(part)) {
        within(() => addBatch(level, batch));
        level.settle();
      }
      if (level.parts !== undefined)
        this.answerParts(level.parts, depth + 1, answers, answer, within);
      else answerLevel(level, answers, answer);
    }
    parts.close();
  }
}

function answerLevel<State>(
  level: KeyedLevel<State>,
  answers: PlacedRows,
  answer: (state: State) => unknown,
): void {
  for (const { key, state, place } of level.entries()) {
    answers.add([key, answer(state)], orderOf(key, place));
  }
  answers.flush();
  level.clear();
}

function addBatch<State>(level: KeyedLevel<State>, batch: Batch): void {
  const rows = columnValues(columnOf(batch, rowName)) as readonly SpilledRow[];
  const places = columnOf(batch, placeName);
  assert(places.type === "float64", `places are ${places.type}`);
  for (const [at, [key, value, side]] of rows.entries()) {
    level.add(key, value, side, places.values[at]!);
  }
}
