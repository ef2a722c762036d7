// Kernels of a thread that wait for their next use: new memory costs more than what most calls do with it (as long as
// three copies, on one machine). WebAssembly memory never shrinks, so that what waits is bounded by all kinds together.

import { keptKernelsBytesMax, keptKernelsBytesMin, keptKernelsShare } from "../limits/memory.ts";
import { instantiate } from "./wasm-module.ts";

interface AnyKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
}

interface Waiting {
  readonly shelf: object;
  readonly kernel: AnyKernel;
  readonly bytes: number;
}

let bytesMax = keptKernelsBytesMin;
/** Of all kinds, the one given back last at the end. */
const waiting: Waiting[] = [];

/** Where executors have much memory, more stays. `limitBytes`: of all operators of the process. */
export function keepKernels(limitBytes: number): void {
  const share = Math.floor(limitBytes / keptKernelsShare);
  bytesMax = Math.min(Math.max(share, keptKernelsBytesMin), keptKernelsBytesMax);
}

/** What waits now, in bytes. */
export function keptKernelsBytes(): number {
  return waiting.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Kernels of one kind. */
export class KernelShelf<Kernel extends AnyKernel> {
  private readonly wasmBase64: string;

  constructor(wasmBase64: string) {
    this.wasmBase64 = wasmBase64;
  }

  /** One for the caller alone, until it is given back; its memory holds what the last user left. */
  take(): Kernel {
    const at = waiting.findLastIndex(({ shelf }) => shelf === this);
    if (at < 0) return instantiate<Kernel>(this.wasmBase64);
    const [found] = waiting.splice(at, 1);
    return found!.kernel as Kernel;
  }

  /** Kept while there is room: one alone may have half of it, and those unused for longest make way. */
  give(kernel: Kernel): void {
    const bytes = kernel.memory.buffer.byteLength;
    if (bytes > bytesMax / 2) return;
    waiting.push({ shelf: this, kernel, bytes });
    let all = keptKernelsBytes();
    while (all > bytesMax) all -= waiting.shift()!.bytes;
  }
}
