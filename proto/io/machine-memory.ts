// The memory of this machine, and what an executor process may use of it.

import { totalmem } from "node:os";
import { executorMemoryShare } from "../limits/memory.ts";

/** Of the machine, or of the container that this process runs in. */
function machineBytes(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  const total = totalmem();
  return constrained > 0 && constrained < total ? constrained : total;
}

/** Of an executor whose operator does not say. */
export function defaultMemoryBytes(): number {
  return Math.floor(machineBytes() * executorMemoryShare);
}
