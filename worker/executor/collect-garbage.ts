// Keeps the garbage of a thread within bounds.
//
// V8 looks at garbage by how much comes of it, not by how much memory there is: buffers of batches that are not used any
// more may come to twice 64 MiB before they are gone, and kernels of WebAssembly that were given up likewise. Where that
// is more than what is reserved leaves, they are collected at once.
//
// Between two batches most buffers of the one before the last are not used any more. So young values are collected there.
// V8 itself does so in the middle of a batch, where much is used and so grows old, and then marks the whole heap again
// and again, for each 64 MiB of buffers that did.

import { getHeapStatistics } from "node:v8";
import {
  executorThreadUsedBytes,
  garbageBytesMin,
  garbageShare,
  youngGarbageBytes,
} from "../../proto/limits/memory.ts";

/** Garbage among them. */
export interface UsedBytes {
  /** All that the thread's values and buffers take. */
  readonly all: number;
  /** Of buffers alone. */
  readonly buffers: number;
}

export interface CollectorWorld {
  used(): UsedBytes;
  /** Collects all garbage; what buffers took may show as free only some time later. */
  collect(): void;
  /** Collects garbage that is not old; likewise. */
  collectYoung(): void;
}

/** Of this thread; undefined where the process was not started with `--expose-gc`. */
export function threadCollector(): CollectorWorld | undefined {
  const { gc } = globalThis;
  if (gc === undefined) return undefined;
  return {
    used: () => {
      const { total_heap_size, external_memory, malloced_memory } = getHeapStatistics();
      return { all: total_heap_size + external_memory + malloced_memory, buffers: external_memory };
    },
    collect: () => void gc(),
    collectYoung: () => void gc({ type: "minor" }),
  };
}

/** Answers what is to be called after every batch, with the bytes that are reserved for rows. */
export function garbageBound(world: CollectorWorld): (reserved: number) => void {
  let leftBytes = 0;
  let leftBuffers = 0;
  return (reserved) => {
    const { all, buffers } = world.used();
    leftBytes = Math.min(leftBytes, all);
    leftBuffers = Math.min(leftBuffers, buffers);
    // Not what is used after either: buffers are given back by another thread of V8 in a while, and then it shows.
    const isNew = all > leftBytes + Math.max(garbageBytesMin, garbageShare * leftBytes);
    if (isNew && all > reserved + executorThreadUsedBytes) {
      world.collect();
      leftBytes = all;
      leftBuffers = buffers;
    } else if (buffers > leftBuffers + youngGarbageBytes) {
      world.collectYoung();
      leftBuffers = buffers;
    }
  };
}
