// The WebAssembly kernel of loops that divide rows (divide-rows.as.ts), one for each thread, and its memory.

import { KernelShelf } from "../../../proto/kernels/kept-kernels.ts";
import { wasmBase64 } from "../generated/divide-rows-wasm.ts";

export interface DivideKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reach(end: number): number | boolean;
  hashInts(values: number, rows: number, first: number, words: number, hashes: number): void;
  hashLongs(values: number, rows: number, first: number, words: number, hashes: number): void;
  keysOf(at: number, count: number, areDoubles: boolean, flip: boolean): void;
  ranges(
    values: number,
    rows: number,
    areDoubles: boolean,
    flip: boolean,
    bounds: number,
    boundCount: number,
    parts: number,
  ): number;
  hashTexts(
    bytes: number,
    offsets: number,
    rows: number,
    first: number,
    words: number,
    hashes: number,
  ): void;
  place(parts: number, rows: number, partCount: number, ends: number, places: number): void;
  order(places: number, rows: number, to: number): void;
  scatter4(from: number, places: number, rows: number, to: number): void;
  scatter8(from: number, places: number, rows: number, to: number): void;
  scatter16(from: number, places: number, rows: number, to: number): void;
  placeLengths(offsets: number, places: number, rows: number, lengths: number): void;
  beginnings(lengths: number, rows: number): void;
  scatterTexts(
    bytes: number,
    offsets: number,
    places: number,
    rows: number,
    starts: number,
    to: number,
  ): void;
}

/** Its own data ends below. */
const firstPlace = 4096;
/** Rows are read four at a time, of up to eight bytes each. */
const slackBytes = 64;
/** Addresses are numbers of 32 bits; the last page is left alone. */
const placesEnd = 0xffff_0000;

const shelf = new KernelShelf<DivideKernel>(wasmBase64);

/**
 * Runs `work` with a place in the kernel's memory for each of the lengths in bytes; undefined where there is no room for
 * all of them. Views of the memory are valid within `work` only, which must not call for the kernel again.
 */
export function withDivideKernel<Answer>(
  lengths: readonly number[],
  work: (kernel: DivideKernel, places: readonly number[]) => Answer,
): Answer | undefined {
  let end = firstPlace;
  const places = lengths.map((length) => {
    const place = end;
    end = Math.ceil((place + length + slackBytes) / 16) * 16;
    return place;
  });
  if (end > placesEnd) return undefined;
  const kernel = shelf.take();
  const answer = kernel.reach(end) ? work(kernel, places) : undefined;
  shelf.give(kernel);
  return answer;
}

/** A copy of numbers of 32 bits that lie in the kernel's memory. */
export function copyOfInts(kernel: DivideKernel, place: number, count: number): Int32Array {
  return new Int32Array(kernel.memory.buffer, place, count).slice();
}
