// The hash that guards shuffle blocks: XXH64 in WebAssembly, chained over pieces of 64 KiB.
//
// CRC32C by table takes 3 ns for each eight bytes, which was more than all else that a shuffle did with them.

import { wasmBase64 } from "./generated/block-hash-wasm.ts";
import { instantiate } from "./wasm-module.ts";

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  input(): number;
  begin(): void;
  absorb(length: number): void;
  lower(): number;
  upper(): number;
}

const pieceBytes = 64 * 1024;

let kernel: Kernel | undefined;
let piece = new Uint8Array(0);

function opened(): Kernel {
  if (kernel !== undefined) return kernel;
  kernel = instantiate<Kernel>(wasmBase64);
  piece = new Uint8Array(kernel.memory.buffer, kernel.input(), pieceBytes);
  return kernel;
}

/** Copies the bytes of all parts through the kernel; how they are cut into parts does not matter. */
function absorbAll(parts: Iterable<Uint8Array>): Kernel {
  const hash = opened();
  hash.begin();
  let filled = 0;
  for (const part of parts) {
    for (let from = 0; from < part.length; ) {
      const length = Math.min(pieceBytes - filled, part.length - from);
      piece.set(part.subarray(from, from + length), filled);
      filled += length;
      from += length;
      if (filled < pieceBytes) break;
      hash.absorb(pieceBytes);
      filled = 0;
    }
  }
  if (filled > 0) hash.absorb(filled);
  return hash;
}

/** 32 bits of the hash of all bytes in order, unsigned. */
export function blockHash32(parts: Iterable<Uint8Array>): number {
  return absorbAll(parts).lower() >>> 0;
}

/** All 64 bits as hexadecimal digits: XXH64 with seed 0, where there are at most 64 KiB, and at least one byte. */
export function blockHashText(parts: Iterable<Uint8Array>): string {
  const hash = absorbAll(parts);
  const half = (value: number) => (value >>> 0).toString(16).padStart(8, "0");
  return half(hash.upper()) + half(hash.lower());
}
