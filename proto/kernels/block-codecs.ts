// Snappy and LZ4 blocks, packed and unpacked by a WebAssembly kernel.
//
// A native module would be faster, but has to be built for each platform.

import { EngineError } from "../errors.ts";
import { wasmBase64 } from "./generated/block-codecs-wasm.ts";
import { KernelShelf } from "./kept-kernels.ts";

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reserve(bytes: number): number;
  snappyUnpack(from: number, length: number, to: number, size: number): number;
  lz4Unpack(from: number, length: number, to: number, size: number): number;
  snappyPack(from: number, length: number, to: number): number;
}

/** The kernel may write this much too far. */
const slackBytes = 64;

const shelf = new KernelShelf<Kernel>(wasmBase64);

/** What `step` made of the parts end to end, in the kernel's memory: valid until the next call. */
function runInPlace(
  parts: readonly Uint8Array[],
  outBytes: number,
  step: (kernel: Kernel, from: number, to: number) => number,
): Uint8Array | undefined {
  const kernel = shelf.take();
  const inBytes = parts.reduce((sum, part) => sum + part.length, slackBytes);
  // Addresses come out of WebAssembly as signed numbers.
  const from = kernel.reserve(inBytes + outBytes + slackBytes) >>> 0;
  if (from === 0) {
    const message = `a block of ${outBytes} bytes is too large to be packed or unpacked`;
    throw new EngineError("LIMIT_EXCEEDED", message);
  }
  const memory = new Uint8Array(kernel.memory.buffer, from, inBytes);
  let at = 0;
  for (const part of parts) {
    memory.set(part, at);
    at += part.length;
  }
  const to = from + inBytes;
  const written = step(kernel, from, to);
  const { buffer } = kernel.memory;
  shelf.give(kernel);
  return written < 0 ? undefined : new Uint8Array(buffer, to, written);
}

/** Undefined where the block is damaged or does not hold `size` bytes. */
export function unpackSnappy(bytes: Uint8Array, size: number): Uint8Array | undefined {
  return lendUnpackedSnappy(bytes, size)?.slice();
}

/** As `unpackSnappy`, but not copied: valid until anything here is called again. */
export function lendUnpackedSnappy(bytes: Uint8Array, size: number): Uint8Array | undefined {
  const out = runInPlace([bytes], size, (kernel, from, to) =>
    kernel.snappyUnpack(from, bytes.length, to, size),
  );
  return out?.length === size ? out : undefined;
}

/** Undefined where the block is damaged or does not hold `size` bytes. */
export function unpackLz4(bytes: Uint8Array, size: number): Uint8Array | undefined {
  const out = runInPlace([bytes], size, (kernel, from, to) =>
    kernel.lz4Unpack(from, bytes.length, to, size),
  );
  return out?.length === size ? out.slice() : undefined;
}

/** The parts end to end as one block. */
export function packSnappy(...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const bound = 32 + length + Math.ceil(length / 6);
  const out = runInPlace(parts, bound, (kernel, from, to) => kernel.snappyPack(from, length, to));
  if (out !== undefined) return out.slice();
  throw new EngineError("INTERNAL", `${length} bytes could not be packed`);
}
