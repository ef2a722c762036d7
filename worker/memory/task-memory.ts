// The memory of one task, divided among its operators: each may always have a little, and more while there is some.

import { assert, EngineError } from "../../proto/errors.ts";
import { spillBytesPerTaskMax, spillFilesPerTaskMax } from "../../proto/limits/memory.ts";
import type { SharedBudget } from "./shared-budget.ts";
import type { SpillFile, SpillFiles } from "./spill-files.ts";

/** What one operator may hold of rows, and where the rest goes. Bytes are those of buffers, counted. */
export interface OperatorMemory {
  /** Reserved now. */
  readonly bytes: number;
  /** What it can always have, whatever other operators and tasks do; the same on every attempt with such a worker. */
  readonly ownBytes: number;
  /** What it could have in all at this moment: its own part, and what nobody else has. */
  readonly reachBytes: number;
  /** Of the heap of JavaScript values of the whole thread. */
  readonly heapBytesMax: number;
  /** Asks for so many bytes in all. False, with nothing changed, where they cannot be had: then spill. */
  resize(bytes: number): boolean;
  /** As `resize`, where spilling cannot help: `what` is too large, such as "one group of rows". */
  demand(bytes: number, what: string): void;
  createSpillFile(): SpillFile;
  /** Another reservation for the same operator, of which nothing is kept for it. */
  beside(): OperatorMemory;
}

export interface TaskMemoryWorld {
  readonly budget: SharedBudget;
  /** Of the executor; the task that runs there has it alone. */
  readonly slot: number;
  readonly files: SpillFiles;
  /** Of the thread; without a bound where not set. */
  readonly heapBytes?: number;
  /** Keeps the garbage of the thread within bounds: told what the task may have now, whenever that may have changed. */
  readonly collectAbove?: (reservedBytes: number) => void;
  /** After each write to a spill file. Between two batches a sort may merge all that it wrote, which takes minutes. */
  readonly onSpill?: () => void;
}

/** A share of it is for the operators one by one, so that none can take it all. */
const keptShare = 2;

export class TaskMemory {
  private readonly world: TaskMemoryWorld;
  private readonly partition: number;
  private readonly operators: Operator[] = [];
  private readonly openFiles = new Set<SpillFile>();
  private readonly floorBytes: number;
  private commonBytes = 0;
  private peakBytes = 0;
  /** The most that all reservations of a label had at a time. */
  private readonly labelPeaks = new Map<string, number>();
  /** What was written to spill files in all. */
  spilledBytes = 0;

  /** `operators`: how many of the task hold rows. */
  constructor(world: TaskMemoryWorld, partition: number, operators: number) {
    this.world = world;
    this.partition = partition;
    const { ownBytes } = world.budget;
    this.floorBytes = Math.floor(ownBytes / (keptShare * Math.max(operators, 1)));
  }

  get heapBytes(): number {
    return this.world.heapBytes ?? Number.POSITIVE_INFINITY;
  }

  operator(label: string): OperatorMemory {
    return this.open(label, this.floorBytes);
  }

  open(label: string, floorBytes: number): OperatorMemory {
    const operator = new Operator(this, label, floorBytes);
    this.operators.push(operator);
    return operator;
  }

  /** Counting for each operator at least what is kept for it. */
  private chargedBytes(changed?: Operator, bytes = 0): number {
    let sum = 0;
    for (const operator of this.operators) {
      sum += Math.max(operator === changed ? bytes : operator.bytes, operator.floorBytes);
    }
    return sum;
  }

  resize(operator: Operator, bytes: number): boolean {
    const { budget, slot } = this.world;
    const wanted = Math.max(0, this.chargedBytes(operator, bytes) - budget.ownBytes);
    const more = wanted - this.commonBytes;
    if (more !== 0 && !budget.take(slot, more)) return false;
    this.commonBytes = wanted;
    operator.bytes = bytes;
    const { label } = operator;
    let held = 0;
    let labelled = 0;
    for (const other of this.operators) {
      held += other.bytes;
      if (other.label === label) labelled += other.bytes;
    }
    this.peakBytes = Math.max(this.peakBytes, held);
    this.collect();
    this.labelPeaks.set(label, Math.max(this.labelPeaks.get(label) ?? 0, labelled));
    return true;
  }

