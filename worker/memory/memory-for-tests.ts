// For tests: memory of a task with a small budget, and spill files that are arrays.

import { ledgerBytes, SharedBudget } from "./shared-budget.ts";
import type { SpillFile, SpillFiles } from "./spill-files.ts";
import { type OperatorMemory, TaskMemory } from "./task-memory.ts";

export class ArraySpillFiles implements SpillFiles {
  open = 0;
  created = 0;
  writtenBytes = 0;
  /** How often something was written. */
  writes = 0;

  create(): SpillFile {
    let bytes = new Uint8Array(1024);
    let length = 0;
    this.open++;
    this.created++;
    return {
      get bytes() {
        return length;
      },
      append: (pieces) => {
        this.writes++;
        for (const piece of pieces) {
          if (length + piece.length > bytes.length) {
            const more = new Uint8Array(2 * (length + piece.length));
            more.set(bytes);
            bytes = more;
          }
          bytes.set(piece, length);
          length += piece.length;
          this.writtenBytes += piece.length;
        }
      },
      read: (offsetBytes, into) => {
        into.set(bytes.subarray(offsetBytes, offsetBytes + into.length));
      },
      close: () => {
        this.open--;
      },
    };
  }
}

/** A budget of one slot that notes the most that was taken of it. */
export class WatchedBudget extends SharedBudget {
  peakBytes = 0;

  constructor(limitBytes: number) {
    super(new ArrayBuffer(ledgerBytes(1)), { limitBytes, slots: 1 });
  }

  override take(slot: number, bytes: number): boolean {
    const isTaken = super.take(slot, bytes);
    this.peakBytes = Math.max(this.peakBytes, this.ownBytes + this.commonBytes - this.freeBytes);
    return isTaken;
  }
}

export function taskMemoryOf(
  limitBytes: number,
  files: SpillFiles = new ArraySpillFiles(),
  heapBytes = Number.POSITIVE_INFINITY,
) {
  const budget = new WatchedBudget(limitBytes);
  return new TaskMemory({ budget, slot: 0, files, heapBytes }, 0, 1);
}

/** The memory of an operator that has the task for itself. */
export function operatorMemoryOf(limitBytes = 2 ** 40, files?: SpillFiles): OperatorMemory {
  return taskMemoryOf(limitBytes, files).operator("test#1");
}
