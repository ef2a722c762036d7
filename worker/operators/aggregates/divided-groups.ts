// Groups divided by their keys into tables that each fit a cache, and of which those that do not fit into
// memory lie in a spill file until the end.

import type { Batch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import { EngineError } from "../../../proto/errors.ts";
import {
  batchRowsMax,
  dividedHeldBytesMax,
  dividedHeldBytesMin,
  dividedRowsHeld,
  groupDivisionsDeepMax,
} from "../../../proto/limits.ts";
import { batchSignature } from "../../kernels/columns/batch-signature.ts";
import { columnOf } from "../../kernels/columns/concat.ts";
import { divideRows } from "../../kernels/columns/divide-rows.ts";
import { sliceBatch } from "../../kernels/columns/gather.ts";
import { batchBytes } from "../../memory/batch-bytes.ts";
import { SpilledBatches, type SpilledBlock } from "../../memory/spilled-batches.ts";
import type { OperatorMemory } from "../../memory/task-memory.ts";
import { type DivisionOf, divisionBits, divisionByHash, divisionByRange } from "./division.ts";
import { Groups, type GroupsProgram, keepsValues } from "./groups.ts";
import { StateSums } from "./state-sums.ts";

/** Rows that wait are joined, and picked by division, texts from and into the memory of a kernel: five times their bytes. */
const copiesOfHeld = 5;
/** More groups than this share of their rows are not worth their table: it has to be written anyway. */
const hardlyReducedShare = 0.5;

/** Groups are made when the first comes: most divisions of few groups stay empty. */
class Division {
  /** States of groups that were in memory before, oldest first. */
  blocks: SpilledBlock[] = [];
  /** Whether rows go into the file as they come: a table that had to be spilled hardly made fewer of them. */
  passesRows = false;
  private made: Groups | undefined;
  private readonly make: () => Groups;

  constructor(make: () => Groups) {
    this.make = make;
  }

  get groups(): Groups {
    this.made ??= this.make();
    return this.made;
  }

  /** States of all groups so far, of which none are left. */
  takeStates(): Batch {
    const { groups } = this;
    this.passesRows ||= groups.size > groups.rows * hardlyReducedShare;
    return groups.takeStates();
  }

  get size(): number {
    return this.made?.size ?? 0;
  }

  get bytes(): number {
    return this.made?.bytes ?? 0;
  }
}

export class DividedGroups {
  private readonly program: GroupsProgram;
  private readonly memory: OperatorMemory;
  /** How often the groups were divided before, each time by another hash. */
  private readonly depth: number;
  private readonly divisions: readonly Division[];
  private readonly spilled: { file: SpilledBatches | undefined };
  /** Instead of tables, as long as all states are sums by whole numbers. */
  private sums: StateSums | undefined;
  private held: Batch[] = [];
  private divisionOf: DivisionOf | undefined;
  private signature = "";
  private heldRows = 0;
  /** What they take while they are divided. */
  private heldBytes = 0;
  private readonly heldBytesMax: number;

  /** `firstKeys`: those of the first batch of all; the first that is added where it is not set. */
  constructor(
    program: GroupsProgram,
    memory: OperatorMemory,
    firstKeys?: readonly Column[],
    depth = 0,
    spilled: { file: SpilledBatches | undefined } = { file: undefined },
  ) {
    this.program = program;
    this.memory = memory;
    this.depth = depth;
    if (firstKeys !== undefined) this.divisionOf = chooseDivision(firstKeys, depth);
    this.spilled = spilled;
    const own = Math.max(memory.ownBytes, dividedHeldBytesMin);
    this.heldBytesMax = Math.min(own, dividedHeldBytesMax);
    this.sums = StateSums.of(program, 1 << divisionBits);
    const kind = keepsValues(program) ? "partial" : "last";
    const make = () => new Groups(program, kind);
    this.divisions = Array.from({ length: 1 << divisionBits }, () => new Division(make));
  }

  /** States of groups, as `takeStates` and `RowStates` make them. */
  add(states: Batch): void {
    // Of the first batch alone: how many are held until they are divided depends on the memory, and the order must not.
    if (states.rows > 0) this.divisionOf ??= chooseDivision(this.keysOf(states), this.depth);
    const bytes = copiesOfHeld * batchBytes(states);
    const pieces = Math.ceil(bytes / this.heldBytesMax);
    const rows = Math.max(1, Math.ceil(states.rows / pieces));
    for (let start = 0; start < states.rows; start += rows) {
      this.addPiece(sliceBatch(states, start, Math.min(start + rows, states.rows)));
    }
  }

  private addPiece(states: Batch): void {
    // Lists of several types would become JSON, which no aggregate takes for its state.
    const signature = batchSignature(states);
    if (signature !== this.signature) this.divide();
    this.signature = signature;
    this.held.push(states);
    this.heldRows += states.rows;
    this.heldBytes += copiesOfHeld * batchBytes(states);
    const bytes = this.bytes;
    const isMuch = this.heldRows >= dividedRowsHeld || this.heldBytes >= this.heldBytesMax;
    if (!this.memory.resize(bytes) || isMuch) this.divide();
  }

  private divide(): void {
    if (this.heldRows === 0) return;
    this.makeRoom(0);
    const { held } = this;
    this.held = [];
    this.heldRows = 0;
    const places = held.map((batch) => this.divisionOf!(this.keysOf(batch), batch.rows));
    if (this.sums?.add(held, places) !== true) {
      this.leaveSums();
      for (const [at, rows] of divideRows(held, places, this.divisions.length)) {
        const division = this.divisions[at]!;
        if (division.passesRows) this.spill(division, rows);
        else division.groups.addStates(rows);
      }
    }
    this.heldBytes = 0;
    this.reserve(0);
  }

  /** Moves what was summed into tables. */
  private leaveSums(): void {
    const { sums } = this;
    if (sums === undefined) return;
    this.sums = undefined;
    for (const [at, division] of this.divisions.entries()) {
      if (sums.size(at) > 0) division.groups.addStates(sums.takeStates(at));
    }
    sums.close();
  }

  private sizeOf(at: number): number {
    return this.sums?.size(at) ?? this.divisions[at]!.size;
  }

  private bytesOf(at: number): number {
    return this.divisions[at]!.bytes + (this.sums?.bytes(at) ?? 0);
  }

  /** Of all divisions, and of what waits for being divided. */
  private get bytes(): number {
    return this.divisions.reduce((sum, _, at) => sum + this.bytesOf(at), this.heldBytes);
  }

  /** Spills divisions from `from` on until what is held fits; answers whether it does. */
  private makeRoom(from: number): boolean {
    const bytes = this.divisions.map((_, at) => this.bytesOf(at));
    let all = bytes.reduce((sum, own) => sum + own, this.heldBytes);
    while (!this.memory.resize(all)) {
      if (this.sums !== undefined) {
        this.spillSums(this.sums);
        bytes.fill(0);
        all = this.heldBytes;
        continue;
      }
      let largest = from;
      for (let at = from; at < bytes.length; at++) if (bytes[at]! > bytes[largest]!) largest = at;
      if ((bytes[largest] ?? 0) === 0) return false;
      this.spill(this.divisions[largest]!);
      all -= bytes[largest]!;
      bytes[largest] = 0;
    }
    return true;
  }

  private keysOf(states: Batch): readonly Column[] {
    return this.program.keys.map(({ name }) => columnOf(states, name));
  }

  /** Makes the reservation what is held; spills divisions from `from` on until it fits. */
  private reserve(from: number): void {
    if (this.makeRoom(from)) return;
    this.memory.demand(this.bytes, "groups of one hash");
  }

  /** All of them, and goes on in tables: memory of a kernel is given back as a whole. */
  private spillSums(sums: StateSums): void {
    this.sums = undefined;
    for (const [at, division] of this.divisions.entries()) {
      if (sums.size(at) > 0) this.spill(division, sums.takeStates(at));
    }
    sums.close();
  }

  private spill(division: Division, states = division.takeStates()): void {
    this.spilled.file ??= new SpilledBatches(this.memory.createSpillFile());
    for (let start = 0; start < states.rows; start += batchRowsMax) {
      const piece = sliceBatch(states, start, Math.min(start + batchRowsMax, states.rows));
      division.blocks.push(this.spilled.file.write(piece));
    }
  }

  /** Results of all groups, a batch for each division; to be asked for once, in the end. */
  *results(): Iterable<Batch> {
    this.divide();
    for (const [at, division] of this.divisions.entries()) {
      if (division.blocks.length > 0) yield* this.merged(at, division);
      else if (this.sizeOf(at) > 0) {
        yield this.sums?.takeResults(at) ?? division.groups.takeResults();
      }
      this.reserve(at + 1);
    }
    this.sums?.close();
    if (this.depth === 0) this.spilled.file?.close();
  }

  /** Of a division with blocks in the file: these first, so that groups come in the order in which they came. */
  private *merged(at: number, division: Division): Iterable<Batch> {
    if (division.size > 0) this.spill(division);
    const { groups } = division;
    const { blocks } = division;
    division.blocks = [];
    for (const [number, block] of blocks.entries()) {
      groups.addStates(this.spilled.file!.read(block));
      if (this.fits(at)) continue;
      return yield* this.dividedAgain(groups, blocks.slice(number + 1));
    }
    yield groups.takeResults();
  }

  /** Whether the groups of this division fit, once those behind it are in the file. */
  private fits(at: number): boolean {
    const { groups } = this.divisions[at]!;
    try {
      this.reserve(at + 1);
      return true;
    } catch (thrown) {
      const isFull = thrown instanceof EngineError && thrown.code === "MEMORY_EXCEEDED";
      if (!isFull || this.depth + 1 >= groupDivisionsDeepMax || groups.size === 1) throw thrown;
      return false;
    }
  }

  private *dividedAgain(groups: Groups, blocks: readonly SpilledBlock[]): Iterable<Batch> {
    const { program, memory, depth, spilled } = this;
    const again = new DividedGroups(program, memory, undefined, depth + 1, spilled);
    for (const piece of pieces(groups.takeStates())) again.add(piece);
    for (const block of blocks) again.add(spilled.file!.read(block));
    yield* again.results();
  }
}

function chooseDivision(keys: readonly Column[], depth: number): DivisionOf {
  return (depth === 0 ? divisionByRange(keys) : undefined) ?? divisionByHash(depth);
}

function* pieces(batch: Batch): Iterable<Batch> {
  for (let start = 0; start < batch.rows; start += batchRowsMax) {
    yield sliceBatch(batch, start, Math.min(start + batchRowsMax, batch.rows));
  }
}
