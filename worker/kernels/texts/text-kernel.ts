// The WebAssembly kernel of loops over bytes of texts (text-loops.as.ts), one for each thread, and its memory.

import { KernelShelf } from "../../../proto/kernels/kept-kernels.ts";
import { wasmBase64 } from "../generated/text-loops-wasm.ts";

export interface TextKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reach(end: number): number | boolean;
  cut(from: number, length: number, to: number, offsets: number): number;
  wasAscii(): number | boolean;
  join(bytes: number, offsets: number, rows: number, to: number): number;
  split(
    bytes: number,
    offsets: number,
    valid: number,
    rows: number,
    separator: number,
    separatorBytes: number,
    to: number,
    parts: number,
    lists: number,
  ): number;
  runs(
    bytes: number,
    offsets: number,
    valid: number,
    rows: number,
    lows: number,
    to: number,
    parts: number,
    lists: number,
    others: number,
  ): number;
  measure(rows: number, count: number, offsets: number, out: number): number;
  gather(
    rows: number,
    count: number,
    offsets: number,
    bytes: number,
    to: number,
    asLines: boolean,
  ): void;
}

/** Its own data ends below; more than it reads before the place of a text. */
const firstPlace = 64 * 1024;
/** Loops read and write beyond the end of what they were given: so many bytes at most. */
export const slackBytes = 128;
/** Addresses are numbers of 32 bits; the last page is left alone. */
const placesEnd = 0xffff_0000;

const shelf = new KernelShelf<TextKernel>(wasmBase64);

/** Where each of the lengths in bytes has room from `first` on, and where the last one ends. */
export function placesOf(lengths: readonly number[], first = firstPlace) {
  let end = first;
  const places = lengths.map((length) => {
    const place = end;
    end = Math.ceil((place + length + slackBytes) / 16) * 16;
    return place;
  });
  return { places, end };
}

/** The kernel of this thread with memory up to `end`, for the caller alone until given back; undefined without memory. */
export function takeTextKernel(end: number): TextKernel | undefined {
  if (end > placesEnd) return undefined;
  const kernel = shelf.take();
  if (kernel.reach(end)) return kernel;
  giveTextKernel(kernel);
  return undefined;
}

export function giveTextKernel(kernel: TextKernel): void {
  shelf.give(kernel);
}

/**
 * Runs `work` with a place in the kernel's memory for each of the lengths; undefined where there is no room for all of
 * them. Views of the memory are valid within `work` only.
 */
export function withTextKernel<Answer>(
  lengths: readonly number[],
  work: (kernel: TextKernel, places: readonly number[]) => Answer,
): Answer | undefined {
  const { places, end } = placesOf(lengths);
  const kernel = takeTextKernel(end);
  if (kernel === undefined) return undefined;
  const answer = work(kernel, places);
  giveTextKernel(kernel);
  return answer;
}

/** A copy of numbers of 32 bits that lie in the kernel's memory. */
export function intsOf(kernel: TextKernel, place: number, count: number): Int32Array {
  return new Int32Array(kernel.memory.buffer, place, count).slice();
}

/** A copy of bytes that lie in the kernel's memory. */
export function bytesOf(kernel: TextKernel, place: number, count: number): Uint8Array {
  return new Uint8Array(kernel.memory.buffer, place, count).slice();
}

export function putInts(kernel: TextKernel, place: number, values: Int32Array | Uint32Array): void {
  new Uint32Array(kernel.memory.buffer, place, values.length).set(values);
}

export function putBytes(kernel: TextKernel, place: number, bytes: Uint8Array): void {
  new Uint8Array(kernel.memory.buffer, place, bytes.length).set(bytes);
}
