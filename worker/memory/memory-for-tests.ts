// For tests: memory of a task with a small budget, and spill files that are arrays.

import { ledgerBytes, SharedBudget } from "./shared-budget.ts";
import type { SpillFile, SpillFiles } from "./spill-files.ts";
import { type OperatorMemory, TaskMemory } from "./task-memory.ts";

export class ArraySpillFiles implements SpillFiles {
  open = 0;
  created = 0;

  create(): SpillFile {
    let bytes = Buffer.alloc(0);
    this.open++;
    this.created++;
    return {
      get bytes() {
        return bytes.length;
      },
      append: (pieces) => {
        bytes = Buffer.concat([bytes, ...pieces]);
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

export function taskMemoryOf(
  limitBytes: number,
  files: SpillFiles = new ArraySpillFiles(),
  heapBytes = Number.POSITIVE_INFINITY,
) {
  const slots = 1;
  const ledger = new ArrayBuffer(ledgerBytes(slots));
  const budget = new SharedBudget(ledger, { limitBytes, slots });
  return new TaskMemory({ budget, slot: 0, files, heapBytes }, 0, 1);
}

/** The memory of an operator that has the task for itself. */
export function operatorMemoryOf(limitBytes = 2 ** 40, files?: SpillFiles): OperatorMemory {
  return taskMemoryOf(limitBytes, files).operator("test#1");
}
