// How much memory each of a thread's WebAssembly kernels keeps between two steps.

import { kernelBytesKeptMax, kernelBytesKeptMin, kernelShare } from "../../proto/limits/memory.ts";

let bytes = kernelBytesKeptMin;

/**
 * Where executors have much memory, larger kernels stay: new memory costs more than what is done with it (as long as
 * three copies, on one machine). `limitBytes`: of all operators of the process.
 */
export function keepKernels(limitBytes: number): void {
  const share = Math.floor(limitBytes / kernelShare);
  bytes = Math.min(Math.max(share, kernelBytesKeptMin), kernelBytesKeptMax);
}

/** Memory of a kernel never shrinks: one with more than so many bytes is given up after its use. */
export function kernelBytesKept(): number {
  return bytes;
}
