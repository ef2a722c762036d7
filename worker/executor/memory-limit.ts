// How much memory an executor process may use, and how much of it operators may hold in rows.

import { totalmem } from "node:os";
import {
  executorBaseBytes,
  executorMemoryShare,
  executorThreadBytes,
} from "../../proto/limits/memory.ts";

/** Of the machine, or of the container that this process runs in. */
function machineBytes(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  const total = totalmem();
  return constrained > 0 && constrained < total ? constrained : total;
}

export function defaultMemoryBytes(): number {
  return Math.floor(machineBytes() * executorMemoryShare);
}

/** What is left when the program itself and the batches on their way through each thread have theirs. */
export function operatorBytes(memoryBytes: number, slots: number): number {
  const left = memoryBytes - executorBaseBytes - slots * executorThreadBytes;
  return Math.max(left, Math.floor(memoryBytes / 8));
}