  /** Collects garbage where there is too much of it beside what is reserved: to be called after every batch. */
  collect(): void {
    const { budget, collectAbove } = this.world;
    collectAbove?.(budget.ownBytes + this.commonBytes);
  }

  /** The most that the operator of this label had reserved. */
  peakOf(label: string): number {
    return this.labelPeaks.get(label) ?? 0;
  }

  reachOf(operator: Operator): number {
    const { budget } = this.world;
    const others = this.chargedBytes(operator, 0) - operator.floorBytes;
    const all = budget.ownBytes + this.commonBytes + Math.max(budget.freeBytes, 0);
    return Math.max(all - others, operator.floorBytes);
  }

  exceeded(operator: Operator, bytes: number, what: string): EngineError {
    const { label } = operator;
    const { partition } = this;
    const limitBytes = this.reachOf(operator);
    const peakBytes = Math.max(this.peakBytes, bytes);
    return new EngineError(
      "MEMORY_EXCEEDED",
      `${label} of task ${partition} needs ${bytes} bytes for ${what}, of ${limitBytes} that it may have (peak of the ` +
        `task, with these: ${peakBytes}); give the worker more with --memory, or fewer --threads`,
      { operator: label, partition, limitBytes, peakBytes },
    );
  }

  createFile(operator: Operator): SpillFile {
    if (this.openFiles.size >= spillFilesPerTaskMax) {
      throw this.spillLimit(operator, `${spillFilesPerTaskMax} spill files at a time`);
    }
    const file = this.world.files.create();
    const counted: SpillFile = {
      get bytes() {
        return file.bytes;
      },
      append: (pieces) => {
        let bytes = 0;
        for (const piece of pieces) bytes += piece.length;
        if (this.openBytes() + bytes > spillBytesPerTaskMax) {
          throw this.spillLimit(operator, `${spillBytesPerTaskMax} bytes in spill files`);
        }
        file.append(pieces);
        this.spilledBytes += bytes;
        this.collect();
        this.world.onSpill?.();
      },
      read: (offsetBytes, into) => file.read(offsetBytes, into),
      close: () => {
        if (this.openFiles.delete(counted)) file.close();
      },
    };
    this.openFiles.add(counted);
    return counted;
  }

  private openBytes(): number {
    let bytes = 0;
    for (const file of this.openFiles) bytes += file.bytes;
    return bytes;
  }

  private spillLimit({ label }: Operator, bound: string): EngineError {
    const message = `${label} of task ${this.partition} would pass the bound of ${bound}; use more partitions`;
    return new EngineError("LIMIT_EXCEEDED", message, {
      operator: label,
      partition: this.partition,
      limitBytes: spillBytesPerTaskMax,
    });
  }

  /** Gives all of it back, files too. */
  close(): void {
    for (const file of [...this.openFiles]) file.close();
    this.world.budget.release(this.world.slot);
    this.commonBytes = 0;
    this.operators.length = 0;
  }
}

class Operator implements OperatorMemory {
  bytes = 0;
  readonly label: string;
  /** Always its own. */
  readonly floorBytes: number;
  private readonly task: TaskMemory;

  constructor(task: TaskMemory, label: string, floorBytes: number) {
    this.task = task;
    this.label = label;
    this.floorBytes = floorBytes;
  }

  get ownBytes(): number {
    return this.floorBytes;
  }

  get reachBytes(): number {
    return this.task.reachOf(this);
  }

  get heapBytesMax(): number {
    return this.task.heapBytes;
  }

  resize(bytes: number): boolean {
    assert(bytes >= 0, `${this.label} asks for ${bytes} bytes`);
    return bytes === this.bytes || this.task.resize(this, bytes);
  }

  demand(bytes: number, what: string): void {
    if (!this.resize(bytes)) throw this.task.exceeded(this, bytes, what);
  }

  createSpillFile(): SpillFile {
    return this.task.createFile(this);
  }

  beside(): OperatorMemory {
    return this.task.open(this.label, 0);
  }
}
