// Codes into a dictionary out of runs and packed bits, by a WebAssembly kernel.

import { EngineError } from "../errors.ts";
import { wasmBase64 } from "./generated/dictionary-codes-wasm.ts";
import { KernelShelf } from "./kept-kernels.ts";

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reserve(bytes: number): number;
  readCodes(
    from: number,
    length: number,
    width: number,
    to: number,
    count: number,
    codesEnd: number,
  ): number;
}

/** The kernel loads and stores whole groups, of which the last may go this far beyond. */
const slackBytes = 64;
/** Above it sizes would wrap around. */
const addressMax = 2 ** 31;
const endsEarly = -1;

const shelf = new KernelShelf<Kernel>(wasmBase64);

export type CodesProblem = "ends early" | "outside the dictionary";

/**
 * Fills `out` with codes of `width` bits, 1 to 32, from `bytes`; each has to be below `codesEnd`. Answers what is wrong
 * with the bytes, if anything is.
 */
export function readCodes(
  bytes: Uint8Array,
  width: number,
  codesEnd: number,
  out: Int32Array,
): CodesProblem | undefined {
  const kernel = shelf.take();
  const count = out.length;
  // Codes begin at a multiple of four, as views of them do.
  const inBytes = (bytes.length + slackBytes + 7) & ~7;
  const bytesNeeded = inBytes + 4 * count + slackBytes;
  // Addresses come out of WebAssembly as signed numbers.
  const from = bytesNeeded > addressMax ? 0 : kernel.reserve(bytesNeeded) >>> 0;
  if (from === 0) {
    throw new EngineError("LIMIT_EXCEEDED", `a page of ${count} codes is too large to be unpacked`);
  }
  new Uint8Array(kernel.memory.buffer, from, bytes.length).set(bytes);
  const to = from + inBytes;
  const read = kernel.readCodes(from, bytes.length, width, to, count, codesEnd);
  const { buffer } = kernel.memory;
  shelf.give(kernel);
  if (read < 0) return read === endsEarly ? "ends early" : "outside the dictionary";
  out.set(new Int32Array(buffer, to, count));
  return undefined;
}
