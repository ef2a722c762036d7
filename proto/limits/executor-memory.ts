// What of the memory of an executor process operators may hold in rows, what its threads get, and how little is too little.

import { assert, EngineError } from "../errors.ts";
import {
  executorBaseBytes,
  executorRowsBytesMin,
  executorThreadBytes,
  executorThreadHeapMiB,
  executorThreadHeapMiBMin,
  executorYoungMiBMax,
  executorYoungMiBMin,
  executorYoungShare,
} from "./memory.ts";

const mebibyte = 1024 * 1024;
const inMiB = (bytes: number): string => `${Math.ceil(bytes / mebibyte)} MiB`;

/** Without which an executor of so many threads could hold no rows. */
export function leastMemoryBytes(threads: number): number {
  return executorBaseBytes + threads * (executorThreadBytes + executorRowsBytesMin);
}

/** As many of `threads` as there is memory for, but one at least. */
export function threadsWithin(memoryBytes: number, threads: number): number {
  const perThread = leastMemoryBytes(1) - leastMemoryBytes(0);
  const fitting = Math.floor((memoryBytes - leastMemoryBytes(0)) / perThread);
  return Math.max(1, Math.min(threads, fitting));
}

/** Throws USAGE where so many threads need more than they are given. */
export function checkMemory(memoryBytes: number, threads: number): void {
  const least = leastMemoryBytes(threads);
  if (memoryBytes >= least) return;
  const fitting = threadsWithin(memoryBytes, threads);
  const fewer = fitting < threads ? `, or --threads ${fitting}` : "";
  throw new EngineError(
    "USAGE",
    `an executor with ${threads} ${threads === 1 ? "thread" : "threads"} needs ${inMiB(least)} of memory at least, ` +
      `and may use ${Math.floor(memoryBytes / mebibyte)} MiB: ${inMiB(executorBaseBytes)} for the program, and for ` +
      `each thread ${inMiB(executorThreadBytes)} for batches on their way and ${inMiB(executorRowsBytesMin)} for ` +
      `rows that steps hold; use --memory ${inMiB(least).replace(" ", "")}${fewer}`,
    { limitBytes: memoryBytes },
  );
}

/** What is left for rows when the program itself and the batches on their way through each thread have theirs. */
export function operatorBytes(memoryBytes: number, threads: number): number {
  const left = memoryBytes - executorBaseBytes - threads * executorThreadBytes;
  assert(left > 0, `${memoryBytes} bytes are too few for ${threads} threads`);
  return left;
}

/** The heap of a thread where nobody chose it: all heaps together are no larger than the memory of the process. */
export function threadHeapMiB(memoryBytes: number, threads: number): number {
  const share = Math.floor(memoryBytes / threads / mebibyte);
  return Math.max(executorThreadHeapMiBMin, Math.min(share, executorThreadHeapMiB));
}

/** Of a thread, for V8: garbage of young values is collected the sooner the less memory there is. */
export function threadYoungMiB(memoryBytes: number, threads: number): number {
  const share = Math.floor(memoryBytes / threads / executorYoungShare / mebibyte);
  return Math.max(executorYoungMiBMin, Math.min(share, executorYoungMiBMax));
}
