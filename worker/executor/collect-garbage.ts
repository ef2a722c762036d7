// Keeps the garbage of a thread within bounds.
//
// V8 looks at garbage by how much comes of it, not by how much memory there is: buffers of batches that are not used any
// more may come to twice 64 MiB before they are gone, and kernels of WebAssembly that were given up likewise. Where that
// is more than what is reserved leaves, they are collected at once.

import { getHeapStatistics } from "node:v8";
import {
  executorThreadUsedBytes,
  garbageBytesMin,
  garbageShare,
} from "../../proto/limits/memory.ts";

export interface CollectorWorld {
  /** All that the thread's values and buffers take, garbage with them. */
  usedBytes(): number;
  /** Collects all garbage; what buffers took may show as free only some time later. */
  collect(): void;
}

/** Of this thread; undefined where the process was not started with `--expose-gc`. */
export function threadCollector(): CollectorWorld | undefined {
  const { gc } = globalThis;
  if (gc === undefined) return undefined;
  return {
    usedBytes: () => {
      const { total_heap_size, external_memory, malloced_memory } = getHeapStatistics();
      return total_heap_size + external_memory + malloced_memory;
    },
    collect: () => void gc(),
  };
}

/** Answers what is to be called after every batch, with the bytes that are reserved for rows. */
export function garbageBound({ usedBytes, collect }: CollectorWorld): (reserved: number) => void {
  let leftBytes = 0;
  return (reserved) => {
    const used = usedBytes();
    leftBytes = Math.min(leftBytes, used);
    const isNew = used > leftBytes + Math.max(garbageBytesMin, garbageShare * leftBytes);
    if (!isNew || used <= reserved + executorThreadUsedBytes) return;
    collect();
    // Not what is used now: buffers are given back by another thread of V8 in a while, and then it shows.
    leftBytes = used;
  };
}
